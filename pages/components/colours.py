"""The colours of Streamlit's badges that the screens use. A colour never stands alone: an icon and a word say the same."""

from typing import Literal

Colour = Literal["red", "orange", "yellow", "blue", "green", "violet", "gray"]
