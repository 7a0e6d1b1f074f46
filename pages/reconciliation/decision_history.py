"""The decisions and comments on a payout line, or the comments on an order, the oldest first."""

from collections.abc import Sequence

import streamlit as st

from pages.components.common import actor, desk, first_zone, language, texts
from pages.components.decision_words import DONE, HOW, icon_of
from pages.components.markdown import plain
from pages.components.order_words import person_name
from pages.reconciliation import decision_window
from services.i18n import Translator, format_datetime
from services.money import format_money
from services.reconciliation.decisions import available, history
from services.reconciliation.decisions.available import Line
from services.reconciliation.decisions.history import Entry
from services.reconciliation.views.reasons import OUTCOMES


def comment_on_order(order_id: int, name: str) -> None:
    """Show the comments on an order, and a button to add one. ``name``: the order as the reader knows it."""
    _entries(history.of_order(desk(), actor(), order_id), first_zone(), None)
    t = texts()
    if st.button(
        t("Comment"), icon=":material/comment:", type="tertiary", key=f"by_hand_order_comment_{order_id}"
    ):
        decision_window.open_order_comment(order_id, name)


def show_history(line_id: int) -> None:
    """Show every decision and comment on the line, the oldest first."""
    found = history.of_line(desk(), actor(), line_id)
    lines = available.read_lines(desk(), actor(), [line_id])
    if not found:
        st.caption(texts()("Nobody has decided or written anything of this line."))
        return
    zone = desk().account(lines[0].account).timezone if lines else first_zone()
    _entries(found, zone, lines[0] if lines else None)


def _entries(found: Sequence[Entry], zone: str, line: Line | None) -> None:
    t = texts()
    for entry in found:
        icon = icon_of(entry.kind)
        names = ", ".join(_share(name, units, entry, line, t) for name, units in entry.shares)
        asked = person_name(entry.asked, t) or t("somebody")
        words = t.gettext(DONE[entry.kind]).format(orders=names, name=asked)
        who = person_name(entry.who, t) or t("somebody")
        moment = format_datetime(entry.at, zone, language(), named=False)
        with st.container(border=True):
            if entry.how:
                words = t(HOW[entry.how], what=words)
            head = (
                words
                if entry.is_valid or entry.kind in ("undone", "comment", "question", "question_withdrawn")
                else t("{what} (undone since)", what=words)
            )
            st.markdown(f"{icon} **{plain(head)}**")
            st.markdown(plain(entry.text) if entry.text else f"*{t('erased with the customer')}*")
            details = [who, moment]
            if entry.before:
                before = t(OUTCOMES.get(entry.before, entry.before))
                former = f"{before}, {entry.before_order}" if entry.before_order else before
                details.append(t("before: {outcome}", outcome=former))
            if entry.after:
                after = t(OUTCOMES.get(entry.after, entry.after))
                came = f"{after}, {entry.after_order}" if entry.after_order else after
                details.append(t("since then: {outcome}", outcome=came))
            if entry.is_valid and entry.group_size > 1:
                details.append(t("one of {count} decided at once", count=entry.group_size))
            st.caption(" · ".join(plain(part) for part in details))


def _share(name: str, units: int, entry: Entry, line: Line | None, t: Translator) -> str:
    if entry.kind != "split" or line is None:
        return name
    return f"{name} ({format_money(units, line.original_currency, t.locale)})"
