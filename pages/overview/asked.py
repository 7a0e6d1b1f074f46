"""The questions that colleagues ask the signed-in person, each with what it is about."""

from collections.abc import Sequence

import streamlit as st

from pages.components import accounts, outcome_words, question_windows
from pages.components.common import texts
from pages.components.markdown import plain
from services.i18n import Translator
from services.reconciliation.decisions.questions import AskedQuestion
from services.reconciliation.views import line_text, payout_pages
from services.reconciliation.views.lists import ShownLine


def show(found: Sequence[AskedQuestion]) -> None:
    t = texts()
    for one in found:
        with st.container(border=True, key=f"asked_{one.question.id}"):
            question_windows.show_text(one.question, t)
            st.markdown(plain(_about(one, t)))
            with st.container(horizontal=True, vertical_alignment="center"):
                question_windows.answer_button(one.question)
                _links(one, t)


def _about(one: AskedQuestion, t: Translator) -> str:
    account = accounts.name(one.question.account) if accounts.several() else ""
    if one.line is not None:
        return " · ".join(part for part in (*_line(one.line, t), account) if part)
    number = one.payout.settlement_id if one.payout is not None else ""
    return " · ".join(part for part in (t("Payout {number}", number=number), account) if part)


def _line(line: ShownLine, t: Translator) -> tuple[str, ...]:
    return (
        line_text.operation(line.operation_code, line.operation, t),
        outcome_words.money(line.settled_amount_units, line.settlement_currency, t),
        outcome_words.day(line.date, t),
        line.invoice_number or line.file_order,
        t("Payout {number}", number=line.settlement_id),
    )


def _links(one: AskedQuestion, t: Translator) -> None:
    if one.sees_payouts:
        if one.payout is not None:
            name = payout_pages.name_of(one.payout)
            st.page_link(
                "payouts/page.py",
                label=t("Open the payout"),
                icon=":material/account_balance:",
                query_params={"payout_of": name},
            )
        else:
            st.page_link(
                "reconciliation/page.py",
                label=t("Open the line"),
                icon=":material/join_inner:",
                query_params={"view": "lines", "outcome": "all", "line": str(one.question.line)},
            )
    if one.order is not None:
        st.page_link(
            "payment_requests/page.py",
            label=t("Open the request"),
            icon=":material/receipt_long:",
            query_params={"order": str(one.order)},
        )
