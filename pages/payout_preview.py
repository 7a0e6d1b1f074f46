"""How a payout file was read and why, what it adds up to, what was set aside: before anything of it is stored."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.common import texts
from pages.markdown import plain
from pages.reading_words import CHOICES
from pages.reconciliation_words import day, number
from services.i18n import Translator
from services.money import format_money
from services.reconciliation.imports import Preview
from services.reconciliation.line_words import operation
from services.settlements.columns import COLUMNS, LABELS
from services.settlements.sheet import AsideRow
from services.settlements.words import ASIDE, EVIDENCE


def show_preview(found: Preview) -> None:
    _summary(found)
    _details(found)


def _summary(found: Preview) -> None:
    t = texts()
    if found.imported:
        st.info(
            t("This very file was imported before: nothing would be added."), icon=":material/content_copy:"
        )
        return
    st.markdown(
        t("**{lines}** lines: **{new}** new, **{known}** already known, **{changed}** changed.",
          lines=number(found.lines, t), new=number(found.new, t), known=number(found.known, t), changed=number(found.changed, t))
    )  # fmt: skip
    if not found.lines:
        st.error(t("Not a row of it can be read like this: look at the rows set aside, and correct how it is read."), icon=":material/error:")  # fmt: skip
    if found.aside_blocking:
        st.warning(
            t.plural("{count} row could not be read and is set aside.", "{count} rows could not be read and are set aside.", found.aside_blocking),
            icon=":material/rule:",
        )  # fmt: skip
    if found.damaged:
        st.warning(
            t("A spreadsheet has shortened numbers in this file ({cell} in line {line}): ask HiPay for the original.",
              cell=plain(found.damaged[0].cell), line=found.damaged[0].line),
            icon=":material/broken_image:",
        )  # fmt: skip
    if found.unknown_operations:
        st.warning(
            t("Operations that are not known here, shown and kept: {operations}", operations=plain(", ".join(found.unknown_operations))),
            icon=":material/help:",
        )  # fmt: skip


def _details(found: Preview) -> None:
    t = texts()
    reading, columns, operations, payouts, aside = st.tabs(
        [
            t("How it was read"),
            t("Columns"),
            t("Totals by operation"),
            t("Totals by payout"),
            t("Rows set aside"),
        ]
    )
    with reading:
        for name, (label, options) in CHOICES.items():
            value = found.dialect.debits if name == "debits" else getattr(found.dialect, name)
            shown = (value or {}).get("settled_amount") if name == "debits" else value
            evidence = found.dialect.why(name)
            if evidence.code == "sheet":  # a spreadsheet has neither separator nor encoding
                continue
            why = t.gettext(EVIDENCE[name, evidence.code]).format(
                line=evidence.line, cell=evidence.cell, count=evidence.count, column=t(LABELS.get(evidence.column, "")),
            )  # fmt: skip
            words = t(options[shown]) if shown in options else str(shown or t("either"))
            st.markdown(t("{label}: {value}", label=t(label), value=f"**{plain(words)}** — {plain(why)}"))
    with columns:
        _columns(found, t)
    with operations:
        st.dataframe(
            _by_operation(found.totals, t),
            hide_index=True,
            column_config=_right(t, "Lines", "Amount"),
            alt=t("Totals by operation"),
        )
    with payouts:
        st.dataframe(
            _by_payout(found.settlements, t),
            hide_index=True,
            column_config=_right(t, "Lines", "Amount"),
            alt=t("Totals by payout"),
        )
    with aside:
        if not found.aside:
            st.caption(t("None: every row is a line."))
        else:
            st.dataframe(_aside(found.aside, t), hide_index=True, alt=t("Rows set aside"))


def _columns(found: Preview, t: Translator) -> None:
    """What each column of the file is taken for."""
    header = found.header
    for text, names in (
        ("Columns that are missing: {columns}", [t(LABELS[name]) for name in header.missing]),
        ("Columns that are not known and were left out: {columns}", list(header.extra)),
        ("Columns that stand twice, the first was read: {columns}", [t(LABELS[name]) for name in header.duplicates]),
    ):  # fmt: skip
        if names:
            st.caption(plain(t(text, columns=", ".join(names))))
    called = dict(zip(header.columns, header.names, strict=False))
    table = pd.DataFrame(
        [
            {t("In the file"): called[name], t("Read as"): t(LABELS[name])}
            for name in COLUMNS
            if name in called
        ]
    )
    st.dataframe(table, hide_index=True, alt=t("Columns"))


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


def _by_payout(frame: pd.DataFrame, t: Translator) -> pd.DataFrame:
    rows = frame.to_dict("records")
    return pd.DataFrame(
        {
            t("Payout"): [row["settlement_id"] for row in rows],
            t("Lines"): [number(int(row["lines"]), t) for row in rows],
            t("Amount"): [format_money(int(row["settled_units"]), row["currency"], t.locale) for row in rows],
            t("Dates"): [" – ".join(dict.fromkeys(day(one, t) for one in (row["first_date"], row["last_date"]) if one)) for row in rows],
        }
    )  # fmt: skip


def _aside(rows: Sequence[AsideRow], t: Translator) -> pd.DataFrame:
    return pd.DataFrame(
        {
            t("Line"): [row.line for row in rows],
            t("Column"): [t(LABELS.get(row.column, "")) for row in rows],
            t("Reason"): [t.gettext(ASIDE[row.reason]).format(cell=row.cell) for row in rows],
            t("Text of the row"): [row.text for row in rows],
        }
    )


def _right(t: Translator, *names: str) -> dict[str, object]:
    return {t(name): st.column_config.TextColumn(alignment="right") for name in names}
