"""Finance at a payout that differs: its difference is claimed, that is undone, a colleague is asked, and answers."""

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from services.reconciliation.decisions import questions
from services.reconciliation.decisions.questions import Subject
from services.store.schema.people import users
from tests.browser.conftest import OpenWindow
from tests.browser.installation import Installation
from tests.browser.windows import picture
from tests.support.desk import person
from tests.support.payout_lines import import_lines, line, payout_id
from tests.support.servers import ROOT

pytestmark = pytest.mark.browser
FOLDER = ROOT / "artefacts" / "payout-difference"


def payout(installation: Installation, settlement: str) -> str:
    """A payout whose line says €10.00 less than its sales; its address."""
    rows = (line("S-1"), line("S-2", "20.00"), line("", "20.00", operation="Settlement", transaction=""))
    with installation.desk() as desk:
        import_lines(desk, *(row.replace("1;77;", f"1;{settlement};") for row in rows))
    return f"{installation.dashboard}/payouts?payout_of=demo:{settlement}:EUR"


def fill(page: Page, label: str, text: str) -> None:
    field = page.get_by_role("dialog").get_by_role("textbox", name=label)
    field.fill(text)
    field.press("Tab")


def confirm(page: Page, label: str) -> None:
    window = page.get_by_role("dialog")
    window.get_by_role("button", name=label, exact=True).click()
    expect(window).to_have_count(0)


@pytest.mark.parametrize("width", [1280, 390])
def test_a_difference_is_claimed_and_undone_and_a_colleague_asked(
    open_window: OpenWindow, installation: Installation, width: int
) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    settlement = f"CLAIM{width}"
    address = payout(installation, settlement)
    page = open_window("en", width=width, height=900).new_page()
    page.goto(address)
    page.get_by_role("button", name="Accept the difference").click()
    window = page.get_by_role("dialog")
    window.get_by_text("Claim to HiPay", exact=True).click()
    fill(page, "HiPay's reference", "HP-4711")
    window.get_by_role("spinbutton").first.click()
    page.keyboard.type("20112026")
    window.get_by_text("What is the difference?").click()  # the calendar closes
    fill(page, "Reason (your colleagues will read it)", "two sales are paid once")
    expect(window.get_by_role("button", name="Accept", exact=True)).to_be_enabled()
    picture(page, FOLDER / f"accept-{width}.png")
    confirm(page, "Accept")
    expect(page.get_by_text("Claimed from HiPay on 20 Nov 2026, reference HP-4711.")).to_be_visible()
    picture(page, FOLDER / f"claimed-{width}.png")
    page.goto(installation.dashboard)
    expect(page.get_by_role("link", name="claimed from HiPay")).to_be_visible()

    page.goto(address)
    page.get_by_role("button", name="Undo the acceptance").click()
    fill(page, "Reason (your colleagues will read it)", "HiPay refuses")
    confirm(page, "Undo")
    expect(page.get_by_role("button", name="Accept the difference")).to_be_visible()

    with installation.desk() as desk:
        colleague = person(desk, "finance", name=f"Robin Petit {width}")
        me = desk_user(desk)
    page.goto(address)
    page.get_by_role("button", name="Ask a colleague").click()
    whom = page.get_by_role("combobox", name="Whom?")
    whom.fill(colleague.name)
    whom.press("Enter")
    fill(page, "Question", "Do you know what is missing?")
    picture(page, FOLDER / f"ask-{width}.png")
    confirm(page, "Ask")
    expect(page.get_by_text(f"Question to {colleague.name}").first).to_be_visible()
    picture(page, FOLDER / f"asked-{width}.png")

    with installation.desk() as desk:
        [asked] = questions.to_answer(desk, colleague)
        questions.answer(desk, colleague, asked.question.id, "The refund of last week", f"a-{width}")
        subject = Subject(payout=payout_id(desk, settlement))
        questions.ask(desk, colleague, subject, me, f"Shall I tell HiPay of {settlement}?", f"q-{width}")
    page.goto(address)
    page.get_by_text("Decisions and comments").click()
    expect(page.get_by_text("The refund of last week")).to_be_visible()
    picture(page, FOLDER / f"history-{width}.png")
    page.goto(installation.dashboard)
    expect(page.get_by_text(f"Shall I tell HiPay of {settlement}?")).to_be_visible()
    picture(page, FOLDER / f"to-do-{width}.png")
    cut = "[...document.querySelectorAll('[class*=st-key-payouts_] *')].filter(one => one.scrollWidth > one.clientWidth + 1 && one.clientWidth).map(one => one.innerText)"
    assert page.evaluate(cut) == []
    answer = page.get_by_role("button", name="Answer").first
    answer.focus()
    page.keyboard.press("Enter")  # by keyboard alone
    text = page.get_by_role("dialog").get_by_role("textbox", name="Answer")
    text.focus()
    page.keyboard.type("Yes, please")
    page.keyboard.press("Tab")
    send = page.get_by_role("dialog").get_by_role("button", name="Answer", exact=True)
    expect(send).to_be_enabled()
    send.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"Shall I tell HiPay of {settlement}?")).to_have_count(0)
    with installation.desk() as desk:
        assert all(one.answered for one in questions.of_subject(desk, colleague, subject))


def desk_user(desk: object) -> str:
    """The id of the person at the dashboard, who is its only local user."""
    with desk.store.read() as tx:
        return str(tx.scalar(select(users.c.id).where(users.c.issuer != "test").order_by(users.c.created_at)))
