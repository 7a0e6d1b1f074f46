"""The rules for lines that are not ours: those of an account, and the windows that add and end one."""

import streamlit as st

from pages.components.common import actor, desk, language, texts
from pages.components.decision_windows import (
    ask_reason,
    confirm_or_back,
    decision_refusals,
    progress_after_a_while,
)
from pages.components.decision_words import PATTERNS
from pages.components.markdown import plain
from pages.components.order_words import person_name
from pages.reconciliation import rule_form
from services.i18n import Translator, format_date
from services.orders.create import new_form_key
from services.reconciliation.decisions import not_ours_rules
from services.reconciliation.decisions.not_ours_rules import Rule

_WINDOW = "rule_window"


def show(account: str, may: bool) -> None:
    """Show the rules, and to whoever ``may`` change them the buttons."""
    t = texts()
    st.subheader(t("Lines that are not this business"), anchor=False)
    st.caption(t("A line that no key joins and that such a rule takes is looked at no further."))
    found = not_ours_rules.rules(desk(), actor(), account)
    valid = [rule for rule in found if rule.ended_at is None]
    if not valid:
        st.caption(t("There is no such rule."))
    for rule in valid:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(_rule(rule, t))}**  \n{plain(rule.reason)}")
            if rule.rejoining:
                st.badge(t("being applied"), icon=":material/sync:", color="blue")
            st.caption(plain(_made(rule, account, t)), width="content")
            if may and st.button(
                t("End…"), key=f"end_rule_{rule.id}", type="tertiary", icon=":material/close:"
            ):
                _open(account, rule)
    if may and st.button(t("Add a rule…"), icon=":material/add:", key="add_rule"):
        _open(account, None)
    ended = [rule for rule in found if rule.ended_at is not None]
    if ended:
        with st.expander(
            t.plural("{count} rule that has ended", "{count} rules that have ended", len(ended))
        ):
            for rule in ended:
                zone = desk().account(account).timezone
                assert rule.ended_at is not None
                day = format_date(rule.ended_at, zone, language())
                st.markdown(f"**{plain(_rule(rule, t))}**")
                words = t(
                    "Ended on {day} by {name}: {reason}",
                    day=day,
                    name=person_name(rule.ender, t),
                    reason=rule.end_reason,
                )
                st.caption(plain(f"{_made(rule, account, t)} · {words}"))


def window() -> None:
    """Draw the window if it is open: a new rule, or the end of one. Called once on the page, outside the fragments."""
    asked = st.session_state.get(_WINDOW)
    if asked is None:
        return
    account, rule, key = asked
    title = texts()("End the rule" if rule else "A rule: not this business")
    st.dialog(title, width="medium", on_dismiss=_close)(_end if rule else _begin)(account, rule, key)


def _rule(rule: Rule, t: Translator) -> str:
    return t(
        "{column} {compared} “{text}”",
        column=t(not_ours_rules.FIELDS[rule.field]),
        compared=t(PATTERNS[rule.pattern]),
        text=rule.text,
    )


def _made(rule: Rule, account: str, t: Translator) -> str:
    day = format_date(rule.at, desk().account(account).timezone, language())
    return f"{person_name(rule.who, t)}, {day}"


def _open(account: str, rule: Rule | None) -> None:
    st.session_state[_WINDOW] = (account, rule, new_form_key())
    st.rerun(scope="app")


def _close() -> None:
    st.session_state.pop(_WINDOW, None)


def _begin(account: str, _rule: None, key: str) -> None:
    t = texts()
    labels = {name: t(label) for name, label in not_ours_rules.FIELDS.items()}
    field = st.selectbox(
        t("Column"), list(labels), format_func=labels.__getitem__, key=f"new_rule_field_{key}"
    )
    rule_form.show(account, field, "", key, _close)


def _end(account: str, rule: Rule, key: str) -> None:
    t = texts()
    st.markdown(f"**{plain(_rule(rule, t))}**")
    st.write(t("Its lines are joined again as if it had never been."))
    why = ask_reason("undo", key)
    if confirm_or_back(t("End the rule"), key, _close, ready=bool(why.strip())):
        with decision_refusals(account), progress_after_a_while() as progress:
            not_ours_rules.end(desk(), actor(), rule.id, why, progress=progress)
            _close()
            st.rerun()
