"""A mail that kills its reader: recorded before it is read, skipped after two deaths and named; those after it are read."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from pydantic import SecretStr
from sqlalchemy import Row

from pages.components.alarm_words import alarm_words
from services import clock, parsing
from services.access import Actor
from services.demo.drain import drain
from services.desk import Desk
from services.i18n import translator
from services.mail import reports
from services.orders import bounces, create, history
from services.store import alarms
from tests.support import readers
from tests.support.drafts import draft
from tests.support.imap import Imap
from tests.support.reports import standard
from tests.support.sandbox import RunningSandbox

pytestmark = pytest.mark.desk(sandbox=True)


@pytest.fixture
def imap() -> Iterator[Imap]:
    with Imap() as running:
        yield running


@pytest.fixture
def desk(desk: Desk, imap: Imap, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(reports, "read_report", readers.report_or_death)
    return replace(desk, settings=desk.settings.model_copy(update={"imap_url": SecretStr(imap.url)}))


def returned(desk: Desk, actor: Actor, imap: Imap) -> int:
    """An order whose e-mail has come back, the report of it in the mailbox."""
    order_id = create.create(desk, actor, draft(), create.new_form_key())
    drain(desk)
    [message] = history.detail(desk, actor, order_id).messages
    imap.add(standard(str(message.message_id), recipient="elodie.marchand@example.com"))
    return order_id


def badge(desk: Desk, actor: Actor, order_id: int) -> str:
    return history.detail(desk, actor, order_id).badge


def skipped(desk: Desk) -> list[Row]:  # type: ignore[type-arg]
    with desk.store.read() as tx:
        return list(alarms.open_of_kinds(tx, ["mail_skipped"]).values())


def fetched(imap: Imap) -> list[int]:
    return [int(one.split()[2]) for one in imap.commands if one.startswith("UID FETCH")]


def test_it_is_tried_twice_then_skipped_and_named(desk: Desk, manager: Actor, imap: Imap) -> None:
    deadly = imap.add(b"Subject: x\n\ndeadly")
    order_id = returned(desk, manager, imap)
    bounces.read_mailbox(desk)
    assert (fetched(imap), skipped(desk)) == ([deadly], [])
    bounces.read_mailbox(desk)
    assert badge(desk, manager, order_id) == "bounced"
    [alarm] = skipped(desk)
    assert alarm.detail == {
        "host": "127.0.0.1",
        "folder": "INBOX",
        "uid": deadly,
        "validity": 7,
        "arrived": "2026-11-24T14:30:00+00:00",
    }
    for language, date in (("en", "24 Nov 2026, 14:30"), ("fr", "24 nov. 2026, 14:30")):
        happened, do, _ = alarm_words(
            alarm.kind, alarm.detail, alarm.opened_at, clock.now(), translator(language)
        )
        assert date in happened
        assert f"message {deadly} (UIDVALIDITY 7)" in do
    for _ in range(2):
        bounces.read_mailbox(desk)
    assert fetched(imap) == [deadly, deadly, deadly + 1]
    assert len(skipped(desk)) == 1


def test_numbers_given_anew_are_other_mails(desk: Desk, imap: Imap) -> None:
    imap.add(b"deadly")
    bounces.read_mailbox(desk)
    imap.validity = 8
    bounces.read_mailbox(desk)
    assert skipped(desk) == []
    bounces.read_mailbox(desk)
    assert [(one.detail["validity"], one.detail["uid"]) for one in skipped(desk)] == [(8, 1)]


def test_a_mail_that_another_worker_reads_is_left_alone_for_a_while(
    desk: Desk, manager: Actor, imap: Imap, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = returned(desk, manager, imap)

    def dies(*_: object, **__: object) -> None:
        raise SystemExit

    for worker_name in ("first", "second"):
        with monkeypatch.context() as there:
            there.setattr(bounces, "_OURS", worker_name)
            there.setattr(parsing, "run", dies)
            with pytest.raises(SystemExit):
                bounces.read_mailbox(desk)
        before = fetched(imap)
        bounces.read_mailbox(desk)  # it may still read
        assert (badge(desk, manager, order_id), skipped(desk)) == ("open", [])
        assert len(fetched(imap)) == len(before) + 1
        sandbox.control("clock", {"advance_seconds": 301})
    bounces.read_mailbox(desk)  # two have died of it
    assert [one.detail["uid"] for one in skipped(desk)] == [1]
    assert badge(desk, manager, order_id) == "open"


def test_a_reader_that_could_not_begin_is_not_counted_as_killed_by_the_mail(
    desk: Desk, manager: Actor, imap: Imap, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = returned(desk, manager, imap)

    def no_parent(*_: object, **__: object) -> None:
        raise parsing.ParsingDied("no parent")

    with monkeypatch.context() as there:
        there.setattr(parsing, "run", no_parent)
        for _ in range(3):
            bounces.read_mailbox(desk)
    assert skipped(desk) == []
    bounces.read_mailbox(desk)
    assert badge(desk, manager, order_id) == "bounced"
