"""Who has a right on one account sees, adds and changes payout files of that account only."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from services.access import WORKER, Actor, NotAllowed
from services.desk import Desk
from services.imports import (
    background,
    file_accounts,
    files,
    reading,
)
from services.imports.corrections import corrections, held_correction_views, held_corrections
from services.imports.errors import FileKnown
from services.imports.previews import preview_process
from services.imports.previews.preview import Preview
from services.imports.previews.preview_process import PreviewJob, PreviewRefused
from services.imports.received import fetch_requests, fetch_schedule
from services.imports.received.fetch_schedule import Automatic
from services.settlements.dialect import Chosen
from services.settlements.untrusted_file import UntrustedFile
from tests.support.desk import person
from tests.support.payouts import csv

SHOP = {"name": "Shop", "environment": "production", "login": "l", "password": "p", "passphrase": "s"}

pytestmark = pytest.mark.desk(accounts={"shop": SHOP, "outlet": {**SHOP, "name": "Outlet"}})


@pytest.fixture
def finance(desk: Desk) -> Actor:
    return person(desk, "finance", account="shop")


def sale(order: str, account: str = "") -> str:
    return f"{account};77;T-{order};{order};10.00;EUR;;;;;Sale;10.00;EUR;F-{order};2026-11-20"


def receive(desk: Desk, actor: Actor, account: str, *lines: str) -> int:
    return files.receive(desk, actor, account, f"{account}.csv", BytesIO(csv(*lines)))


def test_lists_show_the_files_of_the_allowed_accounts(desk: Desk, finance: Actor) -> None:
    receive(desk, WORKER, "shop", sale("A-1"))
    receive(desk, WORKER, "outlet", sale("B-1"))
    receive(desk, WORKER, "shop", sale("C-1", "shop"), sale("C-2", "outlet"))
    assert [file.account for file in files.running(desk, finance)] == ["shop", "shop"]
    background.work_off(desk)
    assert [file.accounts for file in files.files(desk, finance)] == [[["", "shop", 1]]]
    assert len(files.files(desk, person(desk, "finance", email="all@example.com"))) == 3


def test_a_file_with_rows_that_nobody_has_assigned_needs_the_right_on_all_accounts(
    desk: Desk, finance: Actor
) -> None:
    file = receive(desk, finance, "shop", sale("A-1", "900"))
    background.work_off(desk)
    assert files.running(desk, finance) == []
    with pytest.raises(NotAllowed):
        files.cancel(desk, finance, file)
    everywhere = person(desk, "finance", email="all@example.com")
    assert [one.failure for one in files.running(desk, everywhere)] == ["file_account_unknown"]
    files.cancel(desk, everywhere, file)


def test_rows_are_booked_only_to_accounts_that_whoever_added_the_file_may_reconcile(
    desk: Desk, finance: Actor
) -> None:
    file = receive(desk, finance, "shop", sale("A-1", "shop"), sale("B-1", "outlet"))
    background.work_off(desk)
    everywhere = person(desk, "finance", email="all@example.com")
    assert [one.failure for one in files.running(desk, everywhere)] == ["not_allowed"]
    with pytest.raises(NotAllowed):
        files.retry(desk, finance, file)
    files.retry(desk, everywhere, file)
    background.work_off(desk)
    assert [one.id for one in files.files(desk, everywhere)] == [file]


ON_A_FILE: list[Callable[[Desk, Actor, int], object]] = [
    files.cancel,
    files.retry,
    lambda desk, actor, file: files.original(desk, actor, file).__enter__(),
    corrections.of_file,
    held_correction_views.of_file,
    lambda desk, actor, file: held_corrections.decide(desk, actor, file, [1], "taken", "right"),
    lambda desk, actor, file: held_corrections.undo(desk, actor, file, [1], "wrong"),
]


@pytest.mark.parametrize("act", ON_A_FILE)
def test_a_file_of_another_account_is_refused(
    desk: Desk, finance: Actor, act: Callable[[Desk, Actor, int], object]
) -> None:
    file = receive(desk, WORKER, "outlet", sale("B-1"))
    with pytest.raises(NotAllowed):
        act(desk, finance, file)


ON_AN_ACCOUNT: list[Callable[[Desk, Actor, str], object]] = [
    lambda desk, actor, account: receive(desk, actor, account, sale("A-1")),
    lambda desk, actor, account: fetch_requests.request_fetch(desk, actor, account, "key"),
    fetch_requests.read_fetching,
    lambda desk, actor, account: file_accounts.assign(desk, actor, "900", account),
    lambda desk, actor, account: reading.remember(desk, actor, account, Chosen(decimal=",")),
]


@pytest.mark.parametrize("act", ON_AN_ACCOUNT)
def test_only_the_account_of_the_right_is_acted_on(
    desk: Desk, finance: Actor, act: Callable[[Desk, Actor, str], object]
) -> None:
    act(desk, finance, "shop")
    with pytest.raises(NotAllowed):
        act(desk, finance, "outlet")


def test_the_schedule_is_the_account_s_admin_s(desk: Desk) -> None:
    admin = person(desk, "admin", account="shop")
    fetch_schedule.save(desk, admin, "shop", Automatic(on=False))
    with pytest.raises(NotAllowed):
        fetch_schedule.save(desk, admin, "outlet", Automatic(on=False))


def test_an_account_of_a_file_is_moved_by_who_has_the_right_on_both(desk: Desk, finance: Actor) -> None:
    everywhere = person(desk, "finance", email="all@example.com")
    file_accounts.assign(desk, everywhere, "900", "outlet")
    assert file_accounts.file_accounts(desk, finance) == {}
    with pytest.raises(NotAllowed):
        file_accounts.assign(desk, finance, "900", "shop")
    file_accounts.assign(desk, everywhere, "900", "shop")
    assert file_accounts.file_accounts(desk, finance) == {"900": "shop"}


def preview_or_refusal(desk: Desk, actor: Actor, raw: bytes, folder: Path) -> Preview | PreviewRefused:
    found = preview_process.begin(desk, actor, "shop", UntrustedFile(raw, folder / "sheets"), None)
    assert not isinstance(found, PreviewJob)
    return found


@pytest.mark.parametrize("cell", ["", "900"])
def test_a_preview_compares_with_the_lines_of_the_allowed_accounts_only(
    desk: Desk, finance: Actor, tmp_path: Path, cell: str
) -> None:
    receive(desk, WORKER, "outlet", sale("B-1"), sale("B-2"))
    background.work_off(desk)
    changed = sale("B-2", cell).replace("10.00", "11.00")
    found = preview_or_refusal(desk, finance, csv(sale("B-1", cell), changed), tmp_path)
    assert isinstance(found, Preview)
    assert (found.new, found.known, found.changed, found.held) == (2, 0, 0, 0)
    assert (found.issues, found.stored, found.imported) == ((), (), False)


def test_a_preview_of_rows_of_another_account_is_refused_before_that_account_s_reading_is_used(
    desk: Desk, finance: Actor, tmp_path: Path
) -> None:
    reading.remember(desk, WORKER, "outlet", Chosen(decimal=","))
    found = preview_or_refusal(desk, finance, csv(sale("B-1", "outlet")), tmp_path)
    assert isinstance(found, PreviewRefused)
    assert (found.code, found.account, found.questions) == ("not_allowed", "", ())
    with pytest.raises(NotAllowed):
        reading.remembered_reading(desk, finance, "outlet")


def test_a_file_that_another_account_has_already_is_refused_without_its_name_and_account(
    desk: Desk, finance: Actor, tmp_path: Path
) -> None:
    receive(desk, WORKER, "outlet", sale("B-1"))
    background.work_off(desk)
    found = preview_or_refusal(desk, finance, csv(sale("B-1")), tmp_path)
    assert isinstance(found, Preview)
    assert (found.imported, found.known) == (True, 0)
    with pytest.raises(FileKnown) as refused:
        files.receive(desk, finance, "shop", "mine.csv", BytesIO(csv(sale("B-1"))))
    assert (refused.value.code, refused.value.fields()) == ("file_known", {"name": "mine.csv"})
