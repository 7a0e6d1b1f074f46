"""What the screens that read an uploaded table share: the template, questions, and the problems of rows in words."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from pages.bulk.columns import show_columns
from pages.components.common import texts
from pages.components.markdown import plain
from services import parsing
from services.bulk import template
from services.bulk.cells import DecimalSign
from services.bulk.columns import Column
from services.bulk.errors import ColumnsDoubtful, ColumnsMissing
from services.bulk.heading import Head
from services.bulk.rows import Bad, Problem
from services.error_messages import sentence, stored_sentence
from services.errors import DeskError
from services.i18n import Translator
from services.imports.scratch import Folder
from services.settings.account import Account
from services.spreadsheets.write import XLSX, to_csv

TYPES = ["csv", "txt", "xlsx", "xls", "ods"]  # of tables that can be uploaded
DECIMALS = {"": "as detected", ",": "comma: 1234,56", ".": "point: 1234.56"}


def place(account: Account, uploaded: Any) -> str:
    """What the session's values of an uploaded table belong to: the file and the account that it is read for."""
    return f"{uploaded.file_id}_{account.key}"


def offer_template(columns: tuple[Column, ...], name: str) -> None:
    """Offer an empty table. Meanwhile the readers are loaded, so that the filled-in one does not wait for them."""
    parsing.prepare()
    t = texts()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(t("An empty table with the right headings:"), width="content")
        st.download_button(
            "XLSX",
            lambda: template.as_xlsx(columns, t),
            file_name=f"{name}.xlsx",
            mime=XLSX,
            icon=":material/download:",
            on_click="ignore",
            type="tertiary",
            key=f"template_xlsx_{name}",
        )
        st.download_button(
            "CSV",
            lambda: template.as_csv(columns, t),
            file_name=f"{name}.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            type="tertiary",
            key=f"template_csv_{name}",
        )
    needed = ", ".join(t(column.label) for column in columns if column.needed)
    st.caption(
        t("Needed columns: {columns}. Other names, English or French, are recognised too.", columns=needed)
    )


def ask_decimal(file_id: str) -> DecimalSign | None:
    """The decimal sign that a person chose for this file, if any did."""
    t = texts()
    with st.popover(t("How amounts are written"), icon=":material/tune:"):
        chosen: Any = st.selectbox(
            t("Decimal sign"),
            list(DECIMALS),
            key=f"decimal_{file_id}",
            format_func=lambda sign: t(DECIMALS[sign]),
        )
    return chosen or None


def undecided(cell: str) -> None:
    st.warning(
        texts()(
            "The table does not say how its amounts are written (for example {cell}): choose the decimal sign above, and nothing is guessed.",
            cell=plain(cell),
        ),
        icon=":material/help:",
    )


@contextmanager
def table_refusals(columns: tuple[Column, ...], place: str) -> Iterator[None]:
    """Show why the table cannot be read, with the labels of columns, and let the person name the columns."""
    t = texts()
    try:
        yield
    except ColumnsDoubtful as error:
        named = error.fields() | {"columns": _meanings(error.head, columns, t)}
        st.warning(plain(stored_sentence(error.code, named, t)), icon=":material/help:")
        show_columns(error.head, columns, place)
    except ColumnsMissing as error:
        labels = _labels(columns, t)
        lacking = ColumnsMissing(tuple(labels[name] for name in error.columns))
        st.error(plain(sentence(lacking, t)))
        if error.head is not None:
            show_columns(error.head, columns, place, open_=True)
    except DeskError as error:
        st.error(plain(sentence(error, t)))


def sheets(file: str) -> Path:
    """The folder into which the uploaded workbook is unpacked. It is deleted once another file is uploaded."""
    known: tuple[str, Folder] | None = st.session_state.get("table_sheets")
    if known is None or known[0] != file:
        st.session_state["table_sheets"] = known = file, Folder("sheets-")
    return known[1].path


def _meanings(head: Head, columns: tuple[Column, ...], t: Translator) -> str:
    labels = _labels(columns, t)
    return ", ".join(labels[meaning] for meaning, _ in head.doubts)


def bad_table(bad: Sequence[Bad], columns: tuple[Column, ...], t: Translator) -> pd.DataFrame:
    """One row for each problem: the cell, its content, what is wrong."""
    labels = _labels(columns, t)
    return pd.DataFrame(
        [
            {
                t("Cell"): problem.where,
                t("Column"): labels.get(problem.column, ""),
                t("Content"): problem.cell,
                t("What is wrong"): sentence(problem.error, t),
            }
            for row in bad
            for problem in row.problems
        ]
    )


def bad_csv(bad: Sequence[Bad], columns: tuple[Column, ...], t: Translator) -> bytes:
    """The rows as they were read, with the reasons in a last column, for a spreadsheet."""
    present = [column for column in columns if any(column.name in row.line.cells for row in bad)]
    labels = {column.name: t(column.label) for column in present} | {"reasons": t("What is wrong")}
    rows = [
        {
            **{column.name: row.line.cells.get(column.name, "") for column in present},
            "reasons": _reasons(row.problems, labels, t),
        }
        for row in bad
    ]
    return to_csv(pd.DataFrame(rows, columns=list(labels), dtype="str"), labels)


def refused_table(rows: Sequence[Any], t: Translator) -> pd.DataFrame:
    """Rows of a list that were refused when they were to be sent."""
    return pd.DataFrame(
        [
            {
                t("Row"): row.line,
                t("Customer"): f"{row.data.get('first_name', '')} {row.data.get('last_name', '')}".strip()
                or "—",
                t("What is wrong"): " ".join(
                    stored_sentence(code, values, t) for code, values in row.problems.values()
                ),
            }
            for row in rows
        ]
    )


def _reasons(problems: Sequence[Problem], labels: dict[str, str], t: Translator) -> str:
    parts = []
    for problem in problems:
        label, why = labels.get(problem.column, ""), sentence(problem.error, t)
        parts.append(t("{name}: {value}", name=label, value=why) if label else why)
    return " / ".join(parts)


def _labels(columns: tuple[Column, ...], t: Translator) -> dict[str, str]:
    return {column.name: t(column.label) for column in columns}
