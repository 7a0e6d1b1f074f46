"""On every screen in the sandbox: no money moves; links to the sandbox; a month of samples.

A separate thread makes the samples, since a click elsewhere ends a screen's run before they are complete.
"""

import logging
import threading
from dataclasses import dataclass

import streamlit as st

from pages.components.common import actor, desk, texts
from pages.components.markdown import plain
from services.access import Actor, Right, rights_on
from services.demo import sample_state
from services.desk import Desk
from services.error_messages import sentence
from services.error_messages.sentences import UNKNOWN
from services.errors import DeskError

log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class _Sample:
    """The samples that this process makes now, or made last."""

    fraction: float = 0.0
    text: str = ""
    running: bool = False
    refusal: DeskError | None = None
    failed: bool = False


_sample = _Sample()
_starting = threading.Lock()


def show() -> None:
    t, sandbox = texts(), desk().settings.sandbox_url
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="sandbox_banner"):
        st.badge(t("Sandbox: no money moves"), icon=":material/science:", color="orange")
        st.link_button(t("Mailbox"), f"{sandbox}/mailbox", icon=":material/mail:", type="tertiary")
        st.link_button(t("HiPay sandbox"), f"{sandbox}/control", icon=":material/tune:", type="tertiary")
        if not _sample.running and _may_make():
            st.button(
                t("Create a month of samples"),
                icon=":material/auto_awesome:",
                type="tertiary",
                key="make_sample",
                on_click=_start,
                args=(desk(), actor()),
            )
    if _sample.running:
        st.fragment(_progress, run_every=1)()
    elif st.session_state.get("sample_asked"):  # in the session that asked, until the person closes it
        _outcome()


def being_made() -> bool:
    """Whether the samples are being made. The sandbox's clock is then in the past: a form would offer dates that are
    invalid a minute later."""
    return _sample.running


def show_being_made() -> None:
    """Shown instead of a form; the banner runs the screen again when the samples are made."""
    st.info(
        texts()(
            "A month of samples is being made, and the clock stands in the past meanwhile. The form comes back by itself in about a minute."
        ),
        icon=":material/hourglass_top:",
    )


def _may_make() -> bool:
    found = st.session_state.get("actor")
    if found is None or sample_state.made(desk()):
        return False
    with desk().store.read() as tx:
        return Right.SEND in rights_on(tx, found, next(iter(desk().settings.all_accounts)))


def _progress() -> None:
    if not _sample.running:
        st.rerun()
    st.progress(min(max(_sample.fraction, 0.0), 1.0), texts()(_sample.text or "The samples are being made…"))


def _outcome() -> None:
    t = texts()
    if _sample.refusal or _sample.failed:
        words = sentence(_sample.refusal, t) if _sample.refusal else t(UNKNOWN)
        st.error(plain(words), icon=":material/error:")
    else:
        st.success(
            t(
                "A month of samples is there: its requests under Payment requests, its payouts with their files under Payouts."
            ),
            icon=":material/check_circle:",
        )
    with st.container(horizontal=True):
        if not (_sample.refusal or _sample.failed):
            link = f"{desk().settings.sandbox_url}/control#settlements"
            st.link_button(t("Payout files of the HiPay sandbox"), link, icon=":material/download:")
        st.button(t("Close"), key="sample_close", on_click=_dismiss)


def _dismiss() -> None:
    st.session_state.pop("sample_asked", None)


def _start(desk: Desk, actor: Actor) -> None:
    st.session_state["sample_asked"] = True
    with _starting:
        if _sample.running:
            return
        _sample.running, _sample.fraction, _sample.text = True, 0.0, ""
        _sample.refusal, _sample.failed = None, False
    threading.Thread(target=_make, args=(desk, actor), name="sample", daemon=True).start()


def _make(desk: Desk, actor: Actor) -> None:
    def progress(fraction: float, text: str) -> None:
        _sample.fraction, _sample.text = fraction, text

    from services.demo import sample_month  # not above: it is long to load, and few ask for it

    try:
        sample_month.make(desk, actor, progress)
    except DeskError as refusal:
        log.warning("the samples could not be made: %s", refusal.code)
        _sample.refusal = refusal
    except Exception:  # nothing above this thread catches it; the screen shows that it failed
        log.exception("the samples could not be made")
        _sample.failed = True
    finally:
        _sample.running = False
