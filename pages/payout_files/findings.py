"""The findings of reading a payout file, before its import and after; and the lines that it corrects."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from pages.components.markdown import plain
from pages.components.outcome_words import day_and_time, money, number
from pages.payout_files.words import where
from services.i18n import Translator
from services.imports.corrections.corrections import ShownCorrection
from services.reconciliation.views.line_text import operation
from services.settlements import settlement_operations
from services.settlements.columns import AMOUNTS, DATES, LABELS, WEIGHTY
from services.settlements.damaged_cells import DamagedCell
from services.settlements.findings import Findings
from services.settlements.tables import Sheet
from services.settlements.words import EVIDENCE

_NAMED = 20  # cells, operations, sheets that are named in one sentence
_SHOWN_PLACES = 5


def show_warnings(found: Findings, sheets: Sequence[Sheet], t: Translator) -> None:
    """Show what may be wrong."""
    for text, icon in _warnings(found, sheets, t):
        st.warning(plain(text), icon=icon)


def show_notes(found: Findings, sheets: Sequence[Sheet], t: Translator) -> None:
    """Show what is only worth knowing."""
    for text in _notes(found, sheets, t):
        st.caption(plain(text))


def reading_in_doubt(found: Findings) -> bool:
    """Whether something says that the file may have been read wrongly."""
    weighty = any(column in WEIGHTY for _, column, _ in found.unused)
    return bool(
        found.left_out
        or found.damaged
        or found.undated
        or found.open_end
        or (found.extra and found.missing)
        or weighty
    )


def _cells(found: Sequence[DamagedCell], count: int, sheets: Sequence[Sheet], t: Translator) -> str:
    """The first of the cells with their places, and whether there are more."""
    cells = [
        t(
            "{cell} (line {line}, {column})",
            cell=one.cell,
            line=where(one.line, sheets, t),
            column=t(LABELS[one.column]),
        )
        for one in found[:3]
    ]
    return _some(cells, count)


def _warnings(found: Findings, sheets: Sequence[Sheet], t: Translator) -> list[tuple[str, str]]:
    texts = []
    if found.left_out:
        texts.append(
            (
                t(
                    "Sheets that were not read, since they have not the columns of a payout file or were left out: {sheets}",
                    sheets=_some(found.left_out),
                ),
                ":material/tab_inactive:",
            )
        )
    if found.damaged:
        words = t.plural(
            "A spreadsheet has changed {count} id in this file: {cells}. Ask HiPay for the original.",
            "A spreadsheet has changed {count} ids in this file: {cells}. Ask HiPay for the original.",
            found.damaged_count,
            cells=_cells(found.damaged, found.damaged_count, sheets, t),
        )
        texts.append((words, ":material/broken_image:"))
    if found.unpriced:
        places = _some(
            [where(line, sheets, t) for line in found.unpriced[:_SHOWN_PLACES]], found.unpriced_count
        )
        words = t.plural(
            "{count} line of an order has no original amount, and settles nothing of it: line {lines}.",
            "{count} lines of orders have no original amount, and settle nothing of them: lines {lines}.",
            found.unpriced_count,
            lines=places,
        )
        texts.append((words, ":material/money_off:"))
    if found.undated:
        words = t.plural(
            "{count} cell is no date in the form of this file, and stays as it stands: {cells}. The amount of its line counts.",
            "{count} cells are no dates in the form of this file, and stay as they stand: {cells}. The amounts of their lines count.",
            found.undated_count,
            cells=_cells(found.undated, found.undated_count, sheets, t),
        )
        texts.append((words, ":material/event_busy:"))
    if found.open_end:
        texts.append(
            (
                t(
                    "The last row (line {line}) has no line end, and no payout shows that it is whole: compare it with HiPay, the file may be cut off.",
                    line=number(found.open_end, t),
                ),
                ":material/content_cut:",
            )
        )
    if found.unknown_operations:
        texts.append(
            (
                t(
                    "Operations that are not known here, shown and kept: {operations}",
                    operations=_some(found.unknown_operations),
                ),
                ":material/help:",
            )
        )
    if found.extra and found.missing:  # one of them may be what is missing
        texts.append((_extra(found, t), ":material/view_column:"))
    texts += [(_unused(*one, t), ":material/view_column:") for one in found.unused if one[1] in WEIGHTY]
    return texts


def _notes(found: Findings, sheets: Sequence[Sheet], t: Translator) -> list[str]:
    texts = []
    if len(sheets) > 1:
        texts.append(t("Sheets that were read: {sheets}", sheets=_some([one.name for one in sheets])))
    if found.hidden:
        texts.append(t("Hidden sheets, which are not read: {sheets}", sheets=_some(found.hidden)))
    if found.extra and not found.missing:
        texts.append(_extra(found, t))
    if found.missing:
        texts.append(
            t(
                "Columns that are missing: {columns}",
                columns=_some([t(LABELS[name]) for name in found.missing]),
            )
        )
    texts += [_unused(*one, t) for one in found.unused if one[1] not in WEIGHTY]
    # A file imported by an earlier version, which did not store the column that was preferred.
    if found.duplicates and not found.unused:
        texts.append(
            t(
                "Columns that stand twice, one was read: {columns}",
                columns=_some([t(LABELS[name]) for name in found.duplicates]),
            )
        )
    if (why := found.assumed) is not None:
        texts.append(
            t.gettext(EVIDENCE[why.choice, why.code]).format(
                line=where(why.line, sheets, t),
                cell=why.cell,
                count=why.count,
                column=t(LABELS.get(why.column, "")),
            )
        )
    return texts


def _extra(found: Findings, t: Translator) -> str:
    return t("Columns that are not known and were left out: {columns}", columns=_some(found.extra))


def _unused(name: str, column: str, other: str, t: Translator) -> str:
    return t(
        "Column “{name}” is not used: “{other}” is “{column}”.",
        name=name,
        other=other,
        column=t(LABELS[column]),
    )


def _some(names: Sequence[str], count: int = 0) -> str:
    return ", ".join(names[:_NAMED]) + (" …" if max(count, len(names)) > min(len(names), _NAMED) else "")


def show_corrections(
    found: Sequence[ShownCorrection], count: int, sheets: Sequence[Sheet], t: Translator
) -> None:
    """Show the lines that a file changes, each cell before and after."""
    table = [
        {
            t("Line"): where(one.line, sheets, t),
            t("Operation"): operation_words(one.after, t),
            t("Payout"): one.after["settlement_id"],
            t("Order in the file"): one.after["order"],
            t("What differs"): t(LABELS[column]),
            t("Before"): cell_words(one.before, column, t),
            t("Now"): cell_words(one.after, column, t),
        }
        for one in found
        for column in one.differs
    ]
    st.dataframe(pd.DataFrame(table), hide_index=True, alt=t("Lines that are changed"))
    if count > len(found):
        st.caption(
            t(
                "The first {shown} of {count} changed lines.",
                shown=number(len(found), t),
                count=number(count, t),
            )
        )


def operation_words(cells: Mapping[str, Any], t: Translator) -> str:
    known = settlement_operations.operation(cells["operation"])
    return operation(known.code if known else "", cells["operation"], t)


def cell_words(cells: Mapping[str, Any], column: str, t: Translator) -> str:
    value = cells[column]
    if column in AMOUNTS:
        currency = {"original_amount": "original_currency", "settled_amount": "settlement_currency"}.get(
            column, "currency"
        )
        return money(value, cells[currency] or cells["settlement_currency"], t)
    return day_and_time(value, t) if column in DATES else value or "—"
