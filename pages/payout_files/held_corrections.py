"""Held corrections, which change lines that HiPay delivered itself: what differs; taking, dismissing and undoing them."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.components import tables
from pages.components.bullet_list import bullet_list
from pages.components.common import actor, allowed_on_file, desk, language, texts
from pages.components.decision_windows import ask_reason, confirm, decision_refusals
from pages.components.markdown import plain
from pages.components.order_words import person_name
from pages.components.outcome_words import day, money, number
from pages.payout_files.findings import cell_words, operation_words
from pages.payout_files.row_decisions import draw_table, show_undone, untick_and_rerun
from pages.payout_files.words import sheets_of, where
from services.access import Right
from services.i18n import Translator, format_short
from services.imports.corrections import held_correction_views, held_corrections
from services.imports.corrections.corrections import Cells
from services.imports.corrections.held_correction_views import CorrectionDecision, HeldCorrection
from services.imports.corrections.held_corrections import CorrectionKind
from services.reconciliation.views.file_list import SettlementFile
from services.settlements.columns import LABELS
from services.settlements.tables import Sheet

_TICKS = "held"


def show(file: SettlementFile, key: str) -> None:
    """Show the held corrections of a file, if it has any. ``key`` names the part of the screen."""
    t = texts()
    found = held_correction_views.of_file(desk(), actor(), file.id)
    if not found.count:
        return
    st.markdown(f"**{t('Corrections to decide')}**")
    st.caption(
        t(
            "HiPay delivered these lines itself, and this file says otherwise. HiPay's count; the file's stand beside until somebody decides."
        )
    )
    table, alt, place = _table(file, found.shown, t), t("Corrections to decide"), f"{key}_{file.id}"
    if not allowed_on_file(Right.RECONCILE, file):
        st.dataframe(table, hide_index=True, height=tables.height(len(found.shown)), alt=alt)
        return
    ticked = draw_table(_TICKS, place, table, [one.id for one in found.shown], alt)
    if found.count > len(found.shown):
        st.caption(
            t(
                "The first {shown} of {count} corrections, those that wait first.",
                shown=number(len(found.shown), t),
                count=number(found.count, t),
            )
        )
    picked = [one for one in found.shown if one.id in ticked]
    if not picked:
        st.caption(t("Choose lines to take the correction, or to keep what HiPay delivered."))
        return
    _show_undone(picked, file, t)
    bullet_list([_in_words(one, file, t) for one in picked])
    why = ask_reason("held_correction", f"held_{place}")
    waiting = [one.id for one in picked if one.act is None]
    decided = {one.id: one.act.id for one in picked if one.act is not None}
    with st.container(horizontal=True):
        if waiting:
            _decide(file, waiting, why, place, t)
        if decided and confirm(
            t.plural("{count} decision is undone", "{count} decisions are undone", len(decided)),
            f"go_held_undo_{place}",
            list(decided.values()),
            icon=":material/undo:",
            disabled=not why.strip(),
        ):
            with decision_refusals(file.account):
                held_corrections.undo(
                    desk(), actor(), file.id, list(decided), why, acts=list(decided.values())
                )
                untick_and_rerun(_TICKS)


def _decide(file: SettlementFile, ids: list[int], why: str, place: str, t: Translator) -> None:
    take = t.plural("Take {count} correction", "Take {count} corrections", len(ids))
    keep = t.plural("Keep HiPay's line", "Keep HiPay's {count} lines", len(ids))
    choices: tuple[tuple[CorrectionKind, str, str], ...] = (
        ("taken", take, ":material/difference:"),
        ("dismissed", keep, ":material/verified:"),
    )
    for kind, label, icon in choices:
        if confirm(label, f"go_held_{kind}_{place}", ids, icon=icon, disabled=not why.strip()):
            with decision_refusals(file.account):
                held_corrections.decide(desk(), actor(), file.id, ids, kind, why)
                untick_and_rerun(_TICKS)


def _in_words(one: HeldCorrection, file: SettlementFile, t: Translator) -> str:
    before, after = money(one.before_units, one.currency, t), money(one.after_units, one.currency, t)
    if one.withdrawn:
        lines = "; ".join(_line_words(cells, t) for cells in one.withdrawn)
        return " · ".join((t("Withdrawn: {lines}", lines=lines), one.settlement_id, before))
    line = t("Line {number}", number=_place(one, sheets_of(file.reading), t))
    return " · ".join((line, one.settlement_id, f"{before} → {after}"))


def _line_words(cells: Cells, t: Translator) -> str:
    """Which line it is: its operation, its order or else its transaction, its day."""
    named = (
        operation_words(cells, t), cells["order"] or cells["transaction_id"], day(cells["date"], t) if cells["date"] else "",
    )  # fmt: skip
    return ", ".join(one for one in named if one)


def _place(one: HeldCorrection, sheets: Sequence[Sheet], t: Translator) -> str:
    """The number of its line; of one that the file has no line for, none."""
    return where(one.line, sheets, t) if one.line else "—"


def _show_undone(picked: list[HeldCorrection], file: SettlementFile, t: Translator) -> None:
    zone = desk().account(file.account).timezone
    for act in (act for one in picked for act in one.acts):
        if act.undone_at is None:
            continue
        was = _decided(act, zone, t)
        if act.undone_by_hipay:
            at = format_short(act.undone_at, zone, language())
            st.caption(plain(t("{was} (no longer: HiPay delivered the payout again, {at})", was=was, at=at)))
        else:
            show_undone(was, act, act.undone_at, zone, t)


def _table(file: SettlementFile, found: tuple[HeldCorrection, ...], t: Translator) -> pd.DataFrame:
    sheets, zone = sheets_of(file.reading), desk().account(file.account).timezone
    return pd.DataFrame(
        {
            t("Line"): [_place(one, sheets, t) for one in found],
            t("Payout"): [one.settlement_id for one in found],
            t("Order in the file"): [_order(one) for one in found],
            t("What differs"): [_difference(one, t) for one in found],
            t("From HiPay"): [_side(one, "before", t) for one in found],
            t("In this file"): [_side(one, "after", t) for one in found],
            t("State"): [_decided(one.act, zone, t) if one.act else t("! to decide") for one in found],
        }
    )


def _order(one: HeldCorrection) -> str:
    return next((str(cells["order"]) for cells in (*(pair.after for pair in one.pairs), *one.withdrawn)), "")


def _difference(one: HeldCorrection, t: Translator) -> str:
    if one.withdrawn:
        return t("Withdrawn: {lines}", lines="; ".join(_line_words(cells, t) for cells in one.withdrawn))
    return ", ".join(t(LABELS[name]) for name in _differs(one))


def _differs(one: HeldCorrection) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for pair in one.pairs for name in pair.differs))


def _side(one: HeldCorrection, side: str, t: Translator) -> str:
    """The cells that differ, ``before`` or ``after``; the sum where the lines cannot be paired one by one."""
    if one.withdrawn and side == "after":
        return t("no longer there")
    if len(one.pairs) != 1:
        return money(getattr(one, f"{side}_units"), one.currency, t)
    cells = getattr(one.pairs[0], side)
    return " · ".join(dict.fromkeys(cell_words(cells, name, t) for name in _differs(one)))


def _decided(act: CorrectionDecision, zone: str, t: Translator) -> str:
    at = format_short(act.at, zone, language())
    if act.by_hipay:
        return (
            t("✓ HiPay delivered the same, {at}", at=at)
            if act.kind == "taken"
            else t("✓ HiPay kept its own, {at}", at=at)
        )
    name, reason = person_name(act.who, t), act.reason
    if act.kind == "taken":
        return t("✓ taken by {name}, {at}: {reason}", name=name, at=at, reason=reason)
    return t("✓ HiPay's kept by {name}, {at}: {reason}", name=name, at=at, reason=reason)
