"""The rules of an account: the reference column, what may differ, how files are read; and the lines that are not ours."""

from typing import Any

import streamlit as st

from pages.components import accounts
from pages.components.common import actor, allowed, desk, texts, toast_saved
from pages.components.decision_windows import (
    decision_refusals,
)
from pages.components.decision_words import IGNORES
from pages.components.markdown import plain
from pages.payout_files.words import CHOICES
from pages.reconciliation import not_ours
from services.access import Right
from services.accounts.settlement_delay import LEAST_DAYS, MOST_DAYS
from services.i18n import Translator
from services.imports import file_accounts, reading
from services.reconciliation.decisions import account_rules
from services.settlements.columns import LABELS
from services.settlements.dialect import Chosen


def show() -> None:
    """Show one account's rules, and to whoever may change them the forms."""
    t, chosen = texts(), accounts.choose("rules_account", Right.SEE_SETTLEMENTS)
    if chosen is None:
        return
    account = chosen.key
    may = allowed(Right.RECONCILE, account)
    with decision_refusals(account):
        _joining(account, may, t)
        not_ours.show(account, may)
        _reading(account, may, t)
        _file_accounts(account, may, t)


def _joining(account: str, may: bool, t: Translator) -> None:
    now = account_rules.rules(desk(), actor(), account)
    filled = account_rules.reference_use(desk(), actor(), account)
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
        _show_change(
            account_rules.preview(desk(), actor(), account, reference=reference, ignore=ignore or ()), t
        )
    if may and st.button(t("Save the rules"), key=f"matching_save_{account}"):
        changed = account_rules.save(
            desk(), actor(), account, reference=reference, ignore=ignore or (), late_days=int(days)
        )
        toast_saved(changed)
        if changed:
            st.rerun()


def _show_change(change: account_rules.ChangePreview, t: Translator) -> None:
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


def _reading(account: str, may: bool, t: Translator) -> None:
    remembered = reading.remembered_reading(desk(), actor(), account)
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
    # A cell can be given only to an account that the person has the right on.
    offered = list(accounts.offered(Right.RECONCILE)) if may else [account]
    st.subheader(t("What HiPay's files call this account"), anchor=False)
    in_use = file_accounts.accounts_in_use(desk(), actor())
    for cell in cells:
        if cell in in_use:  # assigned to another account, its lines would count twice
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
