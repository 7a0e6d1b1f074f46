"""What a payout comes to: what its lines make, what the file announces and what HiPay shows, each difference named; from gross to net."""

from collections.abc import Iterator

import pyarrow as pa
import streamlit as st

from pages.components import outcome_words, tables
from pages.components.common import texts
from pages.components.facts import show_facts
from pages.components.markdown import plain
from pages.payouts import waterfall
from services.i18n import Translator
from services.payouts import states
from services.reconciliation.views.payout_list import ByHipay, Payout

# What is compared with a figure of HiPay's list: the legs that it is the sum of.
_COMPARED = (
    ("Gross", ("gross_units",), "sales"),
    ("Refunds", ("refunds_units",), "refunds"),
    ("Chargebacks, and those won", ("chargebacks_units", "won_units"), "chargeback"),
    ("Fees with VAT", ("fees_units", "vat_units"), "fees"),
    ("Reserve", ("reserve_captured_units", "reserve_released_units"), "rolling"),
    ("Adjustments and transfers", ("adjustments_units", "other_units"), "other"),
    ("Balances carried over", ("deferred_units",), "deferred"),
)


def show(one: Payout, hipay: ByHipay | None) -> None:
    """Show the amounts of a payout side by side, and what they differ by."""
    t = texts()
    if not one.known:
        st.info(
            t("The payout is being worked out: it is checked in a moment."), icon=":material/hourglass_top:"
        )
        return
    _sides(one, hipay, t)
    for same, text in _differences(one, hipay, t):
        st.markdown(f"{':material/check:' if same else '**≠**'} {plain(text)}")
    for text in _more(one, t):
        st.markdown(plain(text))
    _warnings(one, t)


def show_legs(one: Payout, hipay: ByHipay | None) -> None:
    """Show how a payout that was worked out comes from gross to net."""
    if not one.known:
        return
    t = texts()
    st.markdown(f"**{t('From gross to net')}**")
    waterfall.show(one, t)
    _legs(one, hipay, t)


def _sides(one: Payout, hipay: ByHipay | None, t: Translator) -> None:
    days = dict.fromkeys(outcome_words.day(day, t) for day in (one.first_date, one.last_date) if day)
    announced = one.announced_units if one.row.announced_by != "deferred" else None
    sides = (
        (
            "The lines make",
            outcome_words.money(one.lines_units, one.currency, t),
            [(t("Lines"), outcome_words.number(one.lines, t)), (t("Dates"), " – ".join(days))],
        ),
        (
            "The file announces",
            outcome_words.money(announced, one.currency, t),
            [
                (t("Transfer"), outcome_words.day(one.transfer_date, t)),
                (t("Value date"), outcome_words.day(one.value_date, t)),
            ],
        ),
        (
            "HiPay shows",
            outcome_words.money(hipay.units, hipay.currency, t) if hipay else "—",
            [
                (t("Value date"), outcome_words.day(hipay.date_value, t)),
                (t("IBAN"), hipay.iban),
                (t("BIC"), hipay.bic),
            ]
            if hipay
            else [],
        ),
    )
    for column, (label, amount, facts) in zip(st.columns(3), sides, strict=True):
        with column.container(border=True, gap="small"):
            st.metric(t(label), amount)
            show_facts((name, value) for name, value in facts if value)
            if label == "HiPay shows" and hipay is None:
                st.caption(t("HiPay’s API has not listed this payout here: it is not compared."))
            if label == "The file announces" and announced is None:
                st.caption(_nothing_announced(one, t))


def _nothing_announced(one: Payout, t: Translator) -> str:
    if one.row.announced_by != "deferred":
        return t("The file announces no total.")
    if one.taker:
        return plain(
            t("Nothing is paid: the balance is carried forward to payout {number}.", number=one.taker)
        )
    return t("Nothing is paid: the balance is carried forward.")


def _differences(one: Payout, hipay: ByHipay | None, t: Translator) -> Iterator[tuple[bool, str]]:
    """Whether two sides are the same, and what to say of them; nothing of sides that are not there."""
    row, deferred = one.row, one.row.announced_by == "deferred"

    def money(units: int) -> str:
        return outcome_words.money(abs(units), one.currency, t)

    if row.announced_units is not None and not deferred:
        if not (units := one.difference_units):
            yield True, t("The lines make what the file announces.")
        elif units > 0:
            yield False, t("The lines make {amount} more than the file announces.", amount=money(units))
        else:
            yield False, t("The lines make {amount} less than the file announces.", amount=money(units))
    if states.parts_differ(row):
        yield False, t("Its parts come to {amount}.", amount=money(row.parts_units or 0))
    if hipay is None or row.hipay_units is None:
        return
    other = row.announced_units if row.announced_units is not None else row.net_units
    units = row.hipay_units - other
    if not states.hipay_differs(row, one.currency):
        yield True, t("HiPay shows the same amount.")
    elif row.hipay_currency != one.currency:
        yield False, t("HiPay shows an amount in another currency.")
    elif units > 0:
        yield False, t("HiPay shows {amount} more.", amount=money(units))
    else:
        yield False, t("HiPay shows {amount} less.", amount=money(units))


def _more(one: Payout, t: Translator) -> Iterator[str]:
    row, sums = one.row, states.sums(one.row)

    def money(units: int | None) -> str:
        return outcome_words.money(units, one.currency, t)

    if row.parts_units is not None and not states.parts_differ(row):
        yield t("Its parts come to {amount}.", amount=money(row.parts_units))
    if "without_apart" in sums:
        fits = {
            "whole": t("The announced amount is the sum with them."),
            "without_apart": t("The announced amount is the sum without them."),
        }
        text = t(
            "Lines already settled, or with Settled = 0, stand apart: {whole} with them, {without} without them.",
            whole=money(sums["whole"]),
            without=money(sums["without_apart"]),
        )
        yield f"{text} {fits[one.fitting]}" if one.fitting and row.announced_by != "deferred" else text


def _warnings(one: Payout, t: Translator) -> None:
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
    """The legs side by side with HiPay's figures, where it has listed the payout, and the net with all three."""
    figures = hipay.figures if hipay else {}
    rows = [
        {
            t("Leg"): t(label),
            t("The lines make"): outcome_words.money(units, one.currency, t),
            t("The file announces"): "",
            t("HiPay shows"): outcome_words.money(figures[name], hipay.currency, t)
            if hipay and name in figures
            else "",
            t("Difference"): _compared(units, figures.get(name), one, hipay, t),
        }
        for label, legs, name in _COMPARED
        if (units := sum(int(getattr(one.row, leg)) for leg in legs)) or figures.get(name)
    ]
    rows.append(
        {
            t("Leg"): t("Net"),
            t("The lines make"): outcome_words.money(one.row.net_units, one.currency, t),
            t("The file announces"): outcome_words.money(one.announced_units, one.currency, t),
            t("HiPay shows"): outcome_words.money(hipay.units, hipay.currency, t) if hipay else "",
            t("Difference"): _of_net(one, t),
        }
    )
    st.dataframe(
        pa.Table.from_pylist(rows),
        hide_index=True,
        column_config={
            t("Leg"): st.column_config.TextColumn(width="medium"),
            **tables.right_aligned(("The lines make", "The file announces", "HiPay shows", "Difference"), t),
        },
        alt=t("The legs of the payout: what the lines make, the file announces and HiPay shows"),
    )


def _of_net(one: Payout, t: Translator) -> str:
    """What the three amounts differ by; a tick only where all that are there are the same."""
    row, found = one.row, list[str]()
    if one.difference_units:
        found.append(_sign(one.difference_units, one.currency, t))
    if states.hipay_differs(row, one.currency):
        same = row.hipay_currency == one.currency
        amount = _sign((row.hipay_units or 0) - (one.lines_units or 0), one.currency, t) if same else "≠"
        found.append(t("HiPay {amount}", amount=amount))
    if found:
        return " · ".join(found)
    return "—" if one.announced_units is None and row.hipay_units is None else "✓"


def _compared(units: int, figure: int | None, one: Payout, hipay: ByHipay | None, t: Translator) -> str:
    """What HiPay's figure is more than the lines make. With which sign HiPay writes what it takes is not known: both are right."""
    if figure is None or hipay is None or hipay.currency != one.currency:
        return ""
    return _sign(min(figure - units, -figure - units, key=abs), one.currency, t)


def _sign(units: int | None, currency: str, t: Translator) -> str:
    if units is None:
        return "—"
    return "✓" if units == 0 else f"≠ {outcome_words.money(units, currency, t)}"
