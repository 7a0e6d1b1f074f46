"""The sentence for a refusal, in the reader's language."""

from collections.abc import Mapping

from services.error_messages.sentences import CODES, KINDS_OF_FILE, SENTENCES, UNKNOWN
from services.errors import DeskError
from services.i18n import PLACEHOLDER, Translator, trimmed
from services.money import UNITS, exponent, format_money, plain
from services.settlements.columns import LABELS


def sentence(error: DeskError, t: Translator) -> str:
    """The refusal in the reader's language."""
    return stored_sentence(error.code, error.fields(), t)


def stored_sentence(code: str, fields: Mapping[str, str], t: Translator) -> str:
    """The same of a refusal whose code and fields were stored, perhaps by a version that had others."""
    said = {name: _in_words(code, name, value, t) for name, value in fields.items()} | _amounts(fields, t)
    text = trimmed(t.gettext(SENTENCES.get(code, UNKNOWN)), said)
    if any(said.get(name, "None") == "None" for name in PLACEHOLDER.findall(text)):
        return t.gettext(_general(code))
    return text.format_map(said)


def _general(code: str) -> str:
    """The sentence of a refusal without its fields: the one of its kind."""
    kinds = (code.rsplit("_", cut)[0] for cut in range(1, code.count("_") + 1))
    texts = (SENTENCES.get(kind, "") for kind in kinds)
    return next((text for text in texts if text and not PLACEHOLDER.search(text)), UNKNOWN)


def _in_words(code: str, name: str, value: str, t: Translator) -> str:
    """A field whose value is a code, in words: a kind of file, columns of a payout file, why something failed."""
    if (code, name) in CODES:
        return t(CODES[code, name].get(value, value))
    if name == "looks_like":
        return t(KINDS_OF_FILE.get(value, value))
    if name == "columns" and code in ("settlement_file_missing_columns", "settlement_file_doubtful_columns"):
        return ", ".join(t(LABELS.get(column, column)) for column in value.split(", "))
    return value


def _amounts(fields: Mapping[str, str], t: Translator) -> dict[str, str]:
    """The amounts of the fields ``…_units``. Refusals stored by earlier versions have their amounts as texts, which stay."""
    currency = fields.get("currency", "")
    example = {} if "example" in fields else {"example": _example(currency, t.locale)}
    return example | {
        name.removesuffix("_units"): format_money(int(value), currency, t.locale)
        for name, value in fields.items()
        if name.endswith("_units")
    }


def _example(currency: str, locale: str) -> str:
    return plain(1234 * UNITS + (UNITS // 2 if exponent(currency) else 0), currency, locale)
