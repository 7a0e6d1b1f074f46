"""Text from people, shown by Streamlit's Markdown as it was typed."""

_MARKS = frozenset("\\`*_{}[]()#+-.!|<>~$:&")


def plain(text: str) -> str:
    """The text with every mark of Markdown made inert."""
    return "".join(f"\\{character}" if character in _MARKS else character for character in text)
