"""On every screen while a disk of the server has too little room: what stands still meanwhile, and who can end it.

It measures at each look: an alarm would have to be stored.
"""

import streamlit as st

from pages.components.common import actor, desk, texts
from pages.components.markdown import plain
from services.access import Right, rights
from services.disk_space import NoRoom, RoomShort
from services.i18n import Translator

_SECONDS = 15.0  # it comes and goes by itself on a screen that nobody touches


def show() -> None:
    if st.session_state.get("actor"):
        st.fragment(_draw, run_every=_SECONDS)()


def _draw() -> None:
    found = desk().shortage.look()
    if found is None:
        return
    t = texts()
    _, short = found
    with desk().store.read() as tx:
        configures = Right.CONFIGURE in rights(tx, actor())
    if configures:
        do = t(
            "Make room on the disk of the database and of temporary files; ETERMINAL_KEEP_FREE_MB says how much stays free."
        )
    else:
        do = t("Tell whoever runs this installation.")
    with st.container(border=True, key="room_banner"):
        st.error(
            f"**{plain(_head(short, t))}** {plain(_still(short, t))}  \n{plain(do)}",
            icon=":material/disc_full:",
        )
        st.caption(t("Everything goes on by itself once there is room."))


def _head(short: NoRoom, t: Translator) -> str:
    if isinstance(short, RoomShort):
        return t(
            "Too little room on the server's disk: {free} MB are free, {needed} MB are needed.",
            free=short.free,
            needed=short.needed,
        )
    return t("There is no room on the database's disk.")


def _still(short: NoRoom, t: Translator) -> str:
    if isinstance(short, RoomShort):
        return t("Payout files are not imported, and exports are not made; links and e-mails go on.")
    return t("What cannot be stored is refused, and HiPay is asked to tell it again.")


def no_exports() -> bool:
    """Whether there is no room to make one; said in a sentence."""
    if desk().room.has():
        return False
    st.warning(
        texts()("There is too little room on the server's disk to make a file."), icon=":material/disc_full:"
    )
    return True
