"""A payout that the sandbox issues again without one of its lines: the three lists, the import, the withdrawn line, the payout."""

from io import BytesIO

import pytest
from playwright.sync_api import Page, expect

from sandbox.corrections import issue_again
from sandbox.files import Dialect, render
from services.access import SYSTEM, Actor
from services.desk import Desk
from services.i18n import translator
from services.imports import file_accounts, files
from services.reconciliation.views import payout_list
from services.store.settlements.files import settlement_files
from tests.browser.conftest import OpenWindow
from tests.browser.installation import Installation
from tests.browser.windows import picture, settled
from tests.sandbox.settling import movement, run
from tests.support.desk import person
from tests.support.servers import ROOT, until

pytestmark = pytest.mark.browser
FOLDER = ROOT / "artefacts" / "issued-again"
ACCOUNT = "1234567"
WIDER = "document.querySelector('[data-testid=stMain]').scrollWidth > innerWidth"


def receive(desk: Desk, finance: Actor, name: str, raw: bytes) -> int:
    """Leave the file to the installation's own worker, until it is imported."""
    file = files.receive(desk, finance, "demo", name, BytesIO(raw))
    until(lambda: imported(desk, file), 90, "the import")
    return file


def imported(desk: Desk, file: int) -> bool:
    with desk.store.read() as tx:
        found = settlement_files.get(tx, file)
    return found is not None and found.state == "complete" and found.follow_up is None


def state(desk: Desk, finance: Actor, settlement: str) -> tuple[str, int]:
    [found] = [one for one in payout_list.list_payouts(desk, finance) if one.settlement_id == settlement]
    return found.state, found.row.net_units


def looked_at(page: Page, name: str) -> None:
    settled(page)
    picture(page, FOLDER / f"{name}.png")
    assert not page.evaluate(WIDER)


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("fr", 390), ("fr", 1280), ("en", 390)])
def test_a_dropped_line_is_withdrawn_once_a_person_says_that_the_issue_is_the_newest(
    open_window: OpenWindow, installation: Installation, language: str, width: int
) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    t, name = translator(language), f"{language}-{width}"
    number = 70_000 + width + (language == "fr")
    movements = [
        movement(transaction=f"8{number}1", orderid=f"N-{name}-1"),
        movement(transaction=f"8{number}2", orderid=f"N-{name}-2", amount="55.00"),
    ]
    [first] = run(movements, first_id=number, account=ACCOUNT)
    again = issue_again(first, "dropped")
    with installation.desk() as desk:
        finance = person(desk, "finance")
        file_accounts.assign(desk, SYSTEM, ACCOUNT, "demo")
        file = receive(desk, finance, f"{number}.csv", render(first, ".csv", Dialect()))
    page = open_window(language, width=width, height=900).new_page()
    page.goto(f"{installation.dashboard}/payouts")
    settled(page)
    if not page.get_by_test_id("stFileUploaderDropzone").is_visible():  # folded once there is a file
        page.get_by_text(t("Add payout files")).click()
        expect(page.get_by_test_id("stFileUploaderDropzone")).to_be_visible()
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        {
            "name": f"{number}-again.csv",
            "mimeType": "text/csv",
            "buffer": render(again, ".csv", Dialect()),
        }
    )
    tabs = [t("Corrected: {count}", count=1), t("Withdrawn: {count}", count=1), t("New: {count}", count=0)]
    for label in tabs:
        expect(page.get_by_role("tab", name=label)).to_be_visible()
    looked_at(page, f"asked-{name}")
    page.get_by_role("tab", name=tabs[1]).click()
    looked_at(page, f"withdrawn-{name}")
    page.get_by_text(t("The newest issue: what is here is corrected")).click()
    expect(page.get_by_text(t("Other lines, no corrections"))).to_be_visible()
    looked_at(page, f"said-{name}")
    page.get_by_role("button", name=t.plural("Import {count} file", "Import {count} files", 1)).click()
    with installation.desk() as desk:
        until(lambda: imported(desk, file + 1), 90, "the import")
        paid = int(again.amount * 10_000)
        until(lambda: state(desk, finance, str(number)) == ("tied", paid), 90, "the payout's state")
    page.goto(f"{installation.dashboard}/payouts?show=files&file_of={file + 1}")
    expect(page.get_by_text(t("Lines that are withdrawn"), exact=True).first).to_be_visible()
    looked_at(page, f"file-{name}")
    page.goto(f"{installation.dashboard}/reconciliation?view=files&file={file}")
    page.get_by_text(t("Not the newest issue")).click()
    button = t("It is the newest issue of payout {payout}", payout=str(number))
    expect(page.get_by_role("button", name=button)).to_be_visible()
    looked_at(page, f"older-{name}")
    page.goto(f"{installation.dashboard}/payouts?payout_of=demo:{number}:EUR")
    looked_at(page, f"payout-{name}")
