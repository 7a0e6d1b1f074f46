"""The list of payouts: its filters, what the listed payouts come to in each currency, and the payout that is chosen."""

from contextlib import suppress
from functools import lru_cache

import pyarrow as pa
import streamlit as st

from pages.components import accounts, exports, outcome_words, selection, tables
from pages.components.common import actor, desk, in_one_read, refusals, texts
from pages.components.outcome_words import PAYOUT_STATES
from pages.components.search_box import search_box
from pages.payouts import address, payout, payout_bank
from pages.reconciliation.pager import cursor, pager
from services import money
from services.bank import at_bank
from services.bank.states import AtBank
from services.errors import DeskError
from services.exports.kinds import Payouts
from services.i18n import Translator, month_name
from services.payouts.states import PayoutState
from services.reconciliation.views import lists, payout_pages
from services.reconciliation.views.payout_list import Payout
from services.reconciliation.views.payout_pages import PayoutFilter, PayoutPage, Totals

_REFRESH_SECONDS = 2.0  # while payouts are being worked out
_AMOUNTS = {
    "difference_units": "Difference",
    "gross_units": "Gross",
    "refunds_units": "Refunds",
    "fees_units": "Fees with VAT",
    "reserve_units": "Reserve",
    "other_units": "Chargebacks and other",
    "net_units": "Net",
    "announced_units": "Payout announced",
    "hipay_units": "HiPay’s figure",
}
_PARTLY = ("announced_units", "hipay_units", "difference_units")
_RIGHT = (*_AMOUNTS.values(), "Lines open", "Payouts")


@st.fragment
@in_one_read
def show(account_keys: tuple[str, ...]) -> None:
    t = texts()
    with refusals():
        with st.container(horizontal=True, vertical_alignment="bottom"):
            typed = search_box("find_payout", t("number or amount"))
            month_place = st.container(width=200)
        chosen = _chosen(account_keys, typed.strip(), t)
        found = payout_pages.page(desk(), actor(), chosen, cursor("payouts", chosen))
        with month_place:
            _month(found, t)
        _states(found, t)
        again = _chosen(account_keys, typed.strip(), t)
        if again != chosen:  # a choice that is no longer there was taken away
            chosen = again
            found = payout_pages.page(desk(), actor(), chosen, cursor("payouts", chosen))
        address.write()
        if found.states.get("being_worked_out"):
            now = lists.figures(desk(), actor(), account_keys).payout_states
            st.fragment(_until_worked_out, run_every=_REFRESH_SECONDS)(account_keys, now)
        if not found.page.rows:
            _nothing(chosen, t)
        else:
            with st.container(
                horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
            ):
                pager("payouts", found.page, t)
                exports.offer(_exported(chosen), rows=found.page.total)
            _totals(found.totals, t)
            _table(found.page.rows, t)
        if named := st.session_state.get("payout_of"):
            one = payout_pages.named(desk(), actor(), named)
            if one is not None:
                with selection.opened("payouts"):
                    payout.show(one)


def _until_worked_out(account_keys: tuple[str, ...], before: dict[PayoutState, int]) -> None:
    """Draw the page anew once a payout has another state."""
    with refusals():
        if lists.figures(desk(), actor(), account_keys).payout_states != before:
            st.rerun()


def _chosen(account_keys: tuple[str, ...], typed: str, t: Translator) -> PayoutFilter:
    return PayoutFilter(
        accounts=account_keys,
        states=tuple(st.session_state.get("check") or ()),
        month=int((st.session_state.get("month") or "0").replace("-", "")),
        number=typed,
        units=_units(typed, t),
    )


def _units(typed: str, t: Translator) -> int | None:
    """The amount that is typed; None where it is none, or may be two."""
    bare = typed.lstrip("-\u2212 ")
    with suppress(DeskError):
        return money.to_units(money.parse(bare, "EUR", t.locale)) if bare else None
    return None


def _exported(chosen: PayoutFilter) -> Payouts:
    return Payouts(
        accounts=chosen.accounts,
        states=chosen.states,
        month=chosen.month,
        number=chosen.number,
        units=chosen.units,
    )


def _month(found: PayoutPage, t: Translator) -> None:
    months = [f"{month // 100:04}-{month % 100:02}" for month in found.months]
    wanted = st.session_state.get("month") or ""
    st.selectbox(
        t("Month"),
        list(dict.fromkeys(("", *months, wanted))),
        key="month",
        format_func=lambda one: month_name(one, t.language) if one else t("all months"),
        persist_state="page",
    )


def _states(found: PayoutPage, t: Translator) -> None:
    wanted = st.session_state.get("check") or ()
    counts = {state: outcome_words.number(found.states.get(state, 0), t) for state in payout_pages.STATES}
    st.pills(
        t("Check"),
        [state for state in payout_pages.STATES if state in found.states or state in wanted],
        selection_mode="multi",
        key="check",
        format_func=lambda state: f"{t(PAYOUT_STATES[state])} ({counts[state]})",
        persist_state="page",
    )


def _nothing(chosen: PayoutFilter, t: Translator) -> None:
    if chosen == PayoutFilter(accounts=chosen.accounts):
        st.info(t("No payout yet: add a payout file."), icon=":material/inbox:")
        return
    st.info(t("No payout fits this filter."), icon=":material/filter_alt_off:")
    st.button(t("Show all payouts"), key="show_all_payouts", on_click=address.show_all)


def _totals(found: tuple[Totals, ...], t: Translator) -> None:
    """Show what the listed payouts, on all pages, come to."""
    others = any(one.units["other_units"] for one in found)
    rows = [
        {
            t("Currency"): one.currency,
            t("Payouts"): outcome_words.number(one.payouts, t),
            **{
                t(label): _total(one, name, t)
                for name, label in _AMOUNTS.items()
                if others or name != "other_units"
            },
            t("Lines open"): outcome_words.number(one.open_lines, t),
        }
        for one in found
    ]
    st.dataframe(
        pa.Table.from_pylist(rows),
        hide_index=True,
        height=tables.height(len(rows)),
        column_config=tables.right_aligned(_RIGHT, t),
        alt=t("Totals of the payouts listed, by currency"),
    )


def _total(one: Totals, name: str, t: Translator) -> str:
    """The sum; where it is known of some of the payouts only, of how many."""
    known = getattr(one, name.removesuffix("_units") if name in _PARTLY else "known")
    if not known:
        return "—"
    words = outcome_words.money(one.units[name], one.currency, t)
    if known == one.payouts:
        return words
    return t("{amount} ({known} of {count})", amount=words, known=known, count=one.payouts)


def _table(rows: tuple[Payout, ...], t: Translator) -> None:
    bank = at_bank.of_payouts(desk(), actor())
    states = tuple(bank.get(one.row.id) for one in rows) if bank else ()
    selection.draw(
        "payouts",
        _cells(rows, states, accounts.several(), t),
        [payout_pages.name_of(one) for one in rows],
        (st.session_state.get("payout_of") or "",),
        _store_ticks,
        height=tables.height(len(rows)),
        alt=t("Payouts. Choose a payout to see what it is made of."),
        column_config=tables.right_aligned(_RIGHT, t),
    )


@lru_cache(maxsize=64)
def _cells(
    rows: tuple[Payout, ...], states: tuple[AtBank | None, ...], several: bool, t: Translator
) -> pa.Table:
    """``states``: at the bank, one for each row; none where no statement was ever read."""
    others = any(one.other_units for one in rows)
    bank = [{t("At the bank"): t(payout_bank.STATES[state]) if state else ""} for state in states]
    return pa.Table.from_pylist(
        [
            _row(one, at_the_bank, others, several, t)
            for one, at_the_bank in zip(rows, bank or [{}] * len(rows), strict=True)
        ]
    )


def _row(
    one: Payout, at_the_bank: dict[str, str], others: bool, several: bool, t: Translator
) -> dict[str, str]:
    def amount(name: str) -> str:
        if name == "hipay_units":
            return outcome_words.money(one.row.hipay_units, one.row.hipay_currency, t)
        return outcome_words.money(getattr(one, name), one.currency, t)

    return {
        t("Check"): t(PAYOUT_STATES[one.state]),
        t("Difference"): amount("difference_units"),
        **at_the_bank,
        t("Payout"): one.settlement_id,
        t("Date"): outcome_words.day(one.last_date, t),
        t("Transfer"): outcome_words.day(one.transfer_date, t),
        **{
            t(label): amount(name)
            for name, label in _AMOUNTS.items()
            if name != "difference_units" and (others or name != "other_units")
        },
        t("Lines open"): outcome_words.number(one.open_lines, t),
        **({t("Account"): accounts.name(one.account)} if several else {}),
    }


def _store_ticks(ticked: tuple[selection.Id, ...]) -> None:
    st.session_state["payout_of"] = ticked[0] if ticked else ""
