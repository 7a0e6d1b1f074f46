"""The form of a new rule for lines that are not ours: how the text is compared, which lines it takes, and the reason."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.components.common import actor, desk, texts
from pages.components.decision_windows import (
    ask_reason,
    confirm_or_back,
    decision_refusals,
    progress_after_a_while,
)
from pages.components.decision_words import PATTERNS
from pages.components.markdown import plain
from services.i18n import Translator
from services.money import format_money
from services.reconciliation.decisions import not_ours_rules


def show(
    account: str, field: str, text: str, key: str, close: Callable[[], None], *, pattern: str = "equals"
) -> None:
    """Draw the form, filled with this text and pattern. ``close`` is called once the rule is added or the person goes back."""
    t = texts()
    patterns: Any = {name: t(words) for name, words in PATTERNS.items()}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        compared = st.segmented_control(
            t("The cell"),
            list(patterns),
            format_func=patterns.__getitem__,
            default=pattern,
            required=True,
            key=f"rule_pattern_{field}_{key}",
        )
        wanted = st.text_input(
            t("Text"), text, key=f"rule_text_{field}_{key}", max_chars=not_ours_rules.TEXT_MAX
        )
    usable = False
    if (wanted or "").strip():
        with decision_refusals(account):
            _show_taken(not_ours_rules.preview(desk(), actor(), account, field, compared, wanted), t)
            usable = True
    why = ask_reason("not_ours", key)
    if confirm_or_back(t("Begin this rule"), key, close, ready=usable and bool(why.strip())):
        with decision_refusals(account), progress_after_a_while() as progress:
            not_ours_rules.add(desk(), actor(), account, field, compared, wanted, why, key, progress=progress)
            close()
            st.rerun()


def _show_taken(taken: not_ours_rules.RulePreview, t: Translator) -> None:
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
