"""Why a person's decision is refused.

DecisionRefused
├── ReasonMissing
├── NothingChosen
├── TooManyLines
├── LineUnknown          there is no such line, or its file is not imported in full
├── LineReplaced         a newer file corrects the line
├── LineWithdrawn        the newest issue of its payout no longer has the line
├── TotalLine            a total of the other lines belongs to no order
├── ConflictingDecision  somebody has decided the line since it was shown
├── LineMoved            its outcome or order has changed since it was shown
├── OrderElsewhere       an order of another account
├── OrderErased          its customer's data was erased
├── DiffersFromOrder     a question: the lines differ from the order, and the person has given no reason
│   ├── CurrencyDiffers
│   ├── AmountDiffers
│   └── AmountNotNamed   the line names no amount that could be compared
├── OrderChanged         its amount is not the one that was shown
├── NothingSuggested
├── NotMatched           there is no order to take away
├── SharesRefused
│   ├── NoAmountToSplit
│   ├── TooFewShares
│   ├── ShareOrderTwice
│   ├── ShareSign        a share of nothing, or a debit in a credit
│   ├── ShareTooFine     below the smallest amount of the currency
│   └── SharesDiffer     they do not add up to the line
├── DecisionUnknown
├── AlreadyUndone
├── CommentRefused       it is empty
└── RuleRefused
    ├── RuleUnknown
    ├── RuleField
    ├── RuleTextTooShort
    └── RuleKnown        the same rule is there already
"""

from datetime import UTC, datetime
from typing import ClassVar

from services.errors import DeskError


class DecisionRefused(DeskError):
    code: ClassVar[str] = "decision"


class ReasonMissing(DecisionRefused):
    code = "decision_reason_missing"


class NothingChosen(DecisionRefused):
    code = "decision_nothing_chosen"


class TooManyLines(DecisionRefused):
    code = "decision_too_many_lines"

    def __init__(self, most: int) -> None:
        self.most = most


class LineUnknown(DecisionRefused):
    code = "decision_line_unknown"


class LineReplaced(DecisionRefused):
    code = "decision_line_replaced"


class LineWithdrawn(DecisionRefused):
    code = "decision_line_withdrawn"


class TotalLine(DecisionRefused):
    code = "decision_total_line"


class _ByOther(DecisionRefused):
    """``who``: the name of the person, ``at``: when (UTC)."""

    def __init__(self, who: str, at: datetime) -> None:
        self.who, self.at = who, at

    def fields(self) -> dict[str, str]:
        return {"who": self.who, "at": self.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")}


class ConflictingDecision(_ByOther):
    code = "decision_conflicting"


class LineMoved(DecisionRefused):
    code = "decision_line_moved"


class AlreadyUndone(_ByOther):
    code = "decision_already_undone"


class OrderElsewhere(DecisionRefused):
    code = "decision_order_elsewhere"

    def __init__(self, order_id: str) -> None:
        self.order_id = order_id


class OrderErased(DecisionRefused):
    code = "decision_order_erased"

    def __init__(self, order_id: str) -> None:
        self.order_id = order_id


class DiffersFromOrder(DecisionRefused):
    code = "decision_differs"

    def __init__(self, order_id: str) -> None:
        self.order_id = order_id


class CurrencyDiffers(DiffersFromOrder):
    code = "decision_currency_differs"

    def __init__(self, line_currency: str, order_currency: str, order_id: str) -> None:
        super().__init__(order_id)
        self.line_currency, self.order_currency = line_currency, order_currency


class AmountDiffers(DiffersFromOrder):
    """Amounts in 1/10000 of ``currency``; ``lines_units``: of all lines that are to go to the order."""

    code = "decision_amount_differs"

    def __init__(self, lines_units: int, ordered_units: int, currency: str, order_id: str) -> None:
        super().__init__(order_id)
        self.lines_units, self.ordered_units, self.currency = lines_units, ordered_units, currency


class AmountNotNamed(DiffersFromOrder):
    code = "decision_amount_not_named"


class OrderChanged(DecisionRefused):
    """``now_units``, in 1/10000 of ``currency``: what the order asks for now."""

    code = "decision_order_changed"

    def __init__(self, order_id: str, now_units: int, currency: str) -> None:
        self.order_id, self.now_units, self.currency = order_id, now_units, currency


class NothingSuggested(DecisionRefused):
    code = "decision_nothing_suggested"


class NotMatched(DecisionRefused):
    code = "decision_not_matched"


class SharesRefused(DecisionRefused):
    code = "decision_shares"


class NoAmountToSplit(SharesRefused):
    code = "decision_no_amount"


class TooFewShares(SharesRefused):
    code = "decision_too_few_shares"


class ShareOrderTwice(SharesRefused):
    code = "decision_share_order_twice"


class ShareSign(SharesRefused):
    code = "decision_share_sign"


class ShareTooFine(SharesRefused):
    code = "decision_share_too_fine"


class SharesDiffer(SharesRefused):
    """``rest``: what is left of the line in 1/10000, below zero when the shares are too much."""

    code = "decision_shares_differ"

    def __init__(self, rest: int) -> None:
        self.rest = rest


class DecisionUnknown(DecisionRefused):
    code = "decision_unknown"


class CommentRefused(DecisionRefused):
    code = "comment_empty"


class RuleRefused(DecisionRefused):
    code = "not_ours_rule"


class RuleUnknown(RuleRefused):
    code = "not_ours_rule_unknown"


class RuleField(RuleRefused):
    code = "not_ours_rule_field"


class RuleTextTooShort(RuleRefused):
    code = "not_ours_rule_text_too_short"

    def __init__(self, least: int) -> None:
        self.least = least


class RuleKnown(RuleRefused):
    code = "not_ours_rule_known"
