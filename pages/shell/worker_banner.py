"""On every screen while no worker gives a sign of life, or not for everything: what is not done, since when, what to do."""

import streamlit as st

from pages.components.common import (
    actor,
    desk,
    language,
    texts,
)
from pages.components.markdown import plain
from pages.components.order_words import lane_words
from services import clock
from services.access import Right, rights
from services.i18n import format_datetime
from services.reconciliation.views.overview import zone_of

_SECONDS = 15.0  # it comes and goes by itself on a screen that nobody touches


def show() -> None:
    if st.session_state.get("actor"):
        st.fragment(_draw, run_every=_SECONDS)()


def _draw() -> None:
    still = desk().watch.still
    if still is None:
        return
    t = texts()
    minute = clock.shown(still.since).replace(second=0, microsecond=0)
    since = format_datetime(minute, zone_of(desk()).key, language())
    if still.whole:
        head = t("Nothing is sent, fetched or imported since {since}.", since=since)
        more = t("No worker gives a sign of life.")
    else:
        head = t("Not everything is done since {since}.", since=since)
        more = " ".join(lane_words(lane, t) for lane, _ in still.lanes)
    with desk().store.read() as tx:
        configures = Right.CONFIGURE in rights(tx, actor())
    if configures:
        do = t("Restart the dashboard, or the worker where it runs apart; its log says why it stopped.")
    else:
        do = t("Tell whoever runs this installation.")
    with st.container(border=True, key="standstill_banner"):
        st.error(f"**{plain(head)}** {plain(more)}  \n{plain(do)}", icon=":material/sync_disabled:")
        st.caption(
            t(
                "Nothing is lost: what waits goes on by itself afterwards. No e-mail can tell of this, since the worker sends them."
            )
        )
