"""The decisions that a person can make on payout lines: their buttons, and what the last one did."""

from collections.abc import Sequence

import streamlit as st

from pages.components import question_windows
from pages.components.bullet_list import bullet_list
from pages.components.common import actor, desk, first_zone, texts
from pages.components.decision_words import ACTS, line_summary, refusal_words
from pages.components.markdown import plain
from pages.reconciliation import decision_window
from pages.reconciliation.decision_lines import sum_words
from services.i18n import Translator
from services.reconciliation.decisions import available
from services.reconciliation.decisions.decide import MOST_LINES
from services.reconciliation.decisions.questions import Subject
from services.reconciliation.decisions.results import DecisionResult

_NAMED = 6  # chosen lines that are named


def actions(line_id: int) -> None:
    """Show the buttons of one line: what can be decided about it now, a comment, and a question to a colleague."""
    found = available.read_lines(desk(), actor(), [line_id])
    if not found:
        return
    [line] = found
    t = texts()
    with st.container(horizontal=True):
        for act in line.possible:
            if act == "twice" and "exclude" in line.possible:
                continue  # the window of "exclude" asks for it
            words, icon, _ = ACTS[act]
            label = (
                t("It is order {order_id}", order_id=plain(line.suggested_id))
                if act == "accept"
                else t(words)
            )
            # The window gets the lines as they are drawn here, even if they change before the button is pressed.
            st.button(
                label,
                icon=icon,
                type="primary" if act == "accept" else "secondary",
                key=f"by_hand_{act}_{line_id}",
                on_click=decision_window.open_window,
                args=(act, found),
            )
        if line.possible or line.outcome == "total_line":
            words, icon, _ = ACTS["comment"]
            st.button(
                t(words),
                icon=icon,
                type="tertiary",
                key=f"by_hand_comment_{line_id}",
                on_click=decision_window.open_window,
                args=("comment", found),
            )
        question_windows.ask_button(Subject(line=line_id), line.account, f"line_{line_id}")


def actions_of_several(line_ids: Sequence[int]) -> None:
    """Show the buttons of several chosen lines, each with how many of them it applies to."""
    t = texts()
    if len(line_ids) > MOST_LINES:
        st.info(t("At most {most} lines can be decided at once.", most=MOST_LINES), icon=":material/info:")
        return
    found = sorted(available.read_lines(desk(), actor(), line_ids), key=lambda line: line_ids.index(line.id))
    with st.container(horizontal=True, vertical_alignment="center"):
        chosen = t.plural("**{count}** line chosen", "**{count}** lines chosen", len(found))
        st.markdown(f"{chosen} · {plain(sum_words(found, t))}", width="content")
        for act in ("accept", "match", "unmatch", "not_ours", "exclude", "undo"):
            able = [line for line in found if act in line.possible]
            words, icon, _ = ACTS[act]
            label = t(words) if len(able) == len(found) else f"{t(words)} ({len(able)})"
            if able:
                st.button(
                    label,
                    icon=icon,
                    key=f"by_hand_bulk_{act}",
                    on_click=decision_window.open_window,
                    args=(act, able),
                )
    bullet_list([line_summary(line, t) for line in found], _NAMED)


def show_result() -> None:
    """Show what the last decision did, with a button to undo it, and the lines that it refused, each with the reason."""
    found: tuple[str, DecisionResult, dict[int, str]] | None = st.session_state.get(decision_window.RESULT)
    if found is None:
        return
    t, (act, done, names) = texts(), found
    count = len(done.lines)
    with st.container(horizontal=True, vertical_alignment="center"):
        words = t.plural(
            "{count} line decided: {what}.", "{count} lines decided: {what}.", count, what=t(ACTS[act][0])
        )
        if done.followers:
            words += " " + t.plural(
                "{count} other line of the transaction went along.",
                "{count} other lines of the transaction went along.",
                done.followers,
            )
        st.success(words, icon=":material/check_circle:", width="stretch")
        if act != "undo":
            decided = available.read_lines(desk(), actor(), done.lines)
            st.button(
                t("Undo"),
                icon=":material/undo:",
                key="by_hand_said_undo",
                on_click=decision_window.open_window,
                args=("undo", decided),
            )
        if st.button(t("Close"), icon=":material/close:", type="tertiary", key="by_hand_said_close"):
            st.session_state.pop(decision_window.RESULT)
            st.rerun(scope="app")
    if done.refused:
        st.warning(
            t.plural(
                "{count} line was left as it was:", "{count} lines were left as they were:", len(done.refused)
            ),
            icon=":material/rule:",
        )
        zone = first_zone()
        bullet_list(
            [
                _refused_line(names.get(line, ""), refusal_words(error, zone, t), t)
                for line, error in done.refused
            ]
        )


def _refused_line(name: str, why: str, t: Translator) -> str:
    return t("{label}: {value}", label=name, value=why) if name else why


def just_decided() -> frozenset[int]:
    """The lines of the decision that ``show_result`` shows."""
    found: tuple[str, DecisionResult, dict[int, str]] | None = st.session_state.get(decision_window.RESULT)
    return frozenset(found[1].lines) if found else frozenset()
