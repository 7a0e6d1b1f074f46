"""What the windows of decisions by hand share: the reason, the two buttons, refusals, the progress, the form of a rule."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import streamlit as st

from pages.components.common import actor, desk, first_zone, texts
from pages.components.decision_words import PATTERNS, PHRASES, refusal_words
from pages.components.markdown import plain
from pages.components.outcome_words import day
from services.errors import DeskError
from services.i18n import Translator
from services.money import format_money
from services.reconciliation.decisions import not_ours_rules
from services.reconciliation.decisions.available import Line
from services.reconciliation.decisions.checks import REASON_MAX
from services.settlements.operations import BY_CODE

_PATIENCE = 1.0  # seconds after which the progress is shown
_KEPT, _PRESSED = "by_hand_kept", "by_hand_pressed"


def kept(name: str, first: Callable[[], Any]) -> Any:
    """What the open window remembers under ``name``, at first this."""
    remembered: dict[str, Any] = st.session_state.setdefault(_KEPT, {})
    if name not in remembered:
        remembered[name] = first()
    return remembered[name]


def forget() -> None:
    """The window is closed, or another is asked for."""
    st.session_state.pop(_KEPT, None)


def ask_reason(act: str, key: str, *, differs: bool = False) -> str:
    """The reason, offered or written; why the amounts ``differ`` is written."""
    t = texts()
    if differs:
        label = t("Reason: why do they belong together? (your colleagues will read it)")
        return st.text_input(label, key=f"why_differs_{key}", max_chars=REASON_MAX) or ""
    phrases, place = [t(phrase) for phrase in PHRASES[act]], f"why_{key}"

    def take() -> None:
        chosen = st.session_state.get(f"phrase_{key}")
        if chosen:
            st.session_state[place] = chosen

    why = st.text_input(t("Reason (your colleagues will read it)"), key=place, max_chars=REASON_MAX)
    st.pills(t("Often given"), phrases, key=f"phrase_{key}", on_change=take, label_visibility="collapsed")
    return why or ""


def go(label: str, key: str, close: Callable[[], None], *, ready: bool, shown: Any = None) -> bool:
    """The window's two buttons; whether it is to be done. ``shown``: as of ``confirm``."""
    back, forward = st.columns(2)
    if back.button(texts()("Back"), width="stretch", key=f"back_{key}"):
        close()
        st.rerun()
    with forward:
        return confirm(label, f"go_{key}", shown, type="primary", width="stretch", disabled=not ready)


def confirm(label: str, key: str, shown: Any, **options: Any) -> bool:
    """A button that does what stands beside it, ``shown``; whether it is to be done. Where that has become something else by
    the time of the press, it is not done, but said."""
    pressed = st.button(label, key=key, on_click=_press, args=(shown,), **options)
    if pressed and st.session_state.pop(_PRESSED, None) != shown:
        st.error(texts()("This has changed while you pressed: look at it again."), icon=":material/error:")
        return False
    return pressed


def _press(shown: Any) -> None:
    st.session_state[_PRESSED] = shown


@contextmanager
def refused(account: str) -> Iterator[None]:
    """Show a refusal raised in the block as one sentence."""
    try:
        yield
    except DeskError as error:
        known = desk().settings.all_accounts
        zone = known[account].timezone if account in known else first_zone()
        st.error(plain(refusal_words(error, zone, texts())), icon=":material/error:")


@contextmanager
def progress_after_a_while() -> Iterator[Callable[[float], None]]:
    """Who is told of the progress: shown once the work has taken longer than a moment."""
    begun, place = time.monotonic(), st.empty()

    def tell(part: float) -> None:
        if time.monotonic() - begun > _PATIENCE:
            place.progress(part, texts()("Joining the lines again…"))

    yield tell
    place.empty()


def what_line(line: Line, t: Translator) -> str:
    """A line in one line of words: operation, amount, date, order in the file."""
    operation = t(BY_CODE[line.operation_code].label) if line.operation_code in BY_CODE else line.operation
    units, code = line.named_amount
    amount = t("no amount") if units is None else format_money(units, code, t.locale)
    return " · ".join(part for part in (operation, amount, day(line.date, t), line.file_order) if part)


def begin_rule(account: str, field: str, text: str, key: str, close: Callable[[], None]) -> None:
    """The rest of a rule: how the text is compared, what it would take, why; and the button that begins it."""
    t = texts()
    patterns: Any = {name: t(words) for name, words in PATTERNS.items()}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        pattern = st.segmented_control(
            t("The cell"),
            list(patterns),
            format_func=patterns.__getitem__,
            default="equals",
            required=True,
            key=f"rule_pattern_{key}",
        )
        wanted = st.text_input(
            t("Text"), text, key=f"rule_text_{field}_{key}", max_chars=not_ours_rules.TEXT_MAX
        )
    usable = False
    if (wanted or "").strip():
        with refused(account):
            _say_taken(not_ours_rules.preview(desk(), actor(), account, field, pattern, wanted), t)
            usable = True
    why = ask_reason("not_ours", key)
    if go(t("Begin this rule"), key, close, ready=usable and bool(why.strip())):
        with refused(account), progress_after_a_while() as progress:
            not_ours_rules.add(desk(), actor(), account, field, pattern, wanted, why, key, progress=progress)
            close()
            st.rerun()


def _say_taken(taken: not_ours_rules.RulePreview, t: Translator) -> None:
    if not taken.lines:
        st.info(t("No open line has this: the rule is for those to come."), icon=":material/info:")
        return
    money = ", ".join(format_money(units, code, t.locale) for code, units in taken.amounts)
    words = t.plural(
        "Takes {count} open line now ({amounts}), and those to come.",
        "Takes {count} open lines now ({amounts}), and those to come.",
        taken.lines,
        amounts=plain(money),
    )
    st.info(words, icon=":material/filter_alt:")
