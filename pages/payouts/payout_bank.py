"""What the bank shows of a payout."""

import pyarrow as pa
import streamlit as st

from pages.components import outcome_words, tables
from pages.components.markdown import plain
from services.bank.payout_leg import BankLeg
from services.bank.states import AtBank
from services.i18n import Translator
from services.reconciliation.views.payout_list import Payout

# Worst first.
STATES: dict[AtBank, str] = {
    "amount_differs": "! the bank credits another amount",
    "returned": "! returned by the bank",
    "several_possible": "? several possible",
    "late": "! late at the bank",
    "no_statement": "? bank statement missing",
    "not_checked": "? credited, statement not checked",
    "rounding": "✓ reconciled, with a rounding",
    "several_transfers": "✓ in several transfers",
    "bundled": "✓ in one transfer with others",
    "expected": "… transfer expected",
    "reconciled": "✓ reconciled with the bank",
    "nothing_to_pay": "– nothing to pay",
}


def show(one: Payout, leg: BankLeg, t: Translator) -> None:
    """Show the state of the payout at the bank, and the movements that it is told from."""
    with st.container(border=True, gap="small"):
        amount = "—" if leg.units is None else outcome_words.money(leg.units, one.currency, t)
        st.metric(t("The bank credits"), amount)
        st.markdown(plain(t(STATES[leg.state])))
        if leg.difference:
            units = outcome_words.money(abs(leg.difference), one.currency, t)
            more = t("The bank credits {amount} more.", amount=units)
            less = t("The bank credits {amount} less.", amount=units)
            st.markdown(plain(more if leg.difference > 0 else less))
        if leg.others:
            st.caption(
                t.plural(
                    "{count} other payout is in the same transfer.",
                    "{count} other payouts are in the same transfer.",
                    leg.others,
                )
            )
        if leg.movements:
            _movements(one, leg, t)


def _movements(one: Payout, leg: BankLeg, t: Translator) -> None:
    rows = [
        {
            t("Booking date"): outcome_words.day(each.booked, t),
            t("Value date"): outcome_words.day(each.value, t),
            t("Amount"): outcome_words.money(each.units, one.currency, t),
            t("Bank account"): each.bank_account,
            t("Text"): " ".join(each.texts) or "—",
        }
        for each in leg.movements
    ]
    st.dataframe(
        pa.Table.from_pylist(rows),
        hide_index=True,
        column_config=tables.right_aligned(("Amount",), t),
        alt=t("Movements of the bank account"),
    )
