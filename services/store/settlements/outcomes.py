"""The words by which lines, orders and decisions are stored: each list is here only."""

from typing import Literal, get_args

# What the join makes of a line.
Outcome = Literal[
    "matched",
    "suggested",
    "ambiguous",
    "contradictory",
    "unmatched",
    "not_ours",
    "account_level",
    "total_line",
    "excluded",
]
# What is between the candidates of a line, and between its expected texts, as the join has them: no id is typed with it.
BETWEEN = "\n"
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
# A person must look at these lines. The worst come first.
OPEN: tuple[Outcome, ...] = ("contradictory", "ambiguous", "suggested", "unmatched")

# Why a line has its outcome.
Reason = Literal[
    "keys_agree",
    "one_key_unknown",
    "follows_sale",
    "follows_split",
    "several_orders",
    "keys_disagree",
    "no_key",
    "operation_unknown",
    "digits_lost",
    "nothing_found",
    "near_reference",
    "near_order",
    "page_suffix",
    "other_column",
    "other_account",
    "several_near",
    "no_order_of_its_own",
    "control_total",
    "matched_by_hand",
    "split_by_hand",
    "unmatched_by_hand",
    "excluded_by_hand",
    "twice_by_hand",
    "reopened",
    "not_ours_by_hand",
    "not_ours_rule",
]
REASONS: tuple[Reason, ...] = get_args(Reason)

# What a person decides of a line.
PersonsDecision = Literal["match", "split", "unmatch", "exclude", "twice", "not_ours"]
# A correction that does not mean the same as its line any more reopens it.
DecisionKind = Literal[PersonsDecision, "reopened"]

# How a rule compares its text with a column.
Pattern = Literal["equals", "starts"]

# Whether and how far an order is settled.
Status = Literal[
    "wrong_currency",  # a sale, or what undoes one, in another currency than the order's
    "paid_twice",  # two transactions, each of the order's whole amount
    "settled_not_paid",  # settled, and not known as paid
    "amount_missing",  # a sale, or what undoes one, has no amount: how much is settled is not known
    "charged_back",
    "chargeback_won",
    "refunded",
    "refunded_in_part",
    "settled_over",  # more than was captured
    "settled_under",  # every capture has its line, and they are less than what was captured
    "settled_in_part",  # captures without a line yet
    "settled_in_full",  # all that was captured; a remainder that was released is not open
    "paid_not_settled",
    "awaited",  # from the shop's own list, and nothing is settled: whether it was paid is not known
    "not_due",  # not paid, nothing settled
]
STATUSES: tuple[Status, ...] = get_args(Status)
# A person must look at orders of these, and at every order of which something collected is in no line.
OPEN_STATUSES: tuple[Status, ...] = (
    "wrong_currency",
    "paid_twice",
    "settled_not_paid",
    "amount_missing",
    "charged_back",
    "settled_over",
    "settled_under",
    "settled_in_part",
    "paid_not_settled",
)
