"""The order of a line: the search, the choice, and the shares of a split."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import streamlit as st

from pages.components.common import actor, desk, language, refusals, texts
from pages.components.decision_windows import remembered
from pages.components.decision_words import WHY
from pages.components.facts import show_facts
from pages.components.markdown import plain
from pages.reconciliation import match_preview
from services import money
from services.i18n import Translator, format_date
from services.money import format_money
from services.reconciliation.decisions import candidates, decide
from services.reconciliation.decisions.agreement import agreement
from services.reconciliation.decisions.available import Line
from services.reconciliation.decisions.candidates import Candidate
from services.reconciliation.decisions.checks import Share
from services.reconciliation.decisions.results import DecisionResult
from services.reconciliation.matching import positions


class Wanted(NamedTuple):
    """What a window's button does. ``act`` takes the reason and the progress callback. ``differs``: amounts differ, so that
    the reason must say why they belong together. ``shown``: what the person read before pressing the button."""

    act: Callable[[str, Any], DecisionResult]
    differs: bool = False
    shown: Any = None


def choose(lines: Sequence[Line], key: str) -> Wanted | None:
    """Ask for an order. Returns the match of the lines with it; None while none is chosen."""
    chosen = _search(lines[0], key)
    if chosen is None:
        return None
    differs = match_preview.show(lines, chosen)
    seen, shown = match_preview.seen([chosen]), [line.shown for line in lines]
    return Wanted(
        lambda why, progress: decide.match(
            desk(), actor(), shown, chosen.order, why, key, seen=seen, progress=progress
        ),
        differs,
        (chosen.order, seen),
    )


def suggested(lines: Sequence[Line], key: str) -> Wanted | None:
    """Show the suggestions. Returns their acceptance; None where there is none."""
    found = candidates.suggestions(desk(), actor(), [line.id for line in lines])
    pairs = [(line, found[line.id]) for line in lines if line.id in found]
    if not pairs:
        return None
    if len(lines) == 1:
        st.markdown(texts()("It is order **{order_id}**.", order_id=plain(lines[0].suggested_id)))
        differs = match_preview.show(lines, pairs[0][1])
    else:
        differs = match_preview.show_several(pairs)
    seen, shown = match_preview.seen([one for _, one in pairs]), [line.shown for line in lines]
    return Wanted(
        lambda why, progress: decide.accept(desk(), actor(), shown, why, key, seen=seen, progress=progress),
        differs,
        ([line.suggested for line in lines], seen),
    )


def share_out(line: Line, key: str) -> Wanted | None:
    """Ask for orders and the share of each; the last one gets the rest. Returns the split; None while it is incomplete."""
    t, code, whole = texts(), line.original_currency, line.original or 0
    orders: list[Candidate] = remembered("shares", list)
    found = _search(line, key, without={one.order for one in orders})
    if found is not None:
        label = t("Add order {order_id}", order_id=plain(found.order_id))
        st.button(label, icon=":material/add:", key=f"add_{key}", on_click=orders.append, args=(found,))
    if not orders:
        return None
    sign = 1 if whole > 0 else -1
    st.markdown(t("**{amount}** to be shared:", amount=plain(format_money(whole, code, t.locale))))
    left, shares, complete = abs(whole), list[Share](), True
    # Of a sale an order gets at most what it still misses; of a refund, what is not refunded yet.
    owed = [one.missing if sign > 0 else one.not_refunded for one in orders]
    weights = [most or one.amount for most, one in zip(owed, orders, strict=True)]
    proposed = positions.divided(abs(whole), weights, money.step(code))
    for number, (one, most) in enumerate(zip(orders, owed, strict=True)):
        last = number == len(orders) - 1
        with st.container(horizontal=True, vertical_alignment="bottom"):
            if last:
                rest = plain(format_money(sign * left, code, t.locale))
                st.markdown(f"{plain(one.order_id)} · **{rest}** · {t('what is left')}")
                units: int | None = left
            else:
                offered = ("-" if sign < 0 else "") + money.plain(proposed[number], code, t.locale)
                # The key has the number of orders, since the proposed share changes with it.
                place = f"share_{one.order}_{len(orders)}_{key}"
                typed = st.text_input(_owed(one, most, sign, t), offered, key=place, width=340)
                units = _units((typed or "").strip().removeprefix("-").removeprefix("−"), code, t)
            st.button(
                t("Remove"),
                icon=":material/close:",
                type="tertiary",
                key=f"remove_{one.order}_{key}",
                on_click=orders.remove,
                args=(one,),
            )
        complete = complete and units is not None and units > 0
        left -= units or 0
        shares.append((one.order, sign * (units or 0)))
    if not complete:
        st.caption(
            ":material/info: " + t("Every order needs a share; together they make the line's amount exactly.")
        )
    if len(orders) < 2:
        st.caption(":material/info: " + t("Choose two orders or more."))
    if not complete or len(orders) < 2:
        return None
    differs = _differing(line, orders, shares, t)
    seen = match_preview.seen(orders)
    return Wanted(
        lambda why, _progress: decide.split(desk(), actor(), line.shown, shares, why, key, seen=seen),
        differs,
        (shares, seen),
    )


def _differing(line: Line, orders: Sequence[Candidate], shares: Sequence[Share], t: Translator) -> bool:
    """Show each share and its order. True where one differs."""
    facts, differs = list[tuple[str, str]](), False
    for one, (_, units) in zip(orders, shares, strict=True):
        found = agreement([(line.kind, units, line.original_currency)], one.amount, one.currency)
        ordered = format_money(one.amount, one.currency, t.locale)
        words = [
            ordered,
            match_preview.difference(found, t) if found.differs else "",
            match_preview.paid(one, t),
        ]
        facts.append(
            (t("Order {order_id}", order_id=one.order_id), " · ".join(part for part in words if part))
        )
        differs = differs or found.differs
    show_facts(facts)
    if differs:
        match_preview.ask_why(t)
    return differs


def _owed(one: Candidate, most: int, sign: int, t: Translator) -> str:
    """The label of a share: what the order still misses, or for a refund what is not refunded yet."""
    words = (
        "{order_id}, {amount} not settled yet"
        if sign > 0
        else "{order_id}, {amount} settled and not refunded"
    )
    if not most:
        words, most = "{order_id}, ordered {amount}", one.amount
    return t(words, order_id=plain(one.order_id), amount=plain(format_money(most, one.currency, t.locale)))


def _search(line: Line, key: str, without: frozenset[int] | set[int] = frozenset()) -> Candidate | None:
    t = texts()
    text = st.text_input(
        t("Order id, invoice number, customer or amount"),
        key=f"search_{key}",
        icon=":material/search:",
        placeholder=t("leave it empty to see what comes near"),
    )
    every = candidates.find(desk(), actor(), line.id, text or "", t.locale)
    found = {one.order: one for one in every if one.order not in without}
    if not every:
        st.caption(
            t("No order of this account has this.")
            if text
            else t("Nothing comes near: search for the order.")
        )
    if not found:  # nothing was found, or every order that was found has a share already
        return None
    zone = desk().account(line.account).timezone
    chosen = st.radio(
        t("Order"),
        list(found),
        index=0 if len(found) == 1 else None,
        key=f"found_{key}_{text}",
        format_func=lambda order: _label(found[order], t),
        captions=[_caption(one, zone, t) for one in found.values()],
    )
    return found.get(chosen) if chosen is not None else None


def _label(one: Candidate, t: Translator) -> str:
    amount = format_money(one.amount, one.currency, t.locale)
    return " · ".join(plain(part) for part in (one.order_id, one.customer, amount) if part)


def _caption(one: Candidate, zone: str, t: Translator) -> str:
    parts = [t(WHY[one.why])]
    if one.same_amount and one.why != candidates.AMOUNT:
        parts.append(t("same amount"))
    if one.other_currency:
        parts.append(t("other currency"))
    parts.append(match_preview.paid(one, t))
    parts += [", ".join(one.references), format_date(one.created_at, zone, language())]
    return " · ".join(plain(part) for part in parts if part)


def _units(typed: str, currency: str, t: Translator) -> int | None:
    with refusals():
        return money.to_units(money.parse(typed, currency, t.locale))
    return None
