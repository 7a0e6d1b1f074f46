"""The reason of an outcome as a sentence: English msgids, which the pages translate, and the values they need."""

from collections.abc import Sequence

import pyarrow.compute as pc

from services.i18n import PLACEHOLDER
from services.reconciliation.matching.key_texts import LOOSE, normalised
from services.reconciliation.matching.lookup import strings

KEY_NAMES: dict[str, str] = {
    "reference": "invoice number or reference",
    "order_id": "order id",
    "transaction": "transaction id",
    "operation": "operation id",
    "sale": "the sale of the same transaction",
}

# The placeholders are columns of match(); {keys} and {unknown_keys} as their names with their texts, in the reader's language.
REASONS: dict[str, str] = {
    "keys_agree": "Found by: {keys}.",
    "one_key_unknown": "Found by: {keys}. Not known: {unknown_keys}.",
    "follows_sale": "Belongs to the sale of the same transaction.",
    "follows_split": "Divided as the sale of the same transaction is.",
    "several_orders": "Found by: {keys}, but several orders have it: {candidates}.",
    "keys_disagree": "The keys name different orders: {expected}.",
    "no_key": "The line has neither a reference nor an order id, a transaction id or an operation id.",
    "operation_unknown": "“{seen}” is an operation that is not known here, and the line has no key.",
    "digits_lost": "“{seen}” was shortened by a spreadsheet: nothing can be found by it. Ask HiPay for the original file.",
    "nothing_found": "No order is known by its {unknown_keys}.",
    "near_reference": "“{seen}” is nearly the reference “{expected}” of order {nearest_id}.",
    "near_order": "“{seen}” is nearly the order id “{expected}”.",
    "page_suffix": "“{seen}” looks like another page of order {nearest_id}.",
    "other_column": "“{seen}” stands in another column than “{expected}” of order {nearest_id}.",
    "other_account": "“{seen}” is known in another account: order {nearest_id}.",
    "several_near": "Several orders come near “{seen}”; one of the nearest is {nearest_id}.",
    "no_order_of_its_own": "A fee, reserve or transfer of the account, not of an order.",
    "control_total": "A total of the other lines.",
    "matched_by_hand": "Matched by a person.",
    "split_by_hand": "Divided over several orders by a person.",
    "unmatched_by_hand": "Taken from its order by a person.",
    "excluded_by_hand": "Left out by a person.",
    "twice_by_hand": "Withdrawn by a person, since it is counted twice: its payout is without it.",
    "reopened": "A person had decided this line, and a correction has changed what was decided: decide it anew.",
    "not_ours_by_hand": "Said not to be ours by a person.",
    "not_ours_rule": "Not this business, by a rule.",
}

PLACEHOLDERS = {name: tuple(PLACEHOLDER.findall(text)) for name, text in REASONS.items()}

OUTCOMES: dict[str, str] = {
    "matched": "Matched",
    "suggested": "Suggested",
    "ambiguous": "Ambiguous",
    "contradictory": "Contradictory",
    "unmatched": "Not matched",
    "not_ours": "Not this business",
    "account_level": "Account items",
    "total_line": "Total line",
    "excluded": "Left out",
}

STATUSES: dict[str, str] = {
    "wrong_currency": "Settled in another currency than the order's",
    "paid_twice": "Paid twice",
    "settled_not_paid": "Settled, but not known as paid",
    "amount_missing": "A line has no amount",
    "charged_back": "Charged back",
    "chargeback_won": "Chargeback won",
    "refunded": "Refunded",
    "refunded_in_part": "Refunded in part",
    "settled_over": "Settled: more than was collected",
    "settled_under": "Settled: less than was collected",
    "settled_in_part": "Settled in part",
    "settled_in_full": "Settled in full",
    "paid_not_settled": "Paid, not settled yet",
    "awaited": "Expected, in no payout yet",
    "not_due": "Not paid, nothing due",
}


# In what two texts that are nearly the same may differ.
DIFFERENCES: dict[str, str] = {
    "case": "capital and small letters",
    "blanks": "blanks",
    "dashes": "dashes, underscores, dots and slashes",
    "zeros": "zeros at the beginning",
}


def differences(pairs: Sequence[tuple[str, str]]) -> list[tuple[str, ...]]:
    """Of each pair of texts that are loosely the same: in which of DIFFERENCES they differ."""
    ones, others = strings([one for one, _ in pairs]), strings([other for _, other in pairs])
    differ = {
        name: pc.not_equal(normalised(ones, LOOSE - {name}), normalised(others, LOOSE - {name})).to_pylist()
        for name in DIFFERENCES
    }
    return [tuple(name for name in DIFFERENCES if differ[name][place]) for place in range(len(pairs))]
