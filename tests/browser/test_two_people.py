"""Two people at one list: what one has ticked or clicks is what is reached, whatever the other does meanwhile."""

import pytest
from playwright.sync_api import Locator, Page, expect

from services.orders import create
from tests.browser.conftest import OpenWindow
from tests.browser.installation import Installation
from tests.browser.windows import picture, settled
from tests.support.desk import person
from tests.support.drafts import draft
from tests.support.orders import store_paid_order
from tests.support.payout_lines import import_lines, line, outcomes
from tests.support.servers import ROOT

pytestmark = pytest.mark.browser
ARTEFACTS = ROOT / "artefacts"


def lines_of(installation: Installation, name: str, count: int) -> None:
    """A file of open lines NAME-1 … NAME-count, each of as many euros as its number."""
    with installation.desk() as desk:
        import_lines(desk, *(line(f"{name}-{number}", f"{number}.00") for number in range(1, count + 1)))


def left_out(installation: Installation, name: str) -> set[str]:
    with installation.desk() as desk:
        found = outcomes(desk)
    return {
        key.removesuffix(" Sale")
        for key, (outcome, _) in found.items()
        if key.startswith(name) and outcome == "excluded"
    }


def test_what_one_has_ticked_is_left_out_though_the_other_leaves_out_a_line_above(
    open_window: OpenWindow, installation: Installation
) -> None:
    lines_of(installation, "GHOST", 8)
    ours, theirs = open_window("en").new_page(), open_window("fr").new_page()
    for page in (ours, theirs):
        page.goto(f"{installation.dashboard}/reconciliation?find=GHOST")
        expect(cell(page, "GHOST-8")).to_be_attached()
    tick(ours, 2)  # GHOST-6
    tick(ours, 3)  # GHOST-5
    expect(ours.get_by_text("2 lines chosen")).to_be_visible()

    leave_out(theirs, 1, "Écarter")
    assert left_out(installation, "GHOST") == {"GHOST-7"}

    ours.get_by_role("button", name="Leave out").click()
    window = ours.get_by_role("dialog")
    expect(window.get_by_text("2 lines, €11.00 together")).to_be_visible()
    expect(window.get_by_text("GHOST-6")).to_be_visible()
    expect(window.get_by_text("GHOST-5")).to_be_visible()
    expect(window.get_by_text("GHOST-7")).to_have_count(0)
    picture(ours, ARTEFACTS / "two-people-leave-out.png")
    confirm(window, "Reason", "test payments", "Leave out")
    expect(ours.get_by_text("2 lines decided")).to_be_visible()
    assert left_out(installation, "GHOST") == {"GHOST-7", "GHOST-6", "GHOST-5"}


def test_a_ticked_line_that_the_other_decides_is_named_and_not_touched(
    open_window: OpenWindow, installation: Installation
) -> None:
    lines_of(installation, "WRAITH", 5)
    ours, theirs = open_window("fr").new_page(), open_window("en").new_page()
    for page in (ours, theirs):
        page.goto(f"{installation.dashboard}/reconciliation?find=WRAITH")
        expect(cell(page, "WRAITH-5")).to_be_attached()
    for row in (1, 2, 3):  # WRAITH-4, WRAITH-3, WRAITH-2
        tick(ours, row)
    expect(ours.get_by_text("3 lignes choisies")).to_be_visible()
    leave_out(theirs, 1, "Leave out")

    ours.get_by_role("button", name="Écarter").click()
    window = ours.get_by_role("dialog")
    expect(window.get_by_text("1 ligne a changé depuis son affichage")).to_be_visible()
    expect(window.get_by_text("WRAITH-4 : Exclue")).to_be_visible()
    expect(window.get_by_text("2 lignes, 5,00 € au total")).to_be_visible()
    picture(ours, ARTEFACTS / "two-people-changed.png")
    window.get_by_role("button", name="Retour").click()
    # nothing was done; the list has the two that are still there ticked, and says which has left it
    expect(ours.get_by_text("2 lignes choisies")).to_be_visible()
    expect(ours.get_by_text("1 ligne que vous aviez choisie a quitté cette liste")).to_be_visible()
    picture(ours, ARTEFACTS / "two-people-left.png")
    tick(ours, 3)  # WRAITH-1 stands fourth now: the third place has another row than before
    expect(ours.get_by_text("3 lignes choisies")).to_be_visible()
    ours.get_by_role("button", name="Écarter").click()
    for name in ("WRAITH-3", "WRAITH-2", "WRAITH-1"):
        expect(window.get_by_text(name)).to_be_visible()
    assert left_out(installation, "WRAITH") == {"WRAITH-4"}


def test_the_request_that_is_clicked_opens_though_a_new_one_comes_above_it(
    open_window: OpenWindow, installation: Installation
) -> None:
    for name in ("Conti", "Bauer"):
        installation.send(last_name=name, email=f"{name.lower()}@example.com", amount="20")
    page = open_window("en").new_page()
    page.goto(f"{installation.dashboard}/payment-requests")
    expect(cell(page, "Bauer")).to_be_attached()
    with installation.desk() as desk:  # a colleague's; the list on the screen does not have it yet
        wanted = draft(last_name="Arendt", email="arendt@example.com", amount="20")
        create.create(desk, person(desk, "manager"), wanted, create.new_form_key())
        open_row(page, 0)
    expect(page.get_by_role("heading", level=1, name="Élodie Bauer")).to_be_visible()
    page.get_by_role("button", name="All payment requests").click()
    # and once it has come
    expect(cell(page, "Arendt")).to_be_attached()
    open_row(page, 1)
    expect(page.get_by_role("heading", level=1, name="Élodie Bauer")).to_be_visible()


def test_matching_by_hand_shows_both_amounts_and_asks_why_they_differ(
    open_window: OpenWindow, installation: Installation
) -> None:
    with installation.desk() as desk:
        order = store_paid_order(desk, "MATCH-900", "90.00", customer="Durand")
        import_lines(desk, line("LOOSE-1", "100.00"))
    for language, act, search, differs in (
        (
            "fr",
            "Rattacher à une commande",
            "N° de commande, n° de facture, client ou montant",
            "10,00 € de plus que la commande",
        ),
        (
            "en",
            "Match to an order",
            "Order id, invoice number, customer or amount",
            "€10.00 more than the order",
        ),
    ):
        page = open_window(language).new_page()
        page.goto(f"{installation.dashboard}/reconciliation?find=LOOSE-1")
        expect(cell(page, "LOOSE-1")).to_be_attached()
        tick(page, 0)
        page.get_by_role("button", name=act).click()
        window = page.get_by_role("dialog")
        box = window.get_by_role("textbox", name=search)
        box.fill("MATCH-900")
        box.press("Enter")
        expect(window.get_by_text(differs)).to_be_visible()
        expect(window.get_by_role("button", name=act)).to_be_disabled()
        picture(page, ARTEFACTS / f"match-differs-{language}.png")
    confirm(window, "Reason", "the freight was added", "Match to an order")
    expect(page.get_by_text("1 line decided")).to_be_visible()
    with installation.desk() as desk:
        assert outcomes(desk)["LOOSE-1 Sale"] == ("matched", order)


def leave_out(page: Page, row: int, act: str) -> None:
    tick(page, row)
    page.get_by_role("button", name=act).click()
    window = page.get_by_role("dialog")
    confirm(window, "Motif" if act.startswith("Éc") else "Reason", "essai", act)


def confirm(window: Locator, label: str, why: str, act: str) -> None:
    reason = window.get_by_role("textbox", name=label)
    reason.fill(why)
    reason.press("Enter")
    window.get_by_role("button", name=act).click()
    expect(window).to_have_count(0)


def cell(page: Page, text: str) -> Locator:
    return page.locator("canvas td[role=gridcell]", has_text=text).first


def table(page: Page) -> Locator:
    found = page.get_by_test_id("stDataFrame").first
    found.scroll_into_view_if_needed()
    return found


def tick(page: Page, row: int) -> None:
    settled(page)
    table(page).click(position={"x": 20, "y": 35 * row + 53})
    settled(page)


def open_row(page: Page, row: int) -> None:
    table(page).click(position={"x": 20, "y": 40 * row + 55})
