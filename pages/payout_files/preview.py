"""The preview of a payout file: its lines, how it was read and why, its totals, the rows set aside. Nothing of it is stored yet."""

import pandas as pd
import streamlit as st

from pages.components import tables
from pages.components.common import texts
from pages.components.markdown import plain
from pages.components.outcome_words import number
from pages.payout_files.findings import reading_in_doubt, show_notes, show_warnings
from pages.payout_files.words import CHOICES, where
from services.i18n import Translator
from services.imports.previews.preview import Preview
from services.money import format_money
from services.reconciliation.views.line_text import operation
from services.settlements.columns import LABELS
from services.settlements.words import EVIDENCE, SET_ASIDE


def show_summary(found: Preview) -> None:
    """Show how many lines it has and what may be wrong."""
    t = texts()
    if found.imported:
        st.info(
            t("This very file was imported before: nothing would be added."), icon=":material/content_copy:"
        )
        return
    st.markdown(
        t(
            "**{lines}** lines: **{new}** new, **{known}** already known, **{changed}** changed.",
            lines=number(found.lines, t),
            new=number(found.new, t),
            known=number(found.known, t),
            changed=number(found.changed, t),
        )
    )
    if not found.lines:
        st.error(
            t(
                "Not a row of it can be read like this: look at the rows set aside, and correct how it is read."
            ),
            icon=":material/error:",
        )
    if found.set_aside_blocking:
        st.warning(
            t.plural(
                "{count} row could not be read and is set aside.",
                "{count} rows could not be read and are set aside.",
                found.set_aside_blocking,
            ),
            icon=":material/rule:",
        )
    if found.held:
        st.warning(
            t.plural(
                "{count} line that the file corrects or no longer has was delivered by HiPay itself: it goes on to count until somebody decides.",
                "{count} lines that the file corrects or no longer has were delivered by HiPay itself: they go on to count until somebody decides.",
                found.held,
            ),
            icon=":material/difference:",
        )
    show_warnings(found.findings, found.dialect.sheets, t)


def in_doubt(found: Preview) -> bool:
    """Whether it may have been read wrongly."""
    return not found.lines or found.set_aside_blocking > 0 or reading_in_doubt(found.findings)


def show_details(found: Preview) -> None:
    """Show how it was read and why, its columns, its totals, and the rows set aside."""
    t = texts()
    names = [
        t("How it was read"),
        t("Columns"),
        t("Totals by operation"),
        t("Rows set aside"),
    ]
    reading, columns, operations, set_aside = st.tabs(names)
    with reading:
        for name, (label, options) in CHOICES.items():
            value = found.dialect.debits if name == "debits" else getattr(found.dialect, name)
            shown = (value or {}).get("settled_amount") if name == "debits" else value
            evidence = found.dialect.why(name)
            if evidence.code in (
                "sheet",
                "none",
            ):  # of a spreadsheet, which has neither separator nor encoding
                continue
            why = t.gettext(EVIDENCE[name, evidence.code]).format(
                line=where(evidence.line, found.dialect.sheets, t),
                cell=evidence.cell,
                count=evidence.count,
                column=t(LABELS.get(evidence.column, "")),
            )
            words = t(options[shown]) if shown in options else str(shown or t("either"))
            st.markdown(t("{label}: {value}", label=t(label), value=f"**{plain(words)}** — {plain(why)}"))
    with columns:
        _columns(found, t)
    with operations:
        st.dataframe(
            _by_operation(found.totals, t),
            hide_index=True,
            column_config=tables.right_aligned(("Lines", "Amount"), t),
            alt=t("Totals by operation"),
        )
    with set_aside:
        if not found.set_aside:
            st.caption(t("None: every row is a line."))
        else:
            st.dataframe(_set_aside_table(found, t), hide_index=True, alt=t("Rows set aside"))
            if found.findings.set_aside > len(found.set_aside):
                st.caption(
                    t(
                        "The first {shown} of {count} rows set aside.",
                        shown=number(len(found.set_aside), t),
                        count=number(found.findings.set_aside, t),
                    )
                )


def _columns(found: Preview, t: Translator) -> None:
    """Show how each column of the file is read."""
    show_notes(found.findings, found.dialect.sheets, t)
    table = {
        name: t(LABELS[column])
        for header in found.headers
        for name, column in zip(header.labels, header.columns, strict=True)
        if column
    }
    frame = pd.DataFrame({t("In the file"): list(table), t("Read as"): list(table.values())})
    st.dataframe(frame, hide_index=True, alt=t("Columns"))


def _by_operation(frame: pd.DataFrame, t: Translator) -> pd.DataFrame:
    rows = frame.to_dict("records")
    return pd.DataFrame(
        {
            t("Operation"): [operation(row["operation_code"], row["operation"], t) for row in rows],
            t("Lines"): [number(int(row["count"]), t) for row in rows],
            t("Amount"): [format_money(int(row["settled_units"]), row["currency"], t.locale) for row in rows],
            t("Note"): [
                t("total line: repeats the others") if row["kind"] == "control" else "" for row in rows
            ],
        }
    )


def _set_aside_table(found: Preview, t: Translator) -> pd.DataFrame:
    rows, sheets = found.set_aside, found.dialect.sheets
    return pd.DataFrame(
        {
            t("Line"): [where(row.line, sheets, t) for row in rows],
            t("Column"): [t(LABELS.get(row.column, "")) for row in rows],
            t("Reason"): [t.gettext(SET_ASIDE[row.reason]).format(cell=row.cell) for row in rows],
            t("Text of the row"): [row.text for row in rows],
        }
    )
