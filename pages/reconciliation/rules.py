"""The rules of an account: the reference column, what may differ, lines that are not ours, how files are read."""

from typing import Any

import streamlit as st

from pages.components import accounts
from pages.components.common import actor, allowed, desk, language, texts
from pages.components.decision_windows import (
    ask_reason,
    confirm_or_back,
    decision_refusals,
    progress_after_a_while,
)
from pages.components.decision_words import IGNORES, PATTERNS
from pages.components.markdown import plain
from pages.components.order_words import person_name
from pages.payout_files.words import CHOICES
from pages.reconciliation import rule_form
from services.access import Right
from services.accounts.settlement_delay import LEAST_DAYS, MOST_DAYS
from services.i18n import Translator, format_date
from services.imports import file_accounts, reading
from services.orders.create import new_form_key
from services.reconciliation.decisions import account_rules, not_ours_rules
from services.reconciliation.decisions.not_ours_rules import Rule
from services.settlements.columns import LABELS
from services.settlements.dialect import Chosen

_WINDOW = "rule_window"


def show() -> None:
    """Show one account's rules, and to whoever may change them the forms."""
    t, account = texts(), accounts.choose("rules_account", Right.SEE_SETTLEMENTS).key
    may = allowed(Right.RECONCILE, account)
    with decision_refusals(account):
        _joining(account, may, t)
        _not_ours(account, may, t)
        _reading(account, may, t)
        _file_accounts(account, may, t)


def window() -> None:
    """Draw the window that was asked for: a new rule, or the end of one."""
    asked = st.session_state.get(_WINDOW)
    if asked is None:
        return
    account, rule, key = asked
    title = texts()("End the rule" if rule else "A rule: not ours")
    st.dialog(title, width="medium", on_dismiss=_close)(_end if rule else _begin)(account, rule, key)


def _joining(account: str, may: bool, t: Translator) -> None:
    now, filled = (
        account_rules.rules(desk(), actor(), account),
        account_rules.reference_use(desk(), actor(), account),
    )
    st.subheader(t("How lines find their order"), anchor=False)
    if now.rejoining:
        st.info(t("The rules have changed: all lines are being joined anew."), icon=":material/sync:")
    words = [t("none: order id and transaction only"), *(_reference(n, filled, t) for n in range(1, 6))]
    reference: Any = st.radio(
        t("The invoice number or reference stands in"),
        range(6),
        now.reference,
        format_func=words.__getitem__,
        key=f"matching_reference_{account}",
        disabled=not may,
    )
    ignores = {name: t(IGNORES[name]) for name in account_rules.IGNORABLE}
    ignore = st.pills(
        t("Where nothing is found exactly, these may differ"),
        list(ignores),
        selection_mode="multi",
        default=[name for name in account_rules.IGNORABLE if name in now.ignore],
        format_func=ignores.__getitem__,
        key=f"matching_ignore_{account}",
        disabled=not may,
    )
    days = st.number_input(
        t("A collected payment must be in a payout after (days)"),
        LEAST_DAYS,
        MOST_DAYS,
        now.late_days,
        width=340,
        key=f"matching_days_{account}",
        disabled=not may,
    )
    if (reference, frozenset(ignore or ())) != (now.reference, now.ignore):
        _say_change(
            account_rules.preview(desk(), actor(), account, reference=reference, ignore=ignore or ()), t
        )
    if may and st.button(t("Save the rules"), key=f"matching_save_{account}"):
        changed = account_rules.save(
            desk(), actor(), account, reference=reference, ignore=ignore or (), late_days=int(days)
        )
        st.toast(
            t("Saved.") if changed else t("Nothing to save: it was already so."), icon=":material/check:"
        )
        if changed:
            st.rerun()


def _say_change(change: account_rules.ChangePreview, t: Translator) -> None:
    st.info(
        t(
            "Of the newest {lines} lines, {matched} have their order. With these rules {gained} more would, {lost} would no longer, {moved} would have another.",
            lines=change.lines,
            matched=change.matched,
            gained=change.gained,
            lost=change.lost,
            moved=change.moved,
        ),
        icon=":material/rule:",
    )


def _reference(number: int, filled: account_rules.ReferenceUse, t: Translator) -> str:
    name = t(LABELS[f"reporting_data_{number}"])
    return t(
        "{column}: filled in {lines} of {all_lines} lines and {orders} of {all_orders} orders",
        column=name,
        lines=filled.of_lines[number - 1],
        all_lines=filled.lines,
        orders=filled.of_orders[number - 1],
        all_orders=filled.orders,
    )


def _not_ours(account: str, may: bool, t: Translator) -> None:
    st.subheader(t("Lines that are not ours"), anchor=False)
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


def _reading(account: str, may: bool, t: Translator) -> None:
    remembered = reading.remembered(desk(), actor(), account)
    if remembered is None:
        return
    st.subheader(t("How its files are read"), anchor=False)
    st.caption(t("Remembered from the last file that was corrected by hand."))
    shown = [
        t("{label}: {value}", label=t(label), value=t(options.get(value, value)))
        for name, (label, options) in CHOICES.items()
        if (value := getattr(remembered, name)) is not None
    ]
    shown += [
        t("{label}: {value}", label=t("Column {name}", name=name), value=t(LABELS[column]))
        for name, column in remembered.columns or ()
        if column
    ]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(plain(" · ".join(shown)))
        if may and st.button(
            t("Forget"), icon=":material/restart_alt:", type="tertiary", key="forget_reading"
        ):
            reading.remember(desk(), actor(), account, Chosen())
            st.rerun()


def _file_accounts(account: str, may: bool, t: Translator) -> None:
    """Show the Account cells of files that are this account's, each of which can be given to another."""
    cells = [cell for cell, key in file_accounts.file_accounts(desk(), actor()).items() if key == account]
    if not cells or not accounts.several():
        return
    # Without a right on another account nobody can give it the cell.
    offered = list(accounts.offered(Right.RECONCILE)) if may else [account]
    st.subheader(t("What HiPay's files call this account"), anchor=False)
    in_use = file_accounts.accounts_in_use(desk(), actor())
    for cell in cells:
        if cell in in_use:  # under another account its lines would count twice
            st.markdown(plain(t("{cell}: lines of it stand here", cell=cell)))
            continue
        chosen = st.selectbox(
            plain(cell),
            offered,
            offered.index(account),
            format_func=accounts.name,
            key=f"file_account_{account}_{cell}",
            disabled=not may,
            width=340,
        )
        if chosen != account:
            file_accounts.assign(desk(), actor(), cell, chosen)
            st.rerun()
