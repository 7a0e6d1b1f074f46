"""Sales in the list of payout lines: a row each, and the lines of one of them."""

from dataclasses import replace
from functools import lru_cache

import pandas as pd
import pyarrow as pa
import streamlit as st

from pages.components import accounts, outcome_words, tables
from pages.components.common import actor, desk, texts
from pages.components.markdown import plain
from pages.reconciliation import address
from pages.reconciliation.pager import pager
from services.i18n import Translator
from services.reconciliation.views import line_text, sales
from services.reconciliation.views.lists import ShownLine
from services.reconciliation.views.sales import Sale, SalePage, SaleSum

AMOUNTS = ("Gross", "Fees", "Net")


def show_pager(found: SalePage, t: Translator) -> None:
    """Draw the buttons to other pages, and how many sales and lines there are."""
    pager("lines", replace(found.page, total=found.sales), t)
    if found.sales is not None and found.page.total is not None:
        counted = (
            t.plural("{count} sale", "{count} sales", found.sales),
            t.plural("{count} line", "{count} lines", found.page.total),
        )
        st.caption(", ".join(counted), width="content")


@lru_cache(maxsize=64)
def cells(rows: tuple[Sale, ...], several: bool, t: Translator) -> pa.Table:
    return pa.Table.from_pylist([_row(sale, several, t) for sale in rows])


def _row(sale: Sale, several: bool, t: Translator) -> dict[str, str]:
    line = sale.line
    name = line_text.operation(line.operation_code, line.operation, t)
    return {
        t("Date"): outcome_words.day(sale.date, t),
        t("Payout"): line.settlement_id,
        t("Invoice number"): line.invoice_number or "—",
        t("Order"): line.order_id or line.file_order or "—",
        **_amounts(sale, t),
        t("Outcome"): outcome_words.outcome(line.outcome, t),
        t("Reason"): line_text.reason(line, t),
        t("Transaction"): line.transaction_id or "—",
        t("Lines"): name if sale.count == 1 else outcome_words.number(sale.count, t),
        **({t("Account"): accounts.name(line.account)} if several else {}),
    }


def _amounts(sale: Sale, t: Translator) -> dict[str, str]:
    """Amounts by currency; "?" where a line has none."""

    def each(units: str) -> str:
        return " + ".join(_money(one, units, t) for one in sale.sums) or "—"

    return {t("Gross"): each("gross_units"), t("Fees"): each("fees_units"), t("Net"): each("net_units")}


def _money(one: SaleSum, units: str, t: Translator) -> str:
    amount = getattr(one, units)
    return "?" if amount is None else outcome_words.money(amount, one.currency, t)


def show_lines(line: ShownLine) -> None:
    """Show the lines of the line's sale, where it has several, and what they come to."""
    t, sale = texts(), sales.sale_of(desk(), actor(), line.id)
    if sale.count == 1:
        return
    with st.container(gap="small"):
        st.markdown(f"**{t('The sale')}** · {t.plural('{count} line', '{count} lines', sale.count)}")
        st.dataframe(
            pd.DataFrame([_line(one, one.id == line.id, t) for one in sale.lines]),
            hide_index=True,
            height=tables.height(len(sale.lines)),
            column_config=tables.right_aligned(("Settled amount",), t),
            alt=t("The lines of this sale"),
        )
        come_to = (
            t("{label}: {value}", label=label, value=amount) for label, amount in _amounts(sale, t).items()
        )
        st.caption(plain(" · ".join(come_to)))
        others = [one for one in sale.lines if one.id != line.id]
        with st.container(horizontal=True):
            for one in others[:_OPENED]:
                words = _name(one, t)
                address.view_button(
                    words, ":material/subdirectory_arrow_right:", f"sale_{line.id}_{one.id}", "lines",
                    line=one.id, outcome="all", by="lines",
                )  # fmt: skip


_OPENED = 6  # lines of a sale that have a button


def _line(one: ShownLine, here: bool, t: Translator) -> dict[str, str]:
    return {
        t("Shown"): "▸" if here else "",
        t("Operation"): line_text.operation(one.operation_code, one.operation, t),
        t("Settled amount"): outcome_words.money(one.settled_amount_units, one.settlement_currency, t),
        t("Payout"): one.settlement_id,
        t("Date"): outcome_words.day(one.date, t),
        t("Outcome"): outcome_words.outcome(one.outcome, t),
    }


def _name(one: ShownLine, t: Translator) -> str:
    operation = line_text.operation(one.operation_code, one.operation, t)
    return f"{operation} {outcome_words.money(one.settled_amount_units, one.settlement_currency, t)}"
