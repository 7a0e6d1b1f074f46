"""Text from people, shown by Streamlit's Markdown as it was typed."""

import re

_MARKS = re.compile(r"[\\`*_{}\[\]<>~$:&|#]")
_AT_THE_BEGINNING = re.compile(r"^([^\S\n]*\d*)(?=[-+.)])", re.MULTILINE)  # of a line: lists and rules
# Streamlit replaces these after it has read the Markdown, so a backslash does not help: addresses (as links), icons, its
# logo, arrows and dashes between blanks. An invisible word joiner is put between their characters.
_JOINER = "\u2060"
_REPLACED_BY_STREAMLIT = re.compile(
    r"(?<=:)(?=//|material/|streamlit:)|(?<=www)(?=\.)|(?<=\s[<>~])(?==\s)|(?<=\s[<-])(?=[->])", re.IGNORECASE
)


def plain(text: str) -> str:
    """The text with every mark of Markdown, and of Streamlit's own, escaped."""
    parted = _REPLACED_BY_STREAMLIT.sub(_JOINER, f" {text} ")[1:-1]
    return _AT_THE_BEGINNING.sub(r"\1\\", _MARKS.sub(r"\\\g<0>", parted))
