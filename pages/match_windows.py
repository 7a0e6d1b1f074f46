"""To which order does a line belong: the search, the choice, and the shares of a split."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from pages.by_hand_words import WHY
from pages.common import actor, desk, language, refusals, texts
from pages.markdown import plain
from services import money
from services.i18n import Translator, format_date
from services.money import format_money
from services.reconciliation import candidates, decisions, positions
from services.reconciliation.candidates import Candidate
from services.reconciliation.decisions import Done, Share
from services.reconciliation.standing import Line

Act = Callable[[str, Any], Done]  # given the reason and who is told of the progress
_SHARES = "by_hand_shares"


def forget() -> None:
    st.session_state.pop(_SHARES, None)


def choose(lines: Sequence[Line], key: str) -> Act | None:
    """Find an order and choose it; what matching the lines to it does, None while that is not decided."""
    chosen = _search(lines[0], key)
    if chosen is None or not _confirmed([(line, chosen.currency) for line in lines], key):
        return None
    shown = [line.shown for line in lines]
    return lambda why, progress: decisions.match(
        desk(), actor(), shown, chosen.order, why, key, confirmed=True, progress=progress
    )


def suggested(lines: Sequence[Line], key: str) -> Act | None:
    """What accepting the suggestions does, None while another currency is not confirmed."""
    if len(lines) == 1:
        st.markdown(texts()("It is order **{order_id}**.", order_id=plain(lines[0].nearest_id)))
    if not _confirmed([(line, line.nearest_currency) for line in lines], key):
        return None
    shown = [line.shown for line in lines]
    return lambda why, progress: decisions.accept(
        desk(), actor(), shown, why, key, confirmed=True, progress=progress
    )


def share_out(line: Line, key: str) -> Act | None:
    """Find orders and give each its share, the last one what is left; what the split does, None while it is not whole."""
    t, code, whole = texts(), line.original_currency, line.original or 0
    kept: list[Candidate] = st.session_state.setdefault(_SHARES, [])
    found = _search(line, key, without={one.order for one in kept})
    if found is not None:
        label = t("Add order {order_id}", order_id=plain(found.order_id))
        st.button(label, icon=":material/add:", key=f"add_{key}", on_click=kept.append, args=(found,))
    if not kept:
        return None
    sign = 1 if whole > 0 else -1
    st.markdown(t("**{amount}** to be shared:", amount=plain(format_money(whole, code, t.locale))))
    left, shares, right = abs(whole), list[Share](), True
    # of a sale an order takes what it still misses, of a refund what it has kept
    owed = [one.missing if sign > 0 else one.kept for one in kept]
    weights = [most or one.amount for most, one in zip(owed, kept, strict=True)]
    proposed = positions.divided(abs(whole), weights, money.step(code))
    for number, (one, most) in enumerate(zip(kept, owed, strict=True)):
        last = number == len(kept) - 1
        with st.container(horizontal=True, vertical_alignment="bottom"):
            if last:
                rest = plain(format_money(sign * left, code, t.locale))
                st.markdown(f"{plain(one.order_id)} · **{rest}** · {t('what is left')}")
                units: int | None = left
            else:
                offered = ("-" if sign < 0 else "") + money.plain(proposed[number], code, t.locale)
                # with another order beside it, another share is proposed
                place = f"share_{one.order}_{len(kept)}_{key}"
                typed = st.text_input(_owed(one, most, sign, t), offered, key=place, width=340)
                units = _units((typed or "").strip().removeprefix("-").removeprefix("−"), code, t)
            st.button(
                t("Remove"), icon=":material/close:", type="tertiary", key=f"remove_{one.order}_{key}",
                on_click=kept.remove, args=(one,),
            )  # fmt: skip
        right = right and units is not None and units > 0
        left -= units or 0
        shares.append((one.order, sign * (units or 0)))
    if right is False and kept:
        st.caption(
            ":material/info: " + t("Every order needs a share; together they make the line's amount exactly.")
        )
    if len(kept) < 2:
        st.caption(":material/info: " + t("Choose two orders or more."))
    confirmed = _confirmed([(line, one.currency) for one in kept], key)
    if not right or len(kept) < 2 or not confirmed:
        return None
    return lambda why, _progress: decisions.split(
        desk(), actor(), line.shown, shares, why, key, confirmed=True
    )


def _owed(one: Candidate, most: int, sign: int, t: Translator) -> str:
    """What a share is asked for with: what the order still misses, or for a refund what it has kept."""
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
        t("Order id, invoice number, customer or amount"), key=f"search_{key}", icon=":material/search:",
        placeholder=t("leave it empty to see what comes near"),
    )  # fmt: skip
    every = candidates.find(desk(), actor(), line.id, text or "", t.locale)
    found = {one.order: one for one in every if one.order not in without}
    if not every:
        st.caption(
            t("No order of this account has this.")
            if text
            else t("Nothing comes near: search for the order.")
        )
    if not found:  # what was found may be taken already
        return None
    zone = desk().account(line.account).timezone
    chosen = st.radio(
        t("Order"), list(found), index=0 if len(found) == 1 else None, key=f"found_{key}_{text}",
        format_func=lambda order: _label(found[order], t),
        captions=[_caption(one, zone, t) for one in found.values()],
    )  # fmt: skip
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
    if one.gross:
        parts.append(t("{amount} settled already", amount=format_money(one.gross, one.currency, t.locale)))
    parts += [", ".join(one.references), format_date(one.created_at, zone, language())]
    return " · ".join(plain(part) for part in parts if part)


def _confirmed(pairs: Sequence[tuple[Line, str]], key: str) -> bool:
    """Whether every line and order have one currency, or a person says that they belong together all the same."""
    t = texts()
    differ = sorted(
        {(line.original_currency, code) for line, code in pairs if line.original_currency not in ("", code)}
    )
    if not differ:
        return True
    ours, theirs = (", ".join(sorted(set(codes))) for codes in zip(*differ, strict=True))
    st.warning(
        t("The line is in {line}, the order in {order}.", line=ours, order=theirs),
        icon=":material/currency_exchange:",
    )
    return st.checkbox(t("They belong together all the same"), key=f"currency_{key}")


def _units(typed: str, currency: str, t: Translator) -> int | None:
    with refusals():
        return money.to_units(money.parse(typed, currency, t.locale))
    return None
