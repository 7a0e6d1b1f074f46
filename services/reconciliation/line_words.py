"""A line in a reader's words, on screens and in files alike."""

from services.i18n import Translator
from services.reconciliation.explain import KEY_NAMES, REASONS, values
from services.settlements.operations import BY_CODE
from services.store import Row


def operation(code: str, text: str, t: Translator) -> str:
    """The operation's name; as the file calls it where it is not known."""
    return t(BY_CODE[code].label) if code in BY_CODE else text or t("not known")


def reason(line: Row[object], t: Translator) -> str:
    """Why a line of ``services.reconciliation.views`` has its outcome; "" where nothing was said."""
    if line.reason not in REASONS:
        return ""
    row = {name: "" if value is None else value for name, value in line._mapping.items()}
    return t.gettext(REASONS[line.reason]).format(
        **values(row, {key: t(name) for key, name in KEY_NAMES.items()})
    )
