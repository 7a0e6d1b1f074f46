"""The lines that a file withdrew, taken back and withdrawn again; and saying that its issue of a payout is the newest."""

import pandas as pd
import streamlit as st

from pages.components import tables
from pages.components.common import actor, allowed_on_file, desk, language, texts
from pages.components.decision_windows import ask_reason, confirm, decision_refusals
from pages.components.markdown import plain
from pages.components.order_words import person_name
from pages.components.outcome_words import day, money
from pages.payout_files import issues
from pages.payout_files.findings import operation_words
from pages.payout_files.row_decisions import draw_table, untick_and_rerun
from pages.payout_files.words import sheets_of
from services.access import Right
from services.i18n import Translator, format_short
from services.imports.issued_again import issue_decisions
from services.imports.issued_again.issue_decisions import StoredIssue, WithdrawnLine
from services.reconciliation.views.file_list import SettlementFile

_TICKS = "withdrawn"


def show(file: SettlementFile, key: str) -> None:
    """Show the lines that the file withdrew, and its issues that are not the newest. ``key`` names the part of the screen."""
    t, place = texts(), f"{key}_{file.id}"
    lines = issue_decisions.withdrawn_of_file(desk(), actor(), file.id)
    if lines:
        _lines(file, lines, place, t)
    _acts(file, t)
    older = [one for one in issue_decisions.issues_of_file(desk(), actor(), file.id) if not one.newest]
    if older and allowed_on_file(Right.RECONCILE, file):
        with st.expander(t("Not the newest issue"), icon=":material/history:"):
            _make_newest(file, older, place, t)


def _make_newest(file: SettlementFile, older: list[StoredIssue], place: str, t: Translator) -> None:
    """Show what would change if the file's issue of a payout were the newest one, and the button. The payout is chosen where
    there are several: a look at one reads all of its lines."""
    chosen: StoredIssue | None = older[0]
    if len(older) > 1:
        chosen = st.selectbox(
            t("Payout"),
            older,
            index=None,
            key=f"older_{place}",
            format_func=lambda one: one.settlement_id,
            placeholder=t("Choose a payout"),
        )
    if chosen is None:
        return
    payout = (chosen.account, chosen.settlement_id)
    with decision_refusals(file.account):
        effect = issue_decisions.effect_of_newest(desk(), actor(), file.id, payout)
        issues.show_effect(effect, sheets_of(file.reading), t, stored=True)
        why = ask_reason("held_correction", f"newest_{place}")
        label = t("It is the newest issue of payout {payout}", payout=chosen.settlement_id)
        go = f"go_newest_{place}_{chosen.account}_{chosen.settlement_id}"
        if confirm(label, go, effect, icon=":material/update:", disabled=not why.strip()):
            issue_decisions.make_newest(desk(), actor(), file.id, payout, why)
            untick_and_rerun(_TICKS)


def _acts(file: SettlementFile, t: Translator) -> None:
    """Show who said that the file's issue of a payout is the newest one, and why."""
    zone = desk().account(file.account).timezone
    for one in issue_decisions.acts_of_file(desk(), actor(), file.id):
        words = t(
            "Said to be the newest issue of payout {payout} by {name}, {at}: {reason}",
            payout=one.settlement_id,
            name=person_name(one.who, t),
            at=format_short(one.at, zone, language()),
            reason=one.reason,
        )
        st.caption(plain(words))


def _lines(file: SettlementFile, lines: tuple[WithdrawnLine, ...], place: str, t: Translator) -> None:
    st.markdown(f"**{t('Lines that are withdrawn')}**")
    st.caption(t("The payout had these lines, and this file, its newest issue, no longer has them."))
    table = pd.DataFrame(
        {
            t("Payout"): [one.cells["settlement_id"] for one in lines],
            t("Operation"): [operation_words(one.cells, t) for one in lines],
            t("HiPay's transaction"): [one.cells["transaction_id"] for one in lines],
            t("Order in the file"): [one.cells["order"] for one in lines],
            t("Amount"): [
                money(one.cells["settled_amount"], one.cells["settlement_currency"], t) for one in lines
            ],
            t("Date"): [day(one.cells["date"], t) for one in lines],
            t("State"): [_state(one, file, t) for one in lines],
        }
    )
    alt = t("Lines that are withdrawn")
    if not allowed_on_file(Right.RECONCILE, file):
        st.dataframe(table, hide_index=True, height=tables.height(len(lines)), alt=alt)
        return
    ticked = draw_table(_TICKS, place, table, [one.id for one in lines], alt)
    picked = [one for one in lines if one.id in ticked]
    if not picked:
        return
    why = ask_reason("held_correction", f"withdrawn_{place}")
    gone, back = ([one.id for one in picked if one.back == which] for which in (False, True))
    with st.container(horizontal=True):
        if gone and confirm(
            t.plural("Count {count} line again", "Count {count} lines again", len(gone)),
            f"go_take_back_{place}",
            gone,
            icon=":material/undo:",
            disabled=not why.strip(),
        ):
            with decision_refusals(file.account):
                issue_decisions.take_back(desk(), actor(), file.id, gone, why)
                untick_and_rerun(_TICKS)
        if back and confirm(
            t.plural("Withdraw {count} line again", "Withdraw {count} lines again", len(back)),
            f"go_withdraw_{place}",
            back,
            icon=":material/remove_circle:",
            disabled=not why.strip(),
        ):
            with decision_refusals(file.account):
                issue_decisions.withdraw_again(desk(), actor(), file.id, back, why)
                untick_and_rerun(_TICKS)


def _state(one: WithdrawnLine, file: SettlementFile, t: Translator) -> str:
    if not one.back:
        return t("withdrawn")
    act = one.acts[-1]
    at = format_short(act.at, desk().account(file.account).timezone, language())
    return plain(
        t("taken back by {name}, {at}: {reason}", name=person_name(act.who, t), at=at, reason=act.reason)
    )
