"""What a match would join: the amounts of lines and order, their difference, and the order's payment."""

from collections.abc import Sequence

import streamlit as st

from pages.components.bullet_list import bullet_list
from pages.components.common import texts
from pages.components.decision_words import line_summary
from pages.components.facts import show_facts
from services.i18n import Translator
from services.money import format_money
from services.reconciliation.decisions.agreement import Agreement, agreement
from services.reconciliation.decisions.available import Line
from services.reconciliation.decisions.candidates import Candidate
from services.reconciliation.decisions.checks import Seen

_NAMED = 6  # orders, or lines, that are named one by one


def show(lines: Sequence[Line], found: Candidate) -> bool:
    """Show the lines and the order. True where their amounts differ."""
    t = texts()
    one = agreed(lines, found)
    label = t("The line") if len(lines) == 1 else t("The lines together")
    facts = [
        (label, _amount_of_lines(lines, one, t)),
        (
            t("Order {order_id}", order_id=found.order_id),
            format_money(found.amount, found.currency, t.locale),
        ),
    ]
    if one.compared or one.other_currency:
        facts.append((t("Difference"), difference(one, t)))
    show_facts([*facts, (t("Payment"), paid(found, t))])
    if one.differs:
        ask_why(t)
    return one.differs


def show_several(pairs: Sequence[tuple[Line, Candidate]]) -> bool:
    """Show each line and its suggested order, those that differ first. True where one differs."""
    t = texts()
    by_order: dict[int, list[Line]] = {}
    for line, found in pairs:
        by_order.setdefault(found.order, []).append(line)
    orders = {found.order: found for _, found in pairs}
    agreements = {order: agreed(lines, orders[order]) for order, lines in by_order.items()}
    rows = sorted(orders.values(), key=lambda found: not agreements[found.order].differs)
    items = [_in_one_line(by_order[found.order], found, agreements[found.order], t) for found in rows]
    bullet_list(items, _NAMED)
    differing = sum(one.differs for one in agreements.values())
    if differing:
        st.caption(
            t.plural(
                "{count} order differs from its line.", "{count} orders differ from their lines.", differing
            )
        )
        ask_why(t)
    return differing > 0


def agreed(lines: Sequence[Line], found: Candidate) -> Agreement:
    return agreement(
        [(line.kind, line.original, line.original_currency) for line in lines], found.amount, found.currency
    )


def seen(found: Sequence[Candidate]) -> Seen:
    """The amounts of these orders as they are shown, for the service to compare."""
    return {one.order: (one.amount, one.currency) for one in found}


def ask_why(t: Translator) -> None:
    st.warning(t("They differ: say below why they belong together."), icon=":material/difference:")


def difference(one: Agreement, t: Translator) -> str:
    if one.other_currency:
        return t("another currency: {line} and {order}", line=one.currency, order=one.ordered_currency)
    if one.difference is None:
        return t("not known: the line names no amount")
    if not one.difference:
        return t("none")
    amount = format_money(abs(one.difference), one.ordered_currency, t.locale)
    more = one.difference > 0
    return t("{amount} more than the order" if more else "{amount} less than the order", amount=amount)


def paid(found: Candidate, t: Translator) -> str:
    """What is known of the order's payment."""
    if found.paid == "settled":
        amount = format_money(found.gross, found.currency, t.locale)
        return t(
            "settled already: {amount} in payout {payouts}",
            amount=amount,
            payouts=found.settlement_ids or "—",
        )
    if found.paid == "paid":
        return t("paid: {amount} collected", amount=format_money(found.collected, found.currency, t.locale))
    return t("not known: an expected order") if found.paid == "awaited" else t("not paid")


def _amount_of_lines(lines: Sequence[Line], one: Agreement, t: Translator) -> str:
    if len(lines) == 1 and lines[0].original is not None:
        return format_money(lines[0].original, lines[0].original_currency, t.locale)
    if one.units is not None and len(one.currencies) == 1:
        return format_money(one.units, one.currency, t.locale)
    return (
        t("no original amount")
        if len(lines) == 1
        else ", ".join(line_summary(line, t) for line in lines[:_NAMED])
    )


def _in_one_line(lines: Sequence[Line], found: Candidate, one: Agreement, t: Translator) -> str:
    parts = [
        ", ".join(line_summary(line, t) for line in lines[:2]) + (" …" if len(lines) > 2 else ""),
        f"→ {found.order_id}, {format_money(found.amount, found.currency, t.locale)}",
        difference(one, t) if one.differs else "",
        paid(found, t),
    ]
    return " · ".join(part for part in parts if part)
