"""What the tables of several screens share: their height, and columns that are aligned to the right."""

from collections.abc import Iterable

import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from services.i18n import Translator

_HEAD, _ROW, _MOST_ROWS = 36, 35, 9  # pixels; nine rows leave room on the screen for what is below the table


def height(rows: int) -> int:
    """The height in pixels of a table of so many rows; a table of more than nine is scrolled."""
    return _HEAD + _ROW * min(rows, _MOST_ROWS)


def right_aligned(names: Iterable[str], t: Translator) -> dict[str, ColumnConfig]:
    """``column_config`` that aligns these columns to the right; ``names``: msgids."""
    return {t(name): st.column_config.TextColumn(alignment="right") for name in names}
