"""What the tables of several screens share: their height, and columns that are aligned to the right."""

from collections.abc import Iterable

import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from services.i18n import Translator

_HEAD, _ROW, _MOST_ROWS = 36, 35, 9  # pixels; with nine rows, what is below the table is still in sight


def height(rows: int) -> int:
    """The height of a table of so many rows, in pixels: at most nine are seen without scrolling."""
    return _HEAD + _ROW * min(rows, _MOST_ROWS)


def right_aligned(names: Iterable[str], t: Translator) -> dict[str, ColumnConfig]:
    """``column_config`` that aligns these columns to the right; ``names``: msgids."""
    return {t(name): st.column_config.TextColumn(alignment="right") for name in names}
