"""The window of a decision on payout lines or of a comment: what it asks, and what its button does."""

from collections.abc import Callable, Sequence

import streamlit as st

from pages.components.common import actor, desk, texts
from pages.components.decision_windows import (
    ask_reason,
    confirm_or_back,
    decision_refusals,
    forget,
    progress_after_a_while,
)
from pages.components.decision_words import ACTS, line_summary
from pages.components.markdown import plain
from pages.reconciliation import decision_choices, order_search, rule_form
from pages.reconciliation.decision_lines import still_as_shown
from pages.reconciliation.order_search import Wanted
from services.orders.create import new_form_key
from services.reconciliation.decisions import decide, history, not_ours_rules
from services.reconciliation.decisions.available import Line
from services.reconciliation.decisions.history import COMMENT_MAX

_WINDOW, RESULT = "by_hand_window", "by_hand_said"


def window() -> None:
    """Draw the window if it is open. Called once on the page, outside the fragments."""
    asked = st.session_state.get(_WINDOW)
    if asked is None:
        return
    act, lines, key, order = asked
    icon = ACTS.get(act, ACTS["comment"])[1]
    title = texts()(ACTS.get(act, ACTS["comment"])[0])
    wide = act in ("match", "split", "not_ours")
    dialog = st.dialog(title, width="medium" if wide else "small", icon=icon, on_dismiss=_close)
    dialog(_window)(act, lines, key, order)


def open_window(act: str, lines: Sequence[Line]) -> None:
    """Open the window of an act on these lines; for a button's ``on_click``."""
    st.session_state.pop(RESULT, None)
    forget()
    st.session_state[_WINDOW] = (act, tuple(lines), new_form_key(), None)
    st.rerun(scope="app")


def open_order_comment(order_id: int, name: str) -> None:
    """Open the window of a comment on an order. ``name``: the order as the reader knows it."""
    st.session_state[_WINDOW] = ("order_comment", (), new_form_key(), (order_id, name))
    st.rerun(scope="app")


def _close() -> None:
    st.session_state.pop(_WINDOW, None)
    forget()


def _window(act: str, lines: tuple[Line, ...], key: str, order: tuple[int, str] | None) -> None:
    t = texts()
    if order is not None:
        st.caption(plain(order[1]))
        _comment(lambda text: history.comment_order(desk(), actor(), order[0], text, key), key)
        return
    still = still_as_shown(lines)
    if act == "comment":
        _comment(lambda text: history.comment_line(desk(), actor(), lines[0].id, text, key), key)
        return
    if not still:
        confirm_or_back(t(ACTS[act][0]), key, _close, ready=False)
        return
    if act != "exclude":
        st.write(t(ACTS[act][2]))
    if act == "not_ours" and _by_rule(still, key):
        return
    wanted = _wanted(act, still, key)
    why = ask_reason(act, key, differs=wanted is not None and wanted.differs)
    ready = wanted is not None and bool(why.strip())
    shown = (wanted.shown if wanted else None, [line.shown for line in still])
    if confirm_or_back(t(ACTS[act][0]), key, _close, ready=ready, shown=shown) and wanted is not None:
        with decision_refusals(lines[0].account), progress_after_a_while() as progress:
            done = wanted.act(why, progress)
            _close()
            left = {line for line, _ in done.refused}
            st.session_state[RESULT] = (
                act,
                done,
                {line.id: line_summary(line, t) for line in lines if line.id in left},
            )
            st.rerun()


def _wanted(act: str, lines: tuple[Line, ...], key: str) -> Wanted | None:
    """What the window's button does; None while an answer is missing."""
    if act in ("match", "accept"):
        decision_choices.show_followers("match", lines)
    if act == "match":
        return order_search.choose(lines, key)
    if act == "split":
        return order_search.share_out(lines[0], key)
    if act == "accept":
        return order_search.suggested(lines, key)
    if act == "undo":
        return Wanted(decision_choices.choose_undo(lines, key))
    if act == "exclude" and decision_choices.counted_twice(lines, key):
        act = "twice"
    along = decision_choices.companions(act, lines, key)
    shown = [line.shown for line in (*lines, *along)]
    run = {
        "unmatch": decide.unmatch,
        "exclude": decide.exclude,
        "twice": decide.twice,
        "not_ours": decide.not_ours,
    }[act]
    return Wanted(lambda why, progress: run(desk(), actor(), shown, why, key, progress=progress))


def _by_rule(lines: Sequence[Line], key: str) -> bool:
    """Ask whether a rule that takes all of the lines is to be added instead. True where it is: the window then shows its form."""
    t = texts()
    shared = not_ours_rules.shared_texts([line.texts for line in lines])
    once, always = (
        (t("This line only"), t("This line and all that are alike: a rule"))
        if len(lines) == 1
        else (t("These lines only"), t("These lines and all that are alike: a rule"))
    )
    one_account = len({line.account for line in lines}) == 1
    if not shared or not one_account:
        return False
    if st.radio(t("What is not this business?"), [once, always], key=f"ruled_{key}") == once:
        return False
    labels = {
        name: t("{label}: {value}", label=t(not_ours_rules.FIELDS[name]), value=_compared(pattern, text))
        for name, (pattern, text) in shared.items()
    }
    field = st.selectbox(t("Column"), list(labels), format_func=labels.__getitem__, key=f"rule_field_{key}")
    pattern, text = shared[field]
    rule_form.show(lines[0].account, field, text, key, _close, pattern=pattern)
    return True


def _compared(pattern: str, text: str) -> str:
    return f"{text}…" if pattern == "starts" else text


def _comment(write: Callable[[str], None], key: str) -> None:
    t = texts()
    text = st.text_area(t("Comment"), key=f"comment_{key}", max_chars=COMMENT_MAX)
    if confirm_or_back(t("Keep the comment"), key, _close, ready=bool((text or "").strip())):
        with decision_refusals(""):
            write(text)
            _close()
            st.rerun()
