"""A line in a reader's words, on screens and in files alike."""

from services.i18n import Translator
from services.money import format_money
from services.reconciliation.views.reasons import (
    DIFFERENCES,
    KEY_NAMES,
    REASONS,
    differences,
    values,
)
from services.settlements.settlement_operations import BY_CODE, ORDER_KINDS
from services.store.settlements.stored_lines import ShownLine

# For such a line the sentence also names the keys that were tried and what differs.
_NEAR = frozenset(
    {"near_reference", "near_order", "page_suffix", "other_column", "other_account", "several_near"}
)
_ALIKE = _NEAR - {"page_suffix"}  # texts that differ only in what ``differences`` names
_IN_SENTENCES = ("candidates", "nearest_id", "seen", "expected", "keys", "unknown_keys")
_COLUMNS = {"order_id": "file_order", "transaction": "transaction_id", "operation": "merchant_operation_id"}


def operation(code: str, text: str, t: Translator) -> str:
    """The operation's name; as the file calls it where it is not known."""
    return t(BY_CODE[code].label) if code in BY_CODE else text or t("not known")


def reason(line: ShownLine, t: Translator) -> str:
    """Why a line of ``services.reconciliation.views.lists`` has its outcome; "" where there is no reason.

    Of one that is open: the keys that were tried with their texts, the nearest candidate, and what differs.
    """
    if line.reason not in REASONS:
        return ""
    row: dict[str, object] = {name: getattr(line, name) or "" for name in _IN_SENTENCES}
    row |= {"candidates": ", ".join(line.candidates), "expected": "\n".join(line.expected)}
    names = {key: _key(key, line, t) for key in KEY_NAMES}
    if line.reason == "keys_disagree":
        row["expected"] = _by_key(line, names, t)
    sentences = [t.gettext(REASONS[line.reason]).format(**values(row, names))]
    if line.reason in _NEAR:
        if line.unknown_keys:
            sentences.insert(0, t.gettext(REASONS["nothing_found"]).format(**values(row, names)))
        if line.reason in _ALIKE:
            sentences += _differing(line, t)
        sentences += _amounts(line, t)
    return " ".join(sentences + _missing(line, t))


def _missing(line: ShownLine, t: Translator) -> list[str]:
    """Sentences about what a missing amount blocks."""
    sentences = []
    if line.kind in ORDER_KINDS and line.original_amount_units is None:
        sentences.append(t("It has no original amount, and settles nothing of an order."))
    if line.settled_amount_units is None:
        sentences.append(t("It has no settled amount: its payout is not proved."))
    return sentences


def _key(key: str, line: ShownLine, t: Translator) -> str:
    column = f"reporting_data_{line.reference or 1}" if key == "reference" else _COLUMNS.get(key, "")
    text = getattr(line, column).strip() if column else ""
    return t("{key} “{text}”", key=t(KEY_NAMES[key]), text=text) if text else t(KEY_NAMES[key])


def _by_key(line: ShownLine, names: dict[str, str], t: Translator) -> str:
    """Which key names which orders."""
    pairs = [part.split(" ", 1) for part in line.expected if " " in part]
    named = [
        t("{key} names {orders}", key=names[key], orders=orders) for key, orders in pairs if key in names
    ]
    return "; ".join(named) or ", ".join(line.candidates)


def _differing(line: ShownLine, t: Translator) -> list[str]:
    found = [t(DIFFERENCES[name]) for name in differences(line.seen, "\n".join(line.expected))]
    return [t("The texts differ in: {differences}.", differences="; ".join(found))] if found else []


def _amounts(line: ShownLine, t: Translator) -> list[str]:
    units, ordered = line.original_amount_units, line.nearest_amount
    if units is None or ordered is None:
        return []
    if (abs(units), line.original_currency) == (ordered, line.nearest_currency):
        return [t("The amount is the same.")]
    ours = format_money(ordered, line.nearest_currency or "", t.locale)
    theirs = format_money(abs(units), line.original_currency, t.locale) if line.original_currency else "—"
    return [t("The amounts differ: {line} in the line, {order} ordered.", line=theirs, order=ours)]
