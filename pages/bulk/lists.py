"""The lists of payment requests that were started: how far each is, pausing and cancelling it, and the rows that were refused."""

from typing import Any

import streamlit as st

from pages.bulk import table
from pages.components import accounts
from pages.components.colours import Colour
from pages.components.common import actor, desk, in_one_read, language, refusals, texts
from pages.components.markdown import plain
from pages.components.order_words import person_name
from services.bulk import sending
from services.bulk.sending import LISTED, Progress
from services.error_messages import stored_sentence
from services.i18n import Translator, format_short

_MOST_REFUSED = 500  # rows that are listed
STATES: dict[str, tuple[str, str, Colour]] = {
    "running": ("Being sent", ":material/schedule_send:", "blue"),
    "paused": ("Paused", ":material/pause_circle:", "orange"),
    "done": ("Finished", ":material/check_circle:", "green"),
    "cancelled": ("Cancelled", ":material/cancel:", "gray"),
}


@st.fragment(run_every=2.0)
@in_one_read
def show() -> None:
    t = texts()
    with refusals():
        st.markdown(f"**{t('Lists')}**")
        most = st.session_state.setdefault("many_listed", LISTED)
        listing = sending.listing(desk(), actor(), most, accounts.chosen())
        for found in listing.shown:
            _list(found, t)
        if len(listing.shown) < listing.total and st.button(
            t("Show older lists"), icon=":material/history:", type="tertiary", key="many_older"
        ):
            st.session_state["many_listed"] = most + LISTED
            st.rerun()


def _list(found: Progress, t: Translator) -> None:
    batch = found.batch
    text, icon, colour = STATES[batch.state]
    with st.container(border=True, key=f"batch_{batch.id}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(batch.name)}**", width="content")
            st.badge(t(text), icon=icon, color=colour)
            when = format_short(batch.created_at, desk().account(batch.account).timezone, language())
            st.caption(plain(f"{when} · {person_name(batch.sender_name, t)}"), width="content")
        sent = t("{sent} of {rows} created", sent=found.created, rows=batch.rows)
        if batch.state == "running":
            minutes = max(1, round(found.left.total_seconds() / 60))
            sent += " · " + t.plural("about {count} minute left", "about {count} minutes left", minutes)
        st.progress((found.created + found.refused) / batch.rows, sent)
        if batch.reason:
            st.warning(stored_sentence(batch.reason, {}, t), icon=":material/report:")
        if batch.state == "cancelled" and found.waiting:
            st.caption(t.plural("{count} row was not sent.", "{count} rows were not sent.", found.waiting))
        _actions(batch, t)
        if found.refused:
            _refused(batch.id, found.refused, t)


def _actions(batch: Any, t: Translator) -> None:
    if batch.state not in ("running", "paused"):
        return
    with st.container(horizontal=True):
        if batch.state == "running" and st.button(
            t("Pause"), icon=":material/pause:", key=f"pause_{batch.id}"
        ):
            sending.pause(desk(), actor(), batch.id)
            st.rerun()
        if batch.state == "paused" and st.button(
            t("Go on"), icon=":material/play_arrow:", key=f"resume_{batch.id}"
        ):
            sending.resume(desk(), actor(), batch.id)
            st.rerun()
        with st.popover(t("Cancel the rest"), icon=":material/cancel:"):
            st.write(t("The rows that wait are not sent. What was sent stays sent."))
            if st.button(t("Yes, cancel the rest"), type="primary", key=f"cancel_{batch.id}"):
                sending.cancel(desk(), actor(), batch.id)
                st.rerun()


def _refused(batch: int, count: int, t: Translator) -> None:
    label = t.plural("{count} row could not be sent", "{count} rows could not be sent", count)
    with st.expander(label, icon=":material/error:"):
        rows = sending.refused(desk(), actor(), batch)[:_MOST_REFUSED]
        st.dataframe(table.refused_table(rows, t), hide_index=True, alt=label)
