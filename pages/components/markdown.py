"""Text from people, shown by Streamlit's Markdown as it was typed."""

import re

_MARKS = re.compile(r"[\\`*_{}\[\]<>~$:&|#]")
_AT_THE_BEGINNING = re.compile(r"^([^\S\n]*\d*)(?=[-+.)])", re.MULTILINE)  # of a line: lists and rules
# What Streamlit looks for after the marks are read, so that a mark before it is no help: addresses, which become links,
# icons, its logo, and arrows and dashes between blanks. An invisible joiner, where nothing may break, parts them.
_JOINER = "\u2060"
_LOOKED_FOR = re.compile(
    r"(?<=:)(?=//|material/|streamlit:)|(?<=www)(?=\.)|(?<=\s[<>~])(?==\s)|(?<=\s[<-])(?=[->])", re.IGNORECASE
)


def plain(text: str) -> str:
    """The text with every mark of Markdown, and of Streamlit's own, made inert."""
    parted = _LOOKED_FOR.sub(_JOINER, f" {text} ")[1:-1]
    return _AT_THE_BEGINNING.sub(r"\1\\", _MARKS.sub(r"\\\g<0>", parted))
