"""Decisions, and the lines that they concern, in the reader's words."""

from pages.components.outcome_words import day
from services.error_messages import sentence
from services.error_messages.sentences import SENTENCES
from services.errors import DeskError
from services.i18n import Translator, format_datetime
from services.money import format_money
from services.reconciliation.decisions.available import Line
from services.reconciliation.decisions.candidates import (
    ALIKE,
    AMOUNT,
    AMOUNT_TYPED,
    FOUND,
    NAMED,
    SUGGESTED,
    TYPED,
)
from services.reconciliation.decisions.errors import AlreadyUndone, ConflictingDecision
from services.reconciliation.views.reasons import DIFFERENCES
from services.settlements.settlement_operations import BY_CODE

# act → (button, icon, what it does)
ACTS: dict[str, tuple[str, str, str]] = {
    "accept": ("Accept the suggestion", ":material/check:", "The line belongs to the order that is suggested."),
    "match": ("Match to an order", ":material/link:", "The line belongs to the order that you choose, whatever its keys say."),
    "split": ("Split over several orders", ":material/call_split:", "The line pays several orders: each gets its share of the original amount."),
    "unmatch": ("Take the order away", ":material/link_off:", "The line belongs to no order, and is not matched by itself again."),
    "not_ours": ("Not this business", ":material/block:", "The line is of another business of the account: no order is looked for."),
    "exclude": ("Leave out", ":material/visibility_off:", "The line counts for no order."),
    "twice": ("Withdraw", ":material/filter_2:", "The same line stands a second time: this one counts for no order and leaves the sum of its payout."),
    "undo": ("Undo", ":material/undo:", "What was decided before this stands again; where nothing was, the line is joined by its keys."),
    "comment": ("Comment", ":material/comment:", "A comment changes nothing: your colleagues will read it."),
}  # fmt: skip
# Frequent reasons, offered for each act; any other can be typed.
PHRASES: dict[str, tuple[str, ...]] = {
    "accept": ("Checked: same customer and amount", "Typing error in the reference"),
    "match": ("Checked with the customer", "Typing error in the reference", "Paid under another order id"),
    "split": ("One payment for several invoices", "Agreed with the customer"),
    "unmatch": ("Same reference, another sale", "Matched by mistake"),
    "not_ours": ("Sale of our web shop", "Sale of another branch"),
    "exclude": ("Test payment", "Settled outside", "Handled in the accounts"),
    "twice": ("Stands again in a corrected file", "Two excerpts of one payout"),
    "undo": ("Decided by mistake", "New information"),
    "set_aside_row": ("Corrected in another file", "No payment: a remark of the file"),
    "held_correction": ("Checked with HiPay", "Changed by mistake", "Corrected invoice of HiPay's"),
    "accept_payout": (
        "HiPay has confirmed it",
        "It comes with the next payout",
        "Small difference, written off",
    ),
    "accept_order": ("Agreed with the customer", "Small difference, written off", "Handled in the accounts"),
}
# kind of an accepted difference of a payout → (name, what it means)
ACCEPTED = {
    "claim": ("Claim to HiPay", "HiPay owes it, or must explain it: the payout waits for HiPay."),
    "timing": ("Timing", "It is in another payout, or comes with the next one."),
    "write_off": ("Write-off", "It is given up: at most {most}."),
    "our_error": ("Our error", "We have made it, and HiPay's payout is right."),
}
# kind of a decision → words, in the history of a line
DONE = {
    "match": "Matched to {orders}",
    "split": "Split over {orders}",
    "unmatch": "Order taken away",
    "not_ours": "Marked as not this business",
    "exclude": "Left out",
    "twice": "Withdrawn by a person",
    "reopened": "Opened again by a correction",
    "undone": "Decision undone",
    "comment": "Comment",
    "question": "Question to {name}",
    "question_withdrawn": "Question to {name}, withdrawn",
}
# how a decision came about, where no person took it
HOW = {
    "again": "{what}, again",
    "carried": "{what}, taken over from the line that this one corrects",
}
WHY = {
    SUGGESTED: "suggested", NAMED: "named by the line", TYPED: "exactly what you typed", FOUND: "contains what you typed",
    ALIKE: "nearly one of its texts", AMOUNT: "has the line's amount", AMOUNT_TYPED: "has the amount that you typed",
}  # fmt: skip
IGNORES = DIFFERENCES
PATTERNS = {"equals": "is exactly", "starts": "begins with"}


def icon_of(kind: str) -> str:
    """The icon of a decision on a line."""
    if kind.startswith("question"):
        return ":material/contact_support:"
    return ":material/lock_open:" if kind == "reopened" else ACTS["undo" if kind == "undone" else kind][1]


def refusal_words(error: DeskError, zone: str, t: Translator) -> str:
    """The sentence of a refusal, its moment in the account's zone."""
    if isinstance(error, ConflictingDecision | AlreadyUndone):
        moment = format_datetime(error.at, zone, t.language, named=False)
        return t.gettext(SENTENCES[error.code]).format(who=error.who or t("somebody"), at=moment)
    return sentence(error, t)


def line_summary(line: Line, t: Translator) -> str:
    """A payout line in a few words: operation, amount, date, order in the file."""
    operation = t(BY_CODE[line.operation_code].label) if line.operation_code in BY_CODE else line.operation
    units, code = line.named_amount
    amount = t("no amount") if units is None else format_money(units, code, t.locale)
    return " · ".join(part for part in (operation, amount, day(line.date, t), line.file_order) if part)
