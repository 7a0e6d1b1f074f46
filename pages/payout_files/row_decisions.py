"""Rows of a payout file that a person ticks and decides: the ticks in the session, and decisions that were undone."""

from datetime import datetime
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from pages.components import selection, tables
from pages.components.common import language
from pages.components.markdown import plain
from pages.components.order_words import person_name
from services.i18n import Translator, format_short


def draw_table(
    name: str, place: str, frame: pd.DataFrame, ids: list[int], alt: str
) -> tuple[selection.Id, ...]:
    """Draw the rows with a box to tick each. Returns those that are ticked. ``name``: of the session's ticks, by ``place``."""
    ticked: tuple[selection.Id, ...] = st.session_state.setdefault(f"{name}_ticked", {}).get(place, ())
    selection.draw(
        f"{name}_{place}",
        frame,
        ids,
        ticked,
        partial(_store_ticks, name, place),
        several=True,
        opens=False,
        height=tables.height(len(ids)),
        alt=alt,
    )
    return ticked


def untick_and_rerun(name: str) -> None:
    """Untick everything and run the whole screen again, since the payouts have changed, too."""
    st.session_state.pop(f"{name}_ticked", None)
    st.rerun(scope="app")


def show_undone(decision: str, act: Any, ended: datetime, zone: str, t: Translator) -> None:
    """Show a decision that was undone: what it was, and who undid it when and why."""
    st.caption(
        plain(
            t(
                "{was} (undone by {name}, {at}: {reason})",
                was=decision,
                name=person_name(act.undoer, t),
                at=format_short(ended, zone, language()),
                reason=act.undo_reason,
            )
        )
    )


def _store_ticks(name: str, place: str, ticked: tuple[selection.Id, ...]) -> None:
    st.session_state[f"{name}_ticked"] = {**st.session_state.get(f"{name}_ticked", {}), place: ticked}
