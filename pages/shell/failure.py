"""A screen that fails: the reader gets a sentence with a number; the log has the traceback under the same number."""

import logging
import secrets

import streamlit as st

from pages.components.common import texts
from pages.components.markdown import plain
from services.desk import STORE_AWAY
from services.disk_space import NoRoom, is_full
from services.error_messages import sentence

log = logging.getLogger(__name__)


def show_failure(error: Exception) -> bool:
    """Streamlit's handler of a screen's uncaught exception. Returns True: Streamlit then shows nothing itself."""
    if is_full(error):
        log.warning("a screen could not be shown: there is no room (%s)", type(error).__name__)
        st.error(plain(sentence(NoRoom(), texts())), icon=":material/disc_full:")
        return True
    number = secrets.token_hex(4).upper()
    log.error("error %s", number, exc_info=error)
    if isinstance(error, STORE_AWAY):
        st.error(
            texts()("The database does not answer for the moment. Nothing is lost: try again in a minute."),
            icon=":material/cloud_off:",
        )
        return True
    st.error(
        texts()(
            "Something went wrong here. Nothing was sent twice or lost. Tell your administrator this number: {number}",
            number=number,
        ),
        icon=":material/error:",
    )
    return True
