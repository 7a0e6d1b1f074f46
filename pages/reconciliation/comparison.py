"""A table that compares a payout line with an order: each fact of both, and in words whether they differ."""

import html
from collections.abc import Sequence

import streamlit as st

from pages.components.common import texts
from pages.components.outcome_words import money
from services.i18n import Translator
from services.reconciliation.views.compare import Compared

FACTS = {
    "reference": "Invoice number or reference", "order_id": "Order id", "transaction": "HiPay's transaction",
    "amount": "Original amount", "currency": "Original currency",
}  # fmt: skip
# sign, words, whether it is highlighted
VERDICTS = {
    "same": ("=", "the same", False),
    "near": ("≈", "nearly the same", True),
    "part": ("<", "a part of it", False),
    "differs": ("≠", "differs", True),
    "absent": ("·", "one says nothing", False),
}
_STYLE = """
.comparison-place{container:comparison / inline-size}
.comparison{width:100%;border-collapse:collapse;font-size:.95rem}
.comparison td:last-child,.comparison td.amount{white-space:nowrap}
.comparison th{width:26%;text-align:left;font-weight:400;opacity:.75;padding:.25rem .5rem .25rem 0;vertical-align:top}
.comparison td{padding:.25rem .5rem .25rem 0;overflow-wrap:anywhere;vertical-align:top}
.comparison tr.odd td{font-weight:600}
@container comparison (max-width:560px){.comparison{font-size:.85rem}.comparison td:last-child{white-space:normal}
.comparison th,.comparison td{padding-right:.35rem;hyphens:auto}.comparison td{min-width:3rem}}
.comparison tr.odd td:last-child{text-decoration:underline;text-underline-offset:.2em}
"""


def show_compared(compared: Sequence[Compared], currency_of_line: str, currency_of_order: str) -> None:
    t = texts()
    head = "".join(
        f"<th scope='col'>{html.escape(t(name))}</th>"
        for name in ("Fact", "Payout line", "Order", "Comparison")
    )
    rows = "".join(_row(one, currency_of_line, currency_of_order, t) for one in compared)
    st.html(
        f"<style>{_STYLE}</style><div class='comparison-place'><table class='comparison'><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _row(one: Compared, currency_of_line: str, currency_of_order: str, t: Translator) -> str:
    sign, words, odd = VERDICTS[one.verdict]
    of_line, of_order = one.of_line, one.of_order
    if one.fact == "amount":
        of_line = money(int(of_line), currency_of_line, t) if of_line else ""
        of_order = money(int(of_order), currency_of_order, t)
    whole = " class=amount" if one.fact in ("amount", "currency") else ""
    cells = "".join(
        f"<td{whole}>{html.escape(text or '—')}</td>" for text in (of_line, of_order, f"{sign} {t(words)}")
    )
    return (
        f"<tr{' class=odd' if odd else ''}><th scope='row'>{html.escape(t(FACTS[one.fact]))}</th>{cells}</tr>"
    )
