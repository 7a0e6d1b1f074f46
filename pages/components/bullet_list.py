"""A list of texts, of which the first are shown and the others counted."""

from collections.abc import Sequence

import streamlit as st

from pages.components.common import texts
from pages.components.markdown import plain


def bullet_list(items: Sequence[str], most: int = 10) -> None:
    """Show the first ``most`` texts as a list, and how many more there are."""
    t = texts()
    shown = [f"- {plain(one)}" for one in items[:most]]
    left = len(items) - len(shown)
    if left:
        shown.append("- " + t.plural("and {count} more", "and {count} more", left))
    st.markdown("\n".join(shown))
