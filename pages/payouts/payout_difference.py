"""Why a payout differs: what explains it, most likely first, each with its lines and a button that goes on from there."""

from typing import Any

import streamlit as st

from pages.components import outcome_words
from pages.components.colours import Colour
from pages.components.common import actor, allowed, desk, texts
from pages.components.decision_words import ACTS
from pages.components.markdown import plain
from pages.payout_files import fetch
from pages.reconciliation import decision_window
from pages.reconciliation.address import view_link
from services import money
from services.access import Right
from services.i18n import Translator
from services.payouts import explained
from services.payouts.difference_facts import Explanation, Sureness
from services.payouts.explained import Explained
from services.reconciliation.decisions import available
from services.reconciliation.views import line_text
from services.reconciliation.views.lists import ShownLine
from services.reconciliation.views.payout_list import Payout

_SHOWN = 3  # explanations; the others behind a click
_LINES = 5  # of an explanation; its button opens the others
_SURE: dict[Sureness, tuple[str, str, Colour, str]] = {
    "certain": ("Certain", ":material/check_circle:", "green", "The amount is exactly the difference, and another record shows the same."),
    "likely": ("Likely", ":material/search_insights:", "orange", "The amount fits, and the lines look wrong; or an amount is known to be missing."),
    "possible": ("Possible", ":material/help:", "gray", "The amount fits, which may be chance; or nobody can know the amount."),
}  # fmt: skip


def show(one: Payout) -> None:
    """Show what may explain that the payout's lines come to another amount than is announced, or, where these agree, than HiPay
    shows; nothing where nothing differs. Raises NotAllowed."""
    t, units, title = texts(), one.difference_units, "What may explain the difference"
    if not units and one.state == "hipay_differs" and one.row.hipay_currency == one.currency:
        units = (one.lines_units or 0) - (one.row.hipay_units or 0)
        title = "What may explain that HiPay shows another amount"
    if not units:
        return
    found = explained.explain(
        desk(),
        actor(),
        account=one.account,
        settlement_id=one.settlement_id,
        currency=one.currency,
        units=units,
    )
    st.markdown(f"**{t(title)}**")
    if not found.explanations:
        st.caption(
            t("Nothing that is known here explains it. Ask HiPay how the amount of this payout came about.")
        )
    if not found.whole:
        st.caption(
            t("The payout has too many lines to compare them all: they were searched by amount and by order.")
        )
    payout = _Drawn(one.account, one.settlement_id, one.currency, found, t)
    for place, each in enumerate(found.explanations[:_SHOWN]):
        payout.explanation(each, place)
    if rest := found.explanations[_SHOWN:]:
        with st.expander(t("Less likely"), icon=":material/more_horiz:"):
            for place, each in enumerate(rest, start=_SHOWN):
                payout.explanation(each, place)


class _Drawn:
    """Draws the explanations of one payout."""

    def __init__(
        self, account: str, settlement_id: str, currency: str, found: Explained, t: Translator
    ) -> None:
        self._account, self._settlement, self._currency = account, settlement_id, currency
        self._found, self._t = found, t

    def explanation(self, one: Explanation, place: int) -> None:
        """One explanation: how sure it is, its sentence, its lines, its buttons. ``place``: from 0."""
        words, icon, colour, meaning = _SURE[one.sure]
        key = f"{self._account}_{self._settlement}_{self._currency}_{place}"
        with st.container(border=True, gap="xsmall"):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.badge(self._t(words), icon=icon, color=colour, help=self._t(meaning))
                if one.units is not None:
                    st.markdown(
                        plain(outcome_words.money(one.units, self._currency, self._t)), width="content"
                    )
            st.markdown(plain(self._sentence(one)))
            for line in self._lines(one)[:_LINES]:
                st.caption(plain(self._line(line)))
            if (more := len(one.lines) - _LINES) > 0:
                st.caption(self._t.plural("and {count} more line", "and {count} more lines", more))
            with st.container(horizontal=True):
                self._act(one, key)
                self._mark(one, key)

    def _lines(self, one: Explanation) -> list[ShownLine]:
        return [self._found.lines[line] for line in one.lines if line in self._found.lines]

    def _line(self, line: ShownLine) -> str:
        t = self._t
        parts = (
            line_text.operation(line.operation_code, line.operation, t),
            outcome_words.money(line.settled_amount_units, line.settlement_currency, t),
            outcome_words.day(line.date, t) if line.date else "",
            line.invoice_number or line.file_order,
            t("transaction {number}", number=line.transaction_id) if line.transaction_id else "",
        )
        return " · ".join(part for part in parts if part)

    def _sentence(self, one: Explanation) -> str:
        t, count, lines = self._t, len(one.lines), self._lines(one)
        file = self._found.files.get(one.files[0], "") if one.files else ""
        order = self._found.orders.get(one.orders[0]) if one.orders else None
        transaction = lines[0].transaction_id if lines else ""
        match one.kind:
            case "withdrawn" if _by_person(one, lines):
                return t.plural(
                    "A person took {count} line out of the payout.",
                    "A person took {count} lines out of the payout.",
                    count,
                )
            case "withdrawn":
                return t.plural(
                    "{count} line was withdrawn: {file} no longer has it.",
                    "{count} lines were withdrawn: {file} no longer has them.",
                    count,
                    file=file,
                )
            case "order_not_paid_out":
                words = t(
                    "Order {order} was captured, and no payout has its sale.",
                    order=order.order_id if order else "",
                )
                return f"{words} {t('Its fees are in this payout.')}" if one.lines else words
            case "twins":
                if one.surplus == one.lines:
                    return t("These lines repeat other lines of the payout in every cell.")
                return t("These lines are the same in every cell: one may be there twice.")
            case "transaction_twice":
                words = t("Transaction {number} has two sales of the same amount.", number=transaction)
                return f"{words} {t('Less was captured of its order.')}" if one.orders else words
            case "fee_twice":
                return t.plural(
                    "This fee repeats another one of its transaction.",
                    "These {count} fees repeat others of their transactions.",
                    count,
                )
            case "sale_without_fee":
                return t.plural(
                    "This sale lacks a fee that the other sales have.",
                    "These {count} sales lack a fee that the other sales have.",
                    count,
                )
            case "fees_without_sale":
                return t("The fees of transaction {number} are here, its sale is not.", number=transaction)
            case "other_payout":
                return self._other_payout(lines)
            case "amounts_missing":
                return t.plural("{count} line has no amount.", "{count} lines have no amount.", count)
            case "rows_not_read":
                return t.plural(
                    "{count} row of {file} was not read and may belong to this payout.",
                    "{count} rows of {file} were not read and may belong to this payout.",
                    one.rows,
                    file=file,
                )
            case "is_half":
                return t("Half of the difference: this line may have the wrong sign.")
            case "is_difference":
                return t("Exactly the difference: this line may not belong to the payout.")
            case "is_negative":
                return t("Exactly what is missing: a second line like this one may not be here.")
            case "two_lines":
                return t("These two lines together are the difference, and no other two are.")
            case "three_lines":
                return t("These three lines together are the difference, and no other three are.")

    def _other_payout(self, lines: list[ShownLine]) -> str:
        if lines and lines[0].settlement_id != self._settlement:
            return self._t(
                "A line of this amount is in payout {number}: it may belong here.",
                number=lines[0].settlement_id,
            )
        return self._t(
            "This came with {file}, which announces another payout.", file=lines[0].file_name if lines else ""
        )

    def _act(self, one: Explanation, key: str) -> None:
        """The button that goes on from the explanation."""
        t, act = self._t, one.act
        if act == "hipay" and fetch.offer_again(self._account, self._settlement, f"act_{key}"):
            return
        if act in ("rows", "file") and one.files and not _by_person(one, self._lines(one)):
            words = t("Open the rows set aside") if act == "rows" else t("Open the file")
            where = {"show": "files", "file_of": str(one.files[0])}
            st.page_link("payouts/page.py", label=words, icon=":material/file_open:", query_params=where)
        elif act == "order" and one.orders:
            label, icon = t("Open the order"), ":material/receipt_long:"
            view_link(label, icon, "orders", order_of=one.orders[0], status="all")
        elif one.lines:
            self._open_lines(one)

    def _open_lines(self, one: Explanation) -> None:
        """Open its first line in the list: of these lines by their transaction, or by their amount."""
        lines = self._lines(one)
        if not lines:
            return
        transactions = {line.transaction_id for line in lines}
        amount = lines[0].settled_amount_units
        choices: dict[str, Any] = {
            "payout": lines[0].settlement_id,
            "currency": [lines[0].settlement_currency],
        }
        if len(transactions) == 1 and "" not in transactions:
            choices["find"] = lines[0].transaction_id
        elif amount is not None and all(line.settled_amount_units == amount for line in lines):
            typed = money.plain(abs(amount), self._currency, self._t.locale)
            choices |= {"from_amount": typed, "to_amount": typed}
        words = self._t.plural("Open the line", "Open the lines", len(lines))
        view_link(words, ":material/list:", "lines", line=lines[0].id, outcome=["all"], **choices)

    def _mark(self, one: Explanation, key: str) -> None:
        """The button that says of lines that they do not count."""
        if not one.surplus or not allowed(Right.RECONCILE, self._account):
            return
        found = [
            line for line in available.read_lines(desk(), actor(), one.surplus) if "twice" in line.possible
        ]
        if len(found) == len(one.surplus):
            words, icon, _ = ACTS["twice"]
            st.button(
                self._t(words),
                icon=icon,
                type="tertiary",
                key=f"mark_{key}",
                on_click=decision_window.open_window,
                args=("twice", found),
            )


def _by_person(one: Explanation, lines: list[ShownLine]) -> bool:
    """Whether a person withdrew these lines: then it is their own file that no longer has them."""
    return one.kind == "withdrawn" and any(line.file == one.files[0] for line in lines)
