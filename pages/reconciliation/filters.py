"""The filters of payout lines and of orders, as widgets."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date

import streamlit as st
from babel.numbers import get_decimal_symbol

from pages.components import outcome_words
from pages.components.common import actor, desk, texts
from pages.components.markdown import plain
from pages.components.outcome_words import OUTCOME_ORDER, SORTS
from pages.components.search_box import search_box
from pages.reconciliation.address import ALL, ANY_OPEN, UNKNOWN
from services import money
from services.error_messages import sentence
from services.errors import DeskError
from services.i18n import Translator
from services.reconciliation.matching.order_status import OPEN_STATUSES
from services.reconciliation.views import details
from services.reconciliation.views.lists import OPEN, Figures, LineFilter, OrderFilter
from services.reconciliation.views.reasons import OUTCOMES, STATUSES
from services.settlements.settlement_operations import BY_CODE

# The filters that are folded away, and the place of their number: within the label it would make another button of it at
# each change, without the focus.
_MORE = ("operation", "currency", "from_amount", "to_amount", "since", "until", "payout")
_NUMBER = '.st-key-more_filters button [data-testid="stMarkdownContainer"] p::after'


def of_lines(figures: Figures, account_keys: tuple[str, ...]) -> LineFilter:
    t = texts()
    outcomes = _outcomes(figures, t)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        found = search_box("find", t("reference, order id, transaction"), help=_begins(t))
        _sort("sort", t)
        _more(figures, t)
    _single_filters(t)
    state = st.session_state
    currencies = tuple(state.get("currency") or ())
    code = _finest(currencies or figures.currencies)
    least, most = (_units(state.get(key), code, t) for key in ("from_amount", "to_amount"))
    since, until = (day.isoformat() if (day := state.get(key)) else "" for key in ("since", "until"))
    return LineFilter(
        accounts=account_keys,
        outcomes=outcomes,
        operations=tuple("" if code == UNKNOWN else code for code in state.get("operation") or ()),
        currencies=currencies,
        settlement=(state.get("payout") or "").strip(),
        files=tuple(state.get("file") or ()),
        order=state.get("of_order"),
        least=least,
        most=most,
        since=since,
        until=until,
        text=found,
    )


def _more(figures: Figures, t: Translator) -> None:
    """Draw the filters that are seldom used, where they are unfolded; their values stay in the session."""
    fold = st.popover(t("More filters"), icon=":material/tune:", key="more_filters", on_change="rerun")
    if count := sum(bool(st.session_state.get(key)) for key in _MORE):
        st.html(f"<style>{_NUMBER} {{ content: ' ({count})'; }}</style>")
    if not fold.open:
        return
    with fold:
        st.multiselect(
            t("Operation"),
            _offered("operation", [code or UNKNOWN for code in figures.operations]),
            key="operation",
            format_func=lambda code: t(BY_CODE[code].label) if code in BY_CODE else t("not known"),
            placeholder=t("all"),
            persist_state="page",
        )
        currencies = st.multiselect(
            t("Settlement currency"),
            _offered("currency", figures.currencies),
            key="currency",
            placeholder=t("all"),
            persist_state="page",
        )
        st.text_input(t("Payout"), key="payout", persist_state="page")
        code = _finest(currencies or figures.currencies)
        _amount("from_amount", "Amount from", code, t)
        _amount("to_amount", "Amount to", code, t)
        _day("since", "Date from", t)
        _day("until", "Date to", t)


def of_orders(figures: Figures, account_keys: tuple[str, ...]) -> tuple[OrderFilter, bool]:
    """The filter, and whether only late orders are listed: those that should be in a payout by now."""
    t = texts()
    names, words = _pills(
        figures.statuses,
        STATUSES,
        OPEN_STATUSES,
        (st.session_state.get("status") or "",),
        figures.open_orders,
        t,
    )
    status = st.pills(
        t("Status"), names, key="status", required=True, persist_state="page", format_func=words.__getitem__
    )
    is_open = status == ANY_OPEN
    statuses = () if status in (None, ANY_OPEN, ALL) else (status,)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        found = search_box("find_order", t("order id, invoice, transaction"), help=_begins(t))
        _sort("sort_orders", t)
        late = st.toggle(t("Late only ({count})", count=figures.late), key="late", persist_state="page")
    return OrderFilter(
        accounts=account_keys, statuses=() if is_open else statuses, open=is_open, loose=found
    ), late


def _begins(t: Translator) -> str:
    return t("Finds what begins with this text.")


def _outcomes(figures: Figures, t: Translator) -> tuple[str, ...]:
    """The outcomes to filter by: those of open lines, or those chosen; an empty tuple is all of them."""
    chosen: list[str] = st.session_state.get("outcome") or [ANY_OPEN]
    if not st.session_state.get("outcome"):
        st.session_state["outcome"] = chosen
    counts: dict[str, int] = {name: figures.lines(name) for name in OUTCOME_ORDER}
    names, words = _pills(counts, OUTCOMES, OPEN, chosen, figures.lines(*OPEN), t)
    st.pills(
        t("Outcome"),
        names,
        key="outcome",
        selection_mode="multi",
        persist_state="page",
        format_func=words.__getitem__,
        on_change=_keep_exclusive,
        args=(tuple(chosen),),
    )
    picked = st.session_state["outcome"]
    if ALL in picked:
        return ()
    opened = OPEN if ANY_OPEN in picked else ()
    return tuple(dict.fromkeys((*opened, *(one for one in picked if one != ANY_OPEN))))


def _keep_exclusive(before: tuple[str, ...]) -> None:
    """Where "open" or "all" is chosen with others, only the newer choice stays; no choice means "open"."""
    picked: list[str] = st.session_state.get("outcome") or []
    new = [name for name in picked if name not in before]
    alone = [name for name in new if name in (ANY_OPEN, ALL)]
    st.session_state["outcome"] = (
        alone[:1] or [name for name in picked if name not in (ANY_OPEN, ALL)] or picked[:1] or [ANY_OPEN]
    )


def _pills(
    counts: Mapping[str, int],
    known: Mapping[str, str],
    opened: Sequence[str],
    chosen: Sequence[str],
    count_open: int,
    t: Translator,
) -> tuple[list[str], dict[str, str]]:
    """The options "open", each outcome or status that occurs or is ``chosen``, and "all"; each with its label and count."""
    offered = [name for name in (*opened, *known) if counts.get(name) or name in chosen]
    texts_ = {ANY_OPEN: t("Open"), ALL: t("All"), **{name: t(text) for name, text in known.items()}}
    sums = {ANY_OPEN: count_open, ALL: sum(counts.values()), **counts}
    words = {name: f"{text} ({outcome_words.number(sums.get(name, 0), t)})" for name, text in texts_.items()}
    return list(dict.fromkeys((ANY_OPEN, *offered, ALL))), words


def _sort(key: str, t: Translator) -> None:
    words = {name: t(text) for name, text in SORTS.items()}
    st.selectbox(
        t("Sorted by"), list(words), key=key, format_func=words.__getitem__, width=230, persist_state="page"
    )


def _offered(key: str, occurring: Sequence[str]) -> list[str]:
    """The values that occur in lines, and those that a link chose and that no longer occur."""
    return [*occurring, *(one for one in st.session_state.get(key) or () if one not in occurring)]


def _single_filters(t: Translator) -> None:
    """Show the filters that only a button sets, each with a button to remove it."""
    files, order = st.session_state.get("file") or (), st.session_state.get("of_order")
    if not files and order is None:
        return
    names, order_id = details.names(desk(), actor(), files=files, order=order)
    of_files = t.plural(
        "Only file {name}", "Only {count} files", len(files), name=", ".join(map(plain, names))
    )
    with st.container(horizontal=True):
        for key, chosen, words in (
            ("file", bool(files), of_files),
            ("of_order", order is not None, t("Only the lines of order {name}", name=plain(order_id))),
        ):
            if chosen:
                st.button(
                    words,
                    icon=":material/close:",
                    key=f"drop_{key}",
                    type="tertiary",
                    on_click=st.session_state.__setitem__,
                    args=(key, None),
                    help=t("Remove this filter"),
                )


def _finest(currencies: Sequence[str]) -> str:
    """The currency with the most decimals: an amount of any of these can be typed in it."""
    known = [code for code in currencies if money.is_currency(code)]
    return max(known, key=money.exponent, default="EUR")


def _amount(key: str, label: str, currency: str, t: Translator) -> None:
    typed = st.text_input(
        t(label), key=key, placeholder=f"1234{get_decimal_symbol(t.locale)}50", persist_state="page"
    )
    try:
        _parsed(typed, currency, t)
    except DeskError as error:
        st.caption(plain(sentence(error, t)))


def _units(typed: str | None, currency: str, t: Translator) -> int | None:
    """The amount; None where none is typed, or what is typed is no amount."""
    with suppress(DeskError):
        return _parsed(typed, currency, t)
    return None


def _parsed(typed: str | None, currency: str, t: Translator) -> int | None:
    """Raises DeskError."""
    if not typed:
        return None
    zero = not typed.strip(" 0.,")
    return 0 if zero else money.to_units(money.parse(typed.strip().lstrip("-"), currency, t.locale))


def _day(key: str, label: str, t: Translator) -> None:
    st.date_input(
        t(label),
        value=None,
        key=key,
        persist_state="page",
        format="DD/MM/YYYY",
        min_value=date(2000, 1, 1),
        max_value=date(2100, 1, 1),
    )
