"""What the payouts of a previewed file will come to: number, date and amount, sales and fees, and whether they tie."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from pages.components import accounts, tables
from pages.components.colours import Colour
from pages.components.common import texts
from pages.components.markdown import plain
from pages.components.outcome_words import PAYOUT_STATES, day, money, number
from services.i18n import Translator
from services.imports.issued_again.issue_answers import Answers
from services.imports.previews.file_payouts import HEAD, Payout
from services.imports.previews.payout_preview import Outlook, PayoutPreview
from services.imports.previews.preview import Preview
from services.payouts import states

_ONE_BY_ONE, _SHOWN = 3, 100  # payouts that are shown with sentences, and in a table
_UNSURE = {"unknown": "? not known before the import", "asked": "? depends on your answer"}
_WHY = {
    "head": "It has more than {count} lines: the others are joined, and looked through for transactions counted twice, when it is imported.",
    "restored": "Lines that count again are looked through for transactions counted twice when it is imported.",
    "unfinished": "Another file, or orders, are being worked out just now.",
    "elsewhere": "Several of these files have lines of it.",
    "account": "Its account is not known yet.",
    "apart": "You said which of its lines are others.",
}


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A payout in one currency as it is shown. ``tie``: it ties as far as anybody can know; ``why``: a key of _WHY, where that is not
    known; ``asked``: it depends on an answer."""

    of: PayoutPreview
    outlook: Outlook
    tie: bool
    why: str = ""
    asked: bool = False

    def words(self, t: Translator) -> str:
        if self.asked:
            return t(_UNSURE["asked"])
        bad = states.STATES.index(self.outlook.state) < states.STATES.index("being_worked_out")
        return t(_UNSURE["unknown"]) if self.why and not bad else t(PAYOUT_STATES[self.outlook.state])


def of_preview(
    found: Preview, answers: Answers | None, elsewhere: Collection[Payout] = ()
) -> tuple[Shown, ...]:
    """The file's payouts, those first that do not tie. ``answers``: None while one is missing; ``elsewhere``: payouts that other files
    that are to be imported with it have lines of, too."""
    strange = accounts.several() and any(part.cell and not part.account for part in found.accounts)
    shown = [
        one
        for payout in found.payouts
        for one in _of_payout(
            payout, answers, strange=strange, shared=(payout.account, payout.settlement_id) in elsewhere
        )
    ]
    return tuple(sorted(shown, key=lambda one: one.tie))


def _of_payout(payout: PayoutPreview, answers: Answers | None, *, strange: bool, shared: bool) -> list[Shown]:
    said = answers.of((payout.account, payout.settlement_id)) if answers else None
    key = said if said in payout.outlooks else "" if "" in payout.outlooks else None
    asked = key is None
    why = str(payout.doubt)
    if answers and answers.apart and len(payout.outlooks) > 1:
        why = "apart"
    elif strange or shared:
        why = "account" if strange else "elsewhere"
    return [
        Shown(
            of=payout,
            outlook=one,
            tie=not asked and not why and one.state in ("tied", "carried_forward"),
            why=why,
            asked=asked,
        )
        for one in payout.outlooks["newest" if key is None else key]
    ]


def show(shown: Sequence[Shown]) -> None:
    """Show each payout, as a table where there are many."""
    t = texts()
    if len(shown) > _ONE_BY_ONE:
        _table(shown[:_SHOWN], t)
        if len(shown) > _SHOWN:
            words = t(
                "The first {shown} of {count} payouts.", shown=number(_SHOWN, t), count=number(len(shown), t)
            )
            st.caption(words)
        return
    for one in shown:
        _payout(one, t)


def _payout(one: Shown, t: Translator) -> None:
    its, currency = one.outlook.figures, one.outlook.currency
    with st.container(horizontal=True, vertical_alignment="center"):
        parts = (t("Payout {number}", number=one.of.settlement_id), day(one.outlook.day, t), _amount(one, t))
        st.markdown(f"#### {plain(' · '.join(part for part in parts if part))}", width="content")
        colour: Colour = "green" if one.tie else "orange"
        st.badge(t("After the import: {state}", state=one.words(t)), color=colour)
    figures = [t("Sales {amount}", amount=money(its.gross_units, currency, t))]
    for label, units in (
        ("Refunds {amount}", its.refunds_units),
        ("Chargebacks {amount}", its.chargebacks_units + its.won_units),
        ("Fees {amount}", its.fees_units + its.vat_units),
        ("Reserve {amount}", its.reserve_captured_units + its.reserve_released_units),
        ("Other {amount}", its.adjustments_units + its.deferred_units + its.other_units),
    ):
        if units or label.startswith("Fees"):
            figures.append(t(label, amount=money(units, currency, t)))
    figures.append(_orders(one, t))
    st.markdown(plain(" · ".join(figures)))
    if sentence := _sentence(one, t):
        st.caption(plain(sentence))


def _amount(one: Shown, t: Translator) -> str:
    its = one.outlook.figures
    return money(
        its.net_units if its.announced_units is None else its.announced_units, one.outlook.currency, t
    )


def _orders(one: Shown, t: Translator) -> str:
    words = t(
        "{matched} of {count} lines find an order",
        matched=number(one.outlook.matched, t),
        count=number(one.outlook.orderly, t),
    )
    return (
        t("{words} among the first {count}", words=words, count=number(HEAD, t))
        if one.of.doubt == "head"
        else words
    )


def _sentence(one: Shown, t: Translator) -> str:
    """Why it does not tie, by how much, or what is not known; "" where it ties."""
    its, currency = one.outlook.figures, one.outlook.currency
    found = [t("If it is the newest issue:")] if one.asked else []
    net = money(its.net_units, currency, t)
    if its.announced_units is None:
        found.append(t("Its lines come to {amount}, and no payout line announces that.", amount=net))
    elif difference := one.outlook.difference:
        words = (
            "Its lines come to {amount}: {difference} more than the payout line announces."
            if difference > 0
            else "Its lines come to {amount}: {difference} less than the payout line announces."
        )
        found.append(t(words, amount=net, difference=money(abs(difference), currency, t)))
    elif states.parts_differ(its):
        found.append(
            t(
                "The parts of the payout come to another amount: {amount}.",
                amount=money(its.parts_units, currency, t),
            )
        )
    if states.hipay_differs(its, currency):
        found.append(t("HiPay shows {amount}.", amount=money(its.hipay_units, its.hipay_currency, t)))
    if one.why:
        found.append(t(_WHY[one.why], count=number(HEAD, t)))
    return " ".join(found) if len(found) > one.asked else ""


def _table(shown: Sequence[Shown], t: Translator) -> None:
    several = accounts.several()
    frame = pd.DataFrame(
        [
            {
                t("After the import"): one.words(t),
                t("Payout"): one.of.settlement_id,
                t("Date"): day(one.outlook.day, t),
                t("Amount"): _amount(one, t),
                t("Difference"): money(one.outlook.difference, one.outlook.currency, t),
                t("Sales"): money(one.outlook.figures.gross_units, one.outlook.currency, t),
                t("Fees"): money(
                    one.outlook.figures.fees_units + one.outlook.figures.vat_units, one.outlook.currency, t
                ),
                t(
                    "Lines that find an order"
                ): f"{number(one.outlook.matched, t)} / {number(one.outlook.orderly, t)}",
                **({t("Account"): accounts.name(one.of.account)} if several else {}),
            }
            for one in shown
        ]
    )
    right = ("Amount", "Difference", "Sales", "Fees", "Lines that find an order")
    st.dataframe(
        frame,
        hide_index=True,
        height=tables.height(min(len(shown), 8)),
        column_config=tables.right_aligned(right, t),
        alt=t("What the payouts of the file will come to"),
    )
