"""What the windows of decisions share: the reason, the two buttons, refusals, the progress."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import streamlit as st

from pages.components.common import desk, first_zone, texts
from pages.components.decision_words import PHRASES, refusal_words
from pages.components.markdown import plain
from services.errors import DeskError
from services.reconciliation.decisions.checks import REASON_MAX

_PROGRESS_AFTER = 1.0  # seconds
_REMEMBERED, _PRESSED = "by_hand_kept", "by_hand_pressed"


def remembered(name: str, first: Callable[[], Any]) -> Any:
    """The value of the open window under ``name``; ``first`` makes the initial one."""
    values: dict[str, Any] = st.session_state.setdefault(_REMEMBERED, {})
    if name not in values:
        values[name] = first()
    return values[name]


def forget() -> None:
    """Delete the values of the window: it is closed, or another is opened."""
    st.session_state.pop(_REMEMBERED, None)


def ask_reason(act: str, key: str, *, differs: bool = False) -> str:
    """Ask for the reason, chosen or typed. Where the amounts ``differs``, it is typed."""
    t = texts()
    if differs:
        label = t("Reason: why do they belong together? (your colleagues will read it)")
        return st.text_input(label, key=f"why_differs_{key}", max_chars=REASON_MAX) or ""
    phrases, place = [t(phrase) for phrase in PHRASES[act]], f"why_{key}"

    def use_phrase() -> None:
        chosen = st.session_state.get(f"phrase_{key}")
        if chosen:
            st.session_state[place] = chosen

    why = st.text_input(t("Reason (your colleagues will read it)"), key=place, max_chars=REASON_MAX)
    st.pills(
        t("Often given"), phrases, key=f"phrase_{key}", on_change=use_phrase, label_visibility="collapsed"
    )
    return why or ""


def confirm_or_back(
    label: str, key: str, close: Callable[[], None], *, ready: bool, shown: Any = None
) -> bool:
    """The window's two buttons. True where the act is confirmed; ``shown``: see ``confirm``."""
    back, forward = st.columns(2)
    if back.button(texts()("Back"), width="stretch", key=f"back_{key}"):
        close()
        st.rerun()
    with forward:
        return confirm(label, f"go_{key}", shown, type="primary", width="stretch", disabled=not ready)


def confirm(label: str, key: str, shown: Any, **options: Any) -> bool:
    """A button that confirms what is ``shown``. True where it was pressed. Where ``shown`` has changed between drawing and
    press, shows an error and returns False."""
    pressed = st.button(label, key=key, on_click=_press, args=(shown,), **options)
    if pressed and st.session_state.pop(_PRESSED, None) != shown:
        st.error(texts()("This has changed while you pressed: look at it again."), icon=":material/error:")
        return False
    return pressed


def _press(shown: Any) -> None:
    st.session_state[_PRESSED] = shown


@contextmanager
def decision_refusals(account: str) -> Iterator[None]:
    """Show a refusal raised in the block as one sentence."""
    try:
        yield
    except DeskError as error:
        known = desk().settings.all_accounts
        zone = known[account].timezone if account in known else first_zone()
        st.error(plain(refusal_words(error, zone, texts())), icon=":material/error:")


@contextmanager
def progress_after_a_while() -> Iterator[Callable[[float], None]]:
    """A callback for the progress of the work, from 0 to 1, shown once it has taken a second."""
    begun, place = time.monotonic(), st.empty()

    def report(part: float) -> None:
        if time.monotonic() - begun > _PROGRESS_AFTER:
            place.progress(part, texts()("Joining the lines again…"))

    yield report
    place.empty()
