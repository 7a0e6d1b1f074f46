"""The rows set aside of a payout file: the reason of each, who dealt with it and why; dealing with rows and undoing it."""

import pandas as pd
import streamlit as st

from pages.components import tables
from pages.components.bullet_list import bullet_list
from pages.components.common import actor, allowed_on_file, desk, language, texts
from pages.components.decision_windows import ask_reason, confirm, decision_refusals
from pages.components.order_words import person_name
from pages.payout_files.row_decisions import draw_table, show_undone, untick_and_rerun
from pages.payout_files.words import sheets_of, where
from services.access import Right
from services.i18n import Translator, format_short
from services.reconciliation.decisions import set_aside_rows
from services.reconciliation.decisions.set_aside_rows import REST, REST_ROW, Act, SetAsideRows
from services.reconciliation.views.file_list import SettlementFile
from services.settlements.columns import LABELS
from services.settlements.sheet import SetAsideRow
from services.settlements.tables import Sheet
from services.settlements.words import SET_ASIDE

_TICKS = "aside"


def show(file: SettlementFile, key: str) -> None:
    """Show the rows set aside of a file. ``key`` names the part of the screen."""
    t = texts()
    found = set_aside_rows.of_file(desk(), actor(), file.id)
    if not found.rows and not found.rest:
        st.caption(t("None: every row is a line."))
        return
    may = allowed_on_file(Right.RECONCILE, file)
    rows = [*found.rows, *([REST_ROW] if found.rest else [])]
    alt = t("Rows set aside")
    if not may:
        st.dataframe(_table(file, rows, found, t), hide_index=True, height=tables.height(len(rows)), alt=alt)
        return
    table = _table(file, rows, found, t)
    ticked = draw_table(_TICKS, f"{key}_{file.id}", table, [row.line for row in rows], alt)
    picked = [row for row in rows if row.line in ticked]
    waiting = [row.line for row in picked if row.blocking and found.dealt(row.line) is None]
    dealt = {row.line: act for row in picked if (act := found.dealt(row.line)) is not None}
    if not any(row.blocking for row in rows):
        return
    if not picked:
        st.caption(
            t("Choose rows to say that they are dealt with: corrected in another file, say, or of no matter.")
        )
    for row in picked:
        for act in found.acts.get(row.line, ()):
            if act.undone_at is not None:
                zone = desk().account(file.account).timezone
                show_undone(_dealt(act, zone, t), act, act.undone_at, zone, t)
    sheets = sheets_of(file.reading)
    bullet_list([_in_words(row, found, sheets, t) for row in picked])
    if waiting:
        _deal(file, waiting, f"{key}_deal", t)
    if dealt:
        _undo(file, dealt, f"{key}_undo", t)


def _in_words(row: SetAsideRow, found: SetAsideRows, sheets: tuple[Sheet, ...], t: Translator) -> str:
    line = t("Line {number}", number=where(row.line, sheets, t)) if row.line else ""
    return " · ".join(part for part in (line, row.settlement_id, _reason(row, found, t), row.text) if part)


def _deal(file: SettlementFile, lines: list[int], key: str, t: Translator) -> None:
    why = ask_reason("set_aside_row", f"aside_{key}_{file.id}")
    label = t.plural("{count} row is dealt with", "{count} rows are dealt with", len(lines))
    if confirm(
        label, f"go_aside_{key}", lines, type="primary", icon=":material/task_alt:", disabled=not why.strip()
    ):
        with decision_refusals(file.account):
            set_aside_rows.deal(desk(), actor(), file.id, lines, why)
            untick_and_rerun(_TICKS)


def _undo(file: SettlementFile, dealt: dict[int, Act], key: str, t: Translator) -> None:
    why = ask_reason("undo", f"aside_{key}_{file.id}")
    label = t.plural("{count} row stands in the way again", "{count} rows stand in the way again", len(dealt))
    acts = [act.id for act in dealt.values()]
    if confirm(label, f"go_aside_{key}", acts, icon=":material/undo:", disabled=not why.strip()):
        with decision_refusals(file.account):
            set_aside_rows.undo(desk(), actor(), file.id, list(dealt), why, acts=acts)
            untick_and_rerun(_TICKS)


def _table(file: SettlementFile, rows: list[SetAsideRow], found: SetAsideRows, t: Translator) -> pd.DataFrame:
    sheets, zone = sheets_of(file.reading), desk().account(file.account).timezone
    return pd.DataFrame(
        {
            t("Line"): [where(row.line, sheets, t) if row.line else "…" for row in rows],
            t("State"): [_state(row, found, zone, t) for row in rows],
            t("Column"): [t(LABELS.get(row.column, "")) for row in rows],
            t("Reason"): [_reason(row, found, t) for row in rows],
            t("Payout"): [row.settlement_id for row in rows],
            t("Text of the row"): [row.text for row in rows],
        }
    )


def _reason(row: SetAsideRow, found: SetAsideRows, t: Translator) -> str:
    if row.line == REST:
        return t.plural(
            "{count} more row that is not listed",
            "{count} more rows that are not listed",
            found.rest,
        )
    return t.gettext(SET_ASIDE[row.reason]).format(cell=row.cell)


def _state(row: SetAsideRow, found: SetAsideRows, zone: str, t: Translator) -> str:
    if not row.blocking:
        return t("– holds no money of its own")
    act = found.dealt(row.line)
    return _dealt(act, zone, t) if act else t("! stands in the way")


def _dealt(act: Act, zone: str, t: Translator) -> str:
    return t(
        "✓ dealt with by {name}, {at}: {reason}",
        name=person_name(act.who, t),
        at=format_short(act.at, zone, language()),
        reason=act.reason,
    )
