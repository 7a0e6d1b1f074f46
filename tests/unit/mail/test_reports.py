"""Delivery reports: the standard ones, the prose ones, what only looks like one, and whatever a stranger sends."""

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.mail.reports import ANSWER_MAX, MOST_IDS, Report, read_report
from tests.support import reports

ID = "<176.1.42@fleurs.example>"


def test_a_standard_report() -> None:
    for headers_only in (False, True):
        assert read_report(reports.standard(ID, headers_only=headers_only)) == Report(
            "failed", (ID,), "5.1.1", "550 5.1.1 <zoe@example.com>: Recipient address rejected: User unknown"
        )


@pytest.mark.parametrize(
    ("raw", "action", "status", "answer"),
    [
        (reports.standard(ID, action="delayed", status="4.4.1", diagnostic="smtp; 450 later"), "delayed", "4.4.1", "450 later"),
        (reports.standard(ID, action="FAILED", status="5.0.0 (unknown)", diagnostic=""), "failed", "5.0.0", ""),
        (reports.standard(ID, action="failed", status="4.4.7", diagnostic="X-Unix; expired"), "failed", "4.4.7", "expired"),
        (reports.qmail(ID), "failed", "5.1.1", "Sorry, no mailbox here by that name. (#5.1.1)"),
        (reports.exim(ID), "failed", "", "550 No such user here"),
        (reports.html_only(ID), "failed", "5.4.1", "Remote server returned '550 5.4.1 Recipient address rejected'"),
    ],
)  # fmt: skip
def test_what_is_told(raw: bytes, action: str, status: str, answer: str) -> None:
    found = read_report(raw)
    assert found is not None
    assert (found.action, found.status) == (action, status)
    assert ID in found.message_ids
    assert answer in found.answer


def test_a_warning_in_prose_is_a_delay() -> None:
    found = read_report(reports.exim(ID, warning=True))
    assert found is not None
    assert found.action == "delayed"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0",
        b"hello",
        reports.holiday(ID),
        reports.receipt(ID),
        reports.standard(ID, action="delivered", status="2.0.0"),
        reports.standard(ID, action="relayed", status="2.0.0"),
        reports.standard("no id at all"),
        reports.RETURNED.format(id=ID).encode(),
        f"From: zoe@example.com\nIn-Reply-To: {ID}\n\nIt came back with 550 5.1.1, could not be delivered".encode(),
        f"From: mailer-daemon@x\nReferences: {ID}\n\nHello".encode(),
    ],
)
def test_what_is_no_report(raw: bytes) -> None:
    assert read_report(raw) is None


def test_the_recipients_of_a_group_that_failed_count_before_those_that_are_late() -> None:
    raw = reports.standard(ID, action="delayed", status="4.4.1").replace(
        b"Original-Recipient", b"Action: delayed\n\nFinal-Recipient: rfc822; x@y.example\nAction: failed\nStatus: 5.2.2\n\nX-Other"
    )  # fmt: skip
    found = read_report(raw)
    assert found is not None
    assert (found.action, found.status) == ("failed", "5.2.2")


def test_the_returned_message_is_the_one_and_not_what_else_is_named() -> None:
    raw = reports.standard(ID).replace(b"Auto-Submitted", b"References: <other@x.example>\nAuto-Submitted")
    found = read_report(raw)
    assert found is not None
    assert found.message_ids == (ID,)


def test_what_is_quoted_is_inert() -> None:
    words = "smtp; 550 \x1b[31m\u202eevil\u2028<script>\ud800".encode("utf-8", "surrogatepass").decode(
        "latin-1"
    )
    found = read_report(reports.standard(ID, diagnostic=words + "x" * 1000))
    assert found is not None
    assert found.answer.isprintable()
    assert len(found.answer) <= ANSWER_MAX


def test_a_report_cut_off_in_the_returned_message_is_read_all_the_same() -> None:
    raw = reports.standard(ID)
    found = read_report(raw[: raw.index(b"Bonjour")])
    assert found is not None
    assert found.message_ids == (ID,)


pieces = st.sampled_from(
    [part for raw in (reports.standard(ID), reports.qmail(ID), reports.html_only(ID)) for part in raw.splitlines(keepends=True)]
    + [b"Content-Type: multipart/mixed; boundary=\n", b"=?utf-8?b?", b"\xff\xfe\0", b"(" * 50, b"<a@b>\n", b"\n\n", b"--=b\n"]
)  # fmt: skip
garbage = st.one_of(st.binary(max_size=400), st.lists(pieces, max_size=60).map(b"".join))


@given(garbage)
def test_garbage_raises_nothing_and_says_little(raw: bytes) -> None:
    found = read_report(raw)
    if found is not None:
        assert found.message_ids
        assert len(found.message_ids) <= MOST_IDS
        assert len(found.answer) <= ANSWER_MAX
        assert found.answer == "" or found.answer.isprintable()
        assert found.status == "" or found.status[0] in "245"


def _nested(depth: int) -> bytes:
    heads = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(depth))
    return b"From: mailer-daemon@x\n" + heads


@pytest.mark.parametrize(
    "make",
    [
        lambda: _nested(5_000),
        lambda: b"From: " + b"(" * 500_000,
        lambda: b"From: mailer-daemon@x\n\n" + b"<" * 500_000,
        lambda: b"From: mailer-daemon@x\nContent-Type: text/html\n\n" + b"<a " * 160_000,
        lambda: b"From: mailer-daemon@x\n\n" + b"5.1." * 120_000,
        lambda: b"From: mailer-daemon@x\n\n" + b"<a@" * 160_000,
        lambda: b"From: mailer-daemon@x\n\n" + b"return " * 70_000,
        lambda: b"a:b\n" * 120_000,
    ],
)
def test_a_hostile_message_takes_no_long_time(make: Callable[[], bytes]) -> None:
    begun = time.process_time()
    read_report(make())
    assert time.process_time() - begun < 10
