"""What a payout comes to: its legs from gross to net beside HiPay's own figures, what is announced, and where it is paid."""

import pandas as pd
import streamlit as st

from pages.components import outcome_words, tables
from pages.components.common import actor, desk, texts
from pages.components.markdown import plain
from services.i18n import Translator
from services.payouts import states
from services.reconciliation.views import payout_list
from services.reconciliation.views.payout_list import ByHipay, Payout

# A leg, and the figure of HiPay's list that it is the first part of.
_LEGS = (
    ("gross_units", "Gross", "sales"),
    ("refunds_units", "Refunds", "refunds"),
    ("chargebacks_units", "Chargebacks", "chargeback"),
    ("won_units", "Chargebacks won", ""),
    ("fees_units", "Fees without VAT", "fees"),
    ("vat_units", "VAT on fees", ""),
    ("reserve_captured_units", "Reserve captured", "rolling"),
    ("reserve_released_units", "Reserve released", ""),
    ("adjustments_units", "Adjustments and transfers", "other"),
    ("deferred_units", "Balances carried over", "deferred"),
    ("other_units", "Other: unknown operations", ""),
    ("net_units", "Net", "amount"),
)


def show(one: Payout) -> None:
    """Show the figures of a payout that was worked out. Raises NotAllowed."""
    t = texts()
    if not one.known:
        st.info(
            t("The payout is being worked out: it is checked in a moment."), icon=":material/hourglass_top:"
        )
        return
    hipay = payout_list.by_hipay(desk(), actor(), one)
    st.markdown(f"**{t('From gross to net')}**")
    _legs(one, hipay, t)
    for text in _announced(one, hipay, t):
        st.markdown(plain(text))
    if one.row.other_lines:
        st.warning(
            t.plural(
                "{count} line has an operation that is not known: it counts under Other.",
                "{count} lines have an operation that is not known: they count under Other.",
                one.row.other_lines,
            ),
            icon=":material/help:",
        )
    if one.row.twice:
        st.warning(
            t.plural(
                "{count} line is of a transaction that is counted twice: more was settled than captured, or two files bring the same under different references.",
                "{count} lines are of a transaction that is counted twice: more was settled than captured, or two files bring the same under different references.",
                one.row.twice,
            ),
            icon=":material/content_copy:",
        )


def _legs(one: Payout, hipay: ByHipay | None, t: Translator) -> None:
    money = outcome_words.money
    figures = {**hipay.figures, "amount": hipay.units} if hipay else {}
    rows = [
        {
            t("Leg"): t(words),
            t("Amount"): money(units, one.currency, t),
            **(
                {t("HiPay’s figure"): money(figures.get(name), hipay.currency, t) if name else ""}
                if hipay
                else {}
            ),
        }
        for column, words, name in _LEGS
        if (units := int(getattr(one.row, column))) or column == "net_units" or (name and figures.get(name))
    ]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        column_config=tables.right_aligned(("Amount", "HiPay’s figure"), t),
        alt=t("From gross to net"),
    )
    if hipay:
        st.caption(
            t(
                "HiPay’s fees contain the VAT, its chargebacks those won, and its reserve what was released. They are compared by their sum."
            )
        )


def _announced(one: Payout, hipay: ByHipay | None, t: Translator) -> list[str]:
    """What is announced, by whom, and where it is paid, as sentences."""
    row, found = one.row, list[str]()

    def money(units: int | None) -> str:
        return outcome_words.money(units, one.currency, t)

    if row.announced_by == "deferred":
        text = t("Nothing is paid: the balance is carried forward.")
        if one.taker:
            text = t("Nothing is paid: the balance is carried forward to payout {number}.", number=one.taker)
        found.append(text)
    elif row.announced_units is not None:
        found.append(t("The file announces {amount}.", amount=money(row.announced_units)))
    if row.parts_units is not None:
        found.append(t("Its parts come to {amount}.", amount=money(row.parts_units)))
    sums = states.sums(row)
    if "without_apart" in sums:
        fits = {
            "whole": t("The announced amount is the sum with them."),
            "without_apart": t("The announced amount is the sum without them."),
        }
        found.append(
            t(
                "Lines already settled, or with Settled = 0, stand apart: {whole} with them, {without} without them.",
                whole=money(sums["whole"]),
                without=money(sums["without_apart"]),
            )
            + (f" {fits[one.fitting]}" if one.fitting and row.announced_by != "deferred" else "")
        )
    if hipay:
        amount = outcome_words.money(hipay.units, hipay.currency, t)
        found.append(t("HiPay’s list shows {amount}.", amount=amount))
        if hipay.iban:
            found.append(t("Paid to {iban} ({bic}).", iban=hipay.iban, bic=hipay.bic or "—"))
    days = [
        (words, outcome_words.day(day, t))
        for words, day in (("Transfer: {day}.", one.transfer_date), ("Value date: {day}.", one.value_date))
        if day
    ]
    found.extend(t(words, day=day) for words, day in days)
    return found
