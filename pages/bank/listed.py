"""What the screen Bank lists: payouts by their state at the bank, credits of no payout, statements and what lies between them."""

from collections.abc import Iterable

import pyarrow as pa
import streamlit as st

from pages.components import outcome_words, tables
from pages.components.markdown import plain
from pages.payouts.payout_bank import STATES
from services.bank.at_bank import Bank, BankAccount, StoredStatement
from services.bank.coverage import BreakKind
from services.i18n import Translator
from services.reconciliation.views.payout_list import masked_iban

BREAKS: dict[BreakKind, str] = {
    "gap": "{first} to {last}: no statement, and the balance behind is {amount} more. Add the statement of these days.",
    "quiet_gap": "{first} to {last}: no statement; the balance stays the same.",
    "jump": "{first}: the opening balance is {amount} more than the closing balance before. Neither statement proves anything.",
    "overlap": "{first} to {last}: two statements have these days and agree; each entry counts once.",
    "conflict": "{first} to {last}: two statements of these days do not agree. Neither proves anything.",
}


def payouts(found: Bank, wanted: tuple[str, ...], t: Translator) -> None:
    st.subheader(t("Payouts at the bank"), anchor=False)
    states = list(STATES)
    listed = sorted(
        (
            one
            for one in found.payouts.values()
            if one.id in found.states and (not wanted or one.account in wanted)
        ),
        key=lambda one: (states.index(found.states[one.id]), -one.transfer.toordinal(), one.settlement_id),
    )
    if not listed:
        st.caption(t("No payout of these accounts is expected at a bank account whose statements are here."))
        return
    rows = [
        {
            t("At the bank"): t(STATES[found.states[one.id]]),
            t("Payout"): one.settlement_id,
            t("Transfer"): outcome_words.day(one.transfer.isoformat(), t),
            t("Amount"): outcome_words.money(one.units, one.currency, t),
        }
        for one in listed
    ]
    _draw(rows, ("Amount",), "Payouts at the bank", t)


def loose_entries(found: Bank, wanted: tuple[str, ...], t: Translator) -> None:
    """What looks like HiPay's and belongs to no payout."""
    ours = {one.id: one for one in _accounts(found, wanted)}
    loose = [found.entries[one] for one in found.matching.loose if found.entries[one].bank_account in ours]
    if not loose:
        return
    st.subheader(t("Looks like HiPay's, and belongs to no payout"), anchor=False)
    rows = [
        {
            t("Booking date"): outcome_words.day(_iso(one.booking_day), t),
            t("Amount"): outcome_words.money(one.units, ours[one.bank_account].currency, t),
            t("Bank account"): _named(ours[one.bank_account]),
            t("Text"): " ".join((one.reference, *one.texts)).strip() or "—",
        }
        for one in sorted(loose, key=lambda one: (-one.booking_day, one.id))
    ]
    _draw(rows, ("Amount",), "Looks like HiPay's, and belongs to no payout", t)


def statements(found: Bank, wanted: tuple[str, ...], t: Translator) -> None:
    st.subheader(t("Bank statements"), anchor=False)
    for account in _accounts(found, wanted):
        theirs = [one for one in found.statements if one.bank_account == account.id]
        st.markdown(f"**{plain(_named(account))}** · {plain(account.currency)}")
        for one in found.coverages[account.id].breaks:
            words = t(
                BREAKS[one.kind],
                first=outcome_words.day(one.first.isoformat(), t),
                last=outcome_words.day(one.last.isoformat(), t),
                amount=outcome_words.money(one.units, account.currency, t),
            )
            (st.caption if one.kind in ("quiet_gap", "overlap") else st.warning)(plain(words))
        proved = found.coverages[account.id].proved
        rows = [
            {
                t("Check"): _check(one, account.currency, proved, t),
                t("From"): outcome_words.day(_iso(one.first_day), t),
                t("To"): outcome_words.day(_iso(one.last_day), t),
                t("Opening balance"): outcome_words.money(one.opening_units, account.currency, t),
                t("Booked entries"): outcome_words.number(one.booked, t),
                t("Booked"): outcome_words.money(one.booked_units, account.currency, t),
                t("Closing balance"): outcome_words.money(one.closing_units, account.currency, t),
            }
            for one in reversed(theirs)
        ]
        _draw(rows, ("Opening balance", "Booked", "Closing balance"), "Bank statements", t)


def _check(one: StoredStatement, currency: str, proved: frozenset[int], t: Translator) -> str:
    if one.information:
        return t("– for information")
    if one.opening_units is None or one.closing_units is None:
        return t("? without balances")
    if not one.rolls:
        difference = one.opening_units + one.booked_units - one.closing_units
        if difference:
            return t("! does not add up: {amount}", amount=outcome_words.money(difference, currency, t))
        return t("! is not whole")
    return t("✓ adds up") if one.id in proved else t("! contradicts another statement")


def _accounts(found: Bank, wanted: tuple[str, ...]) -> list[BankAccount]:
    return [one for one in found.accounts if not wanted or not one.account or one.account in wanted]


def _named(account: BankAccount) -> str:
    return masked_iban(account.iban or account.written)


def _iso(day: int) -> str:
    return f"{day // 10_000:04}-{day // 100 % 100:02}-{day % 100:02}" if day else "—"


def _draw(rows: Iterable[dict[str, str]], amounts: tuple[str, ...], name: str, t: Translator) -> None:
    every = list(rows)
    st.dataframe(
        pa.Table.from_pylist(every),
        hide_index=True,
        height=tables.height(len(every)),
        column_config=tables.right_aligned(amounts, t),
        alt=t(name),
    )
