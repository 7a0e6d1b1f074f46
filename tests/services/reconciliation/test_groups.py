"""What the first screen counts is what reconciliation counts: to do, waiting, nothing to do."""

from datetime import timedelta

import pytest

from services import clock
from services.access import Actor
from services.desk import Desk
from services.reconciliation.decisions import acceptances, payout_acceptances, questions
from services.reconciliation.decisions.payout_acceptances import figures
from services.reconciliation.decisions.questions import Subject
from services.reconciliation.matching import positions
from services.reconciliation.views import details, lists
from services.reconciliation.views.groups import Groups, groups
from services.store.payouts import rows
from services.store.settlements.outcomes import OPEN
from tests.support.desk import person
from tests.support.orders import store_paid_order
from tests.support.payout_lines import import_lines, line, line_id, payout_id


def counted(found: Groups) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    to_do, waiting, done = (
        {one.state or one.kind: one.count for one in items}
        for items in (found.to_do, found.waiting, found.done)
    )
    return to_do, waiting, done


def payout(settlement: str, *amounts: str, announced: str) -> list[str]:
    """The rows of a payout: a sale of each amount to the order of this name, and its payout line."""
    sales = [line(f"{settlement}-{amount}", amount) for amount in amounts]
    rows_ = [*sales, line("", announced, operation="Settlement", transaction="")]
    return [row.replace("1;77;", f"1;{settlement};") for row in rows_]


def matched(desk: Desk, *names: str) -> None:
    for name in names:
        store_paid_order(desk, name, name.rpartition("-")[2])


def accepted(desk: Desk, actor: Actor, number: int, kind: str, **more: object) -> None:
    with desk.store.read() as tx:
        row = rows.get(tx, number)
    assert row is not None
    payout_acceptances.accept(desk, actor, number, kind, figures(row), "why", f"k-{number}", **more)


def test_a_payout_that_differs_is_to_do_until_somebody_deals_with_it(desk: Desk, finance: Actor) -> None:
    matched(desk, "A-5556.67", "B-10.00")
    import_lines(desk, *payout("A", "5556.67", announced="3786.17"), *payout("B", "10.00", announced="10.00"))
    found = groups(desk, finance)
    assert counted(found) == ({"differs": 1}, {}, {"tied": 1, "matched": 2})
    assert not found.clear

    number = payout_id(desk, "A")
    questions.ask(desk, finance, Subject(payout=number), person(desk, "finance").id, "why?", "q1")
    assert counted(groups(desk, finance))[:2] == ({}, {"payouts_asked": 1})
    assert groups(desk, finance).clear
    [asked] = questions.of_subject(desk, finance, Subject(payout=number))
    questions.answer(desk, finance, asked.id, "nobody knows", "a1")
    assert counted(groups(desk, finance))[0] == {"differs": 1}

    accepted(desk, finance, number, "claim", reference="C-1", day=clock.now().date())
    assert counted(groups(desk, finance)) == ({}, {"claimed": 1}, {"tied": 1, "matched": 2})
    [one] = payout_acceptances.of_payout(desk, finance, number)
    payout_acceptances.undo(desk, finance, number, "refused", shown=one.id)
    assert not groups(desk, finance).clear


@pytest.mark.parametrize("kind", ["timing", "our_error"])
def test_an_accepted_difference_that_is_no_claim_is_done(desk: Desk, finance: Actor, kind: str) -> None:
    matched(desk, "A-10.00")
    import_lines(desk, *payout("A", "10.00", announced="9.00"))
    accepted(desk, finance, payout_id(desk, "A"), kind)
    assert counted(groups(desk, finance)) == ({}, {}, {"accepted": 1, "matched": 1})


def test_an_open_line_of_any_kind_is_to_do_and_waits_while_a_colleague_is_asked(
    desk: Desk, finance: Actor
) -> None:
    rows_ = payout("A", "10.00", announced="9.40")
    fee = line("ELSEWHERE", "-0.60", operation="Fixed fee", transaction="T-x").replace("1;77;", "1;A;")
    import_lines(desk, *rows_, fee)
    figures_now = lists.figures(desk, finance)
    assert counted(groups(desk, finance))[0] == {"lines": figures_now.lines(*OPEN)} == {"lines": 2}
    colleague = person(desk, "finance")
    subject = Subject(line=line_id(desk, "ELSEWHERE", "Fixed fee"))
    questions.ask(desk, finance, subject, colleague.id, "whose?", "q1")
    assert counted(groups(desk, finance))[:2] == ({"lines": 1}, {"lines_asked": 1})


def test_a_chargeback_is_to_do_until_somebody_takes_it(desk: Desk, finance: Actor) -> None:
    order = store_paid_order(desk, "A-10.00", "10.00")
    back = line("A-10.00", "-10.00", operation="Chargeback").replace("1;77;", "1;A;")
    import_lines(desk, *payout("A", "10.00", announced="0.00"), back)
    assert counted(groups(desk, finance))[0] == {"chargebacks": 1}
    shown = positions.figures(dict(vars_of(desk, finance, order)))
    acceptances.accept(desk, finance, order, shown, "answered in HiPay's console", "k1")
    assert counted(groups(desk, finance))[0] == {}


def vars_of(desk: Desk, finance: Actor, order: int) -> dict[str, object]:
    row = details.order(desk, finance, order).order
    return {name: getattr(row, name) for name in row.__dataclass_fields__}


def test_a_payment_waits_for_its_payout_and_is_to_do_once_it_is_late(desk: Desk, finance: Actor) -> None:
    matched(desk, "A-10.00")
    order = store_paid_order(desk, "N-1", "1.50")
    import_lines(desk, *payout("A", "10.00", announced="10.00"))
    with desk.store.write() as tx:
        positions.refresh(tx, [order])
    found = groups(desk, finance)
    assert counted(found)[:2] == ({}, {"in_no_payout": 1})
    assert dict(found.waiting[0].units) == {"EUR": 1_5000}
    assert found.clear
    clock.use(lambda: timedelta(days=11))
    found = groups(desk, finance)
    assert counted(found)[:2] == ({"late": lists.figures(desk, finance).late}, {})
    assert not found.clear
