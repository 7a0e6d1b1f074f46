"""On every screen while part of the server's work stops: no worker, a worker with a stopped lane, or a full disk.

Each banner says what is not done and who can end it. Both are drawn again every 15 seconds, so that they appear and
disappear on a screen that nobody touches.
"""

from dataclasses import dataclass

import streamlit as st

from pages.components.common import allowed, desk, first_zone, in_one_read, language, texts
from pages.components.markdown import plain
from pages.components.order_words import lane_words
from services import clock
from services.access import ALL_ACCOUNTS, Right
from services.disk_space import RoomShort
from services.i18n import Translator, format_datetime

_SECONDS = 15.0


@dataclass(frozen=True, kw_only=True)
class _Banner:
    """``remedy``: what an administrator does; everybody else is asked to tell the administrator."""

    key: str
    icon: str
    headline: str
    effect: str
    remedy: str
    note: str


def show() -> None:
    if st.session_state.get("actor"):
        st.fragment(_draw, run_every=_SECONDS)()


@in_one_read
def _draw() -> None:
    t = texts()
    banners = [banner for banner in (_worker(t), _disk(t)) if banner is not None]
    if not banners:
        return
    configures = allowed(Right.CONFIGURE, ALL_ACCOUNTS)
    for banner in banners:
        remedy = banner.remedy if configures else t("Tell whoever runs this installation.")
        with st.container(border=True, key=banner.key):
            st.error(
                f"**{plain(banner.headline)}** {plain(banner.effect)}  \n{plain(remedy)}", icon=banner.icon
            )
            st.caption(banner.note)


def _worker(t: Translator) -> _Banner | None:
    still = desk().worker_watch.standstill
    if still is None:
        return None
    minute = clock.shown(still.since).replace(second=0, microsecond=0)
    since = format_datetime(minute, first_zone(), language())
    if still.whole:
        headline = t("Nothing is sent, fetched or imported since {since}.", since=since)
        effect = t("No worker gives a sign of life.")
    else:
        headline = t("Not everything is done since {since}.", since=since)
        effect = " ".join(lane_words(lane, t) for lane, _ in still.lanes)
    return _Banner(
        key="standstill_banner",
        icon=":material/sync_disabled:",
        headline=headline,
        effect=effect,
        remedy=t("Restart the dashboard, or the worker where it runs apart; its log says why it stopped."),
        note=t(
            "Nothing is lost: what waits goes on by itself afterwards. No e-mail can tell of this, since the worker sends them."
        ),
    )


def _disk(t: Translator) -> _Banner | None:
    """The free space is measured at each call and not stored as an alarm: a full disk may have no room for one."""
    found = desk().shortage.poll()
    if found is None:
        return None
    _, short = found
    if isinstance(short, RoomShort):
        headline = t(
            "Too little room on the server's disk: {free} MB are free, {needed} MB are needed.",
            free=short.free,
            needed=short.needed,
        )
        effect = t("Payout files are not imported, and exports are not made; links and e-mails go on.")
    else:
        headline = t("There is no room on the database's disk.")
        effect = t("What cannot be stored is refused, and HiPay is asked to tell it again.")
    return _Banner(
        key="room_banner",
        icon=":material/disc_full:",
        headline=headline,
        effect=effect,
        remedy=t(
            "Make room on the disk of the database and of temporary files; ETERMINAL_KEEP_FREE_MB says how much stays free."
        ),
        note=t("Everything goes on by itself once there is room."),
    )
