"""The questions in the window of a decision, apart from the reason."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.components.common import actor, desk, texts
from pages.components.decision_windows import remembered
from pages.components.decision_words import ACTS, DONE, icon_of, line_summary
from pages.components.markdown import plain
from pages.components.order_words import person_name
from services.i18n import format_datetime
from services.reconciliation.decisions import available, undo
from services.reconciliation.decisions.available import Line
from services.reconciliation.decisions.decide import MOST_LINES
from services.reconciliation.decisions.results import DecisionResult

_NAMED = 4  # lines of the same transaction that are named


def counted_twice(lines: tuple[Line, ...], key: str) -> bool:
    """Ask why lines are left out. True where they are counted twice, and are left out of their payouts, too."""
    t = texts()
    if not all("twice" in line.possible for line in lines):
        st.write(t(ACTS["exclude"][2]))
        return False
    stays, leaves = (
        t("It counts for no order, and stays in its payout"),
        t("It stands twice: it leaves its payout, too"),
    )
    chosen = st.radio(t("What is left out?"), [stays, leaves], key=f"twice_{key}")
    if chosen == leaves:
        st.caption(t(ACTS["twice"][2]))
    return bool(chosen == leaves)


def companions(act: str, lines: tuple[Line, ...], key: str) -> tuple[Line, ...]:
    """Offer to decide the other lines of the transactions, too, which otherwise stay with the order. Returns those chosen."""
    t = texts()
    if act == "twice":
        return ()
    # Lines as they were first offered: a line that has changed since is left out, since nobody has read it.
    offered = remembered(f"companions {act}", lambda: _companions(act, lines))
    now = {one.id: one for one in available.read_lines(desk(), actor(), [one.id for one in offered])}
    others = [one for one in offered if not one.changed_since_shown(now.get(one.id))]
    if not others:
        return ()
    with_them = st.checkbox(
        t.plural(
            "And the other line of the transaction",
            "And the {count} other lines of the transaction",
            len(others),
        ),
        value=True,
        key=f"companions_{key}",
    )
    st.caption(_names(others))
    return tuple(others) if with_them else ()


def show_followers(act: str, lines: tuple[Line, ...]) -> None:
    """Name the other lines of the transactions, which follow these lines to their order."""
    t = texts()
    found = remembered(f"followers {act}", lambda: _companions(act, lines))
    if found:
        words = t.plural(
            "{count} other line of the transaction goes along, unless its keys name another order: {lines}",
            "{count} other lines of the transaction go along, unless their keys name another order: {lines}",
            len(found),
            lines=_names(found),
        )
        st.caption(words)


def _names(lines: list[Line]) -> str:
    """The first of these lines in words, each text once."""
    t = texts()
    named = dict.fromkeys(plain(line_summary(one, t)) for one in lines[:_NAMED])
    return ", ".join(named) + (" …" if len(lines) > _NAMED else "")


def _companions(act: str, lines: tuple[Line, ...]) -> list[Line]:
    found = available.companions(desk(), actor(), [line.id for line in lines])
    return [one for one in found if act in one.possible][: MOST_LINES - len(lines)]


def choose_undo(lines: tuple[Line, ...], key: str) -> Callable[[str, Any], DecisionResult]:
    """Show what is undone and ask whether all of it. Returns the act, which takes the reason and the progress callback."""
    t, decided = texts(), [line.decided for line in lines if line.decided]
    first = decided[0]
    if len(lines) == 1:
        zone = desk().account(lines[0].account).timezone
        moment = format_datetime(first.at, zone, t.language, named=False)
        st.markdown(
            f"{icon_of(first.kind)} **{t(DONE[first.kind] if first.kind == 'reopened' else ACTS[first.kind][0])}** · {plain(person_name(first.who, t))} · {moment}"
        )
        st.caption(plain(first.reason))
        if first.group_size > 1:
            whole = t("All {count} lines that were decided at once", count=first.group_size)
            choice = st.radio(t("What is undone?"), [t("This line only"), whole], key=f"undo_whole_{key}")
            if choice == whole:
                return lambda why, progress: undo.undo_group(
                    desk(), actor(), first.group, why, progress=progress
                )
    ids = [one.id for one in decided]
    return lambda why, progress: undo.undo_decisions(desk(), actor(), ids, why, progress=progress)
