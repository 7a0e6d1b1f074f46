"""A line in a reader's words, on screens and in files alike."""

from collections.abc import Sequence

from services.i18n import Translator
from services.money import format_money
from services.reconciliation.views.reasons import (
    DIFFERENCES,
    KEY_NAMES,
    PLACEHOLDERS,
    REASONS,
    differences,
)
from services.settlements.settlement_operations import BY_CODE, ORDER_KINDS
from services.store.settlements.lines.stored_lines import ShownLine

# For such a line the sentence also names the keys that were tried and what differs.
_NEAR = frozenset(
    {"near_reference", "near_order", "page_suffix", "other_column", "other_account", "several_near"}
)
_ALIKE = _NEAR - {"page_suffix"}  # texts that differ only in what ``differences`` names
_COLUMNS = {"order_id": "file_order", "transaction": "transaction_id", "operation": "merchant_operation_id"}


def operation(code: str, text: str, t: Translator) -> str:
    """The operation's name; as the file calls it where it is not known."""
    return t(BY_CODE[code].label) if code in BY_CODE else text or t("not known")


def reason(line: ShownLine, t: Translator) -> str:
    """Why a line of ``services.reconciliation.views.lists`` has its outcome; "" where there is no reason.

    Of one that is open: the keys that were tried with their texts, the nearest candidate, and what differs.
    """
    return reasons([line], t)[0]


def reasons(lines: Sequence[ShownLine], t: Translator) -> list[str]:
    """``reason`` of each line."""
    alike = [line for line in lines if line.reason in _ALIKE]
    found = differences([(line.seen, "\n".join(line.expected)) for line in alike]) if alike else []
    differ = {line.id: names for line, names in zip(alike, found, strict=True)}
    return [_reason(line, differ.get(line.id, ()), t) for line in lines]


def _reason(line: ShownLine, differ: Sequence[str], t: Translator) -> str:
    if line.reason not in REASONS:
        return ""
    sentences = [_sentence(line.reason, line, t)]
    if line.reason in _NEAR:
        if line.unknown_keys:
            sentences.insert(0, _sentence("nothing_found", line, t))
        if differ:
            words = "; ".join(t(DIFFERENCES[name]) for name in differ)
            sentences.append(t("The texts differ in: {differences}.", differences=words))
        sentences += _amounts(line, t)
    return " ".join(sentences + _missing(line, t))


def _sentence(name: str, line: ShownLine, t: Translator) -> str:
    """REASONS[name] with the values that it names."""
    return t.gettext(REASONS[name]).format(**{value: _value(value, line, t) for value in PLACEHOLDERS[name]})


def _value(name: str, line: ShownLine, t: Translator) -> str:
    if name in ("keys", "unknown_keys"):
        return ", ".join(_key(key, line, t) for key in getattr(line, name).split())
    if name == "candidates":
        return ", ".join(line.candidates)
    if name == "expected":
        return _by_key(line, t) if line.reason == "keys_disagree" else "\n".join(line.expected)
    return getattr(line, name) or ""


def _missing(line: ShownLine, t: Translator) -> list[str]:
    """Sentences about what a missing amount blocks."""
    sentences = []
    if line.kind in ORDER_KINDS and line.original_amount_units is None:
        sentences.append(t("It has no original amount, and settles nothing of an order."))
    if line.settled_amount_units is None:
        sentences.append(t("It has no settled amount: its payout does not tie."))
    return sentences


def _key(key: str, line: ShownLine, t: Translator) -> str:
    column = f"reporting_data_{line.reference or 1}" if key == "reference" else _COLUMNS.get(key, "")
    text = getattr(line, column).strip() if column else ""
    return t("{key} “{text}”", key=t(KEY_NAMES[key]), text=text) if text else t(KEY_NAMES[key])


def _by_key(line: ShownLine, t: Translator) -> str:
    """Which key names which orders."""
    pairs = [part.split(" ", 1) for part in line.expected if " " in part]
    named = [
        t("{key} names {orders}", key=_key(key, line, t), orders=orders)
        for key, orders in pairs
        if key in KEY_NAMES
    ]
    return "; ".join(named) or ", ".join(line.candidates)


def _amounts(line: ShownLine, t: Translator) -> list[str]:
    units, ordered = line.original_amount_units, line.nearest_amount
    if units is None or ordered is None:
        return []
    if (abs(units), line.original_currency) == (ordered, line.nearest_currency):
        return [t("The amount is the same.")]
    ours = format_money(ordered, line.nearest_currency or "", t.locale)
    theirs = format_money(abs(units), line.original_currency, t.locale) if line.original_currency else "—"
    return [t("The amounts differ: {line} in the line, {order} ordered.", line=theirs, order=ours)]
