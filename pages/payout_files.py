"""Payout files before they are stored: how each was read and why, what can be corrected, what it adds up to."""

from typing import Any

import pandas as pd
import streamlit as st

from pages.common import actor, desk, refusals, texts
from pages.markdown import plain
from services.errors import DeskError
from services.i18n import Translator
from services.money import format_money
from services.reconciliation import imports
from services.reconciliation.imports import Preview
from services.refusals import sentence
from services.settlements.columns import LABELS
from services.settlements.dialect import Chosen
from services.settlements.errors import UndecidedReading
from services.settlements.operations import BY_CODE
from services.settlements.words import ASIDE, EVIDENCE

AUTOMATIC = ""
ENCODINGS = ("utf-8", "utf-8-sig", "cp1252", "iso-8859-15", "utf-16")
CHOICES: dict[str, tuple[str, dict[str, str]]] = {
    "decimal": ("Decimal sign", {",": "comma: 1234,56", ".": "point: 1234.56"}),
    "date": ("Dates", {"iso": "year first: 2026-11-24", "dmy": "day first: 24/11/2026", "mdy": "month first: 11/24/2026"}),
    "debits": (
        "Fees and refunds",
        {"negative": "have a minus sign", "positive": "have no sign and are subtracted", "inverted": "are positive, sales negative"},
    ),
    "delimiter": ("Column separator", {";": "semicolon ;", ",": "comma ,", "\t": "tab", "|": "bar |"}),
    "encoding": ("Encoding", {name: name for name in ENCODINGS}),
}  # fmt: skip


def show() -> None:
    t, accounts = texts(), desk().settings.all_accounts
    account = next(iter(accounts))
    if len(accounts) > 1:
        names = {key: one.name for key, one in accounts.items()}
        account = st.selectbox(
            t("Account"), list(accounts), format_func=names.__getitem__, key="payout_account"
        )
    st.session_state.setdefault("uploads", 0)
    uploaded: Any = st.file_uploader(
        t("Payout files from HiPay (CSV or TXT), one or more"), type=["csv", "txt"], accept_multiple_files=True,
        key=f"payout_files_{st.session_state['uploads']}",
    )  # fmt: skip
    ready = [found for file in uploaded if (found := _one(account, file)) is not None]
    new = [found for found in ready if not found[3].imported]
    label = t.plural("Import {count} file", "Import {count} files", len(new))
    if new and st.button(label, type="primary", icon=":material/playlist_add_check:", key="import_files"):
        _import(account, new)


def _import(account: str, found: list[tuple[str, bytes, Chosen, Preview]]) -> None:
    t, done, bar = texts(), [], st.progress(0.0)
    for number, (name, raw, chosen, preview) in enumerate(found):
        bar.progress(number / len(found), t("Importing {name}…", name=plain(name)))
        with refusals():
            imports.import_file(desk(), actor(), account, name, raw, chosen)
            done.append((name, preview.count("new"), preview.count("known"), preview.count("changed")))
    if len(done) == len(found):
        st.session_state["imported"] = done
        st.session_state["uploads"] += 1
        st.rerun()


def say_imported() -> None:
    """What the last import came to, said once: outside the place for adding, which folds itself then."""
    t = texts()
    for name, new, known, changed in st.session_state.pop("imported", []):
        st.success(
            t("{name} is imported: {new} new lines, {known} already known, {changed} changed.",
              name=plain(name), new=new, known=known, changed=changed),
            icon=":material/check_circle:",
        )  # fmt: skip


def _one(account: str, file: Any) -> tuple[str, bytes, Chosen, Preview] | None:
    """One file as it was read, or why it cannot be; what can be imported of it."""
    t, raw = texts(), file.getvalue()
    with st.container(border=True):
        st.markdown(f":material/description: **{plain(file.name)}**")
        chosen = _chosen(file.file_id)
        try:
            preview = imports.look(desk(), actor(), account, raw, chosen)
        except UndecidedReading as question:
            for name in question.questions:
                text = t(
                    "The file does not say how its amounts are written: choose below, and nothing is guessed."
                )
                st.warning(f"{text} ({t(CHOICES[name][0])})", icon=":material/help:")
            _corrections(file.file_id, open_=True)
            return None
        except DeskError as error:
            st.error(plain(sentence(error, t)))
            _corrections(file.file_id, open_=False)
            return None
        _summary(preview)
        _details(preview)
        _corrections(file.file_id, open_=False)
        return file.name, raw, chosen, preview


def _summary(preview: Preview) -> None:
    t, file = texts(), preview.file
    if preview.imported:
        st.info(
            t("This very file was imported before: nothing would be added."), icon=":material/content_copy:"
        )
        return
    st.markdown(
        t("**{lines}** lines: **{new}** new, **{known}** already known, **{changed}** changed.",
          lines=len(file.lines), new=preview.count("new"), known=preview.count("known"), changed=preview.count("changed"))
    )  # fmt: skip
    wrong = [row for row in file.aside if row.blocking]
    if wrong:
        st.warning(
            t.plural("{count} row could not be read and is set aside.", "{count} rows could not be read and are set aside.", len(wrong)),
            icon=":material/rule:",
        )  # fmt: skip
    if file.damaged:
        st.warning(
            t("A spreadsheet has shortened numbers in this file ({cell} in line {line}): ask HiPay for the original.",
              cell=plain(file.damaged[0].cell), line=file.damaged[0].line),
            icon=":material/broken_image:",
        )  # fmt: skip
    if file.unknown_operations:
        st.warning(
            t("Operations that are not known here, shown and kept: {operations}", operations=plain(", ".join(file.unknown_operations))),
            icon=":material/help:",
        )  # fmt: skip


def _details(preview: Preview) -> None:
    t, file = texts(), preview.file
    reading, totals, aside = st.tabs([t("How it was read"), t("Totals by operation"), t("Rows set aside")])
    with reading:
        for name, (label, options) in CHOICES.items():
            value = file.dialect.debits if name == "debits" else getattr(file.dialect, name)
            shown = (value or {}).get("settled_amount") if name == "debits" else value
            evidence = file.dialect.why(name)
            why = t.gettext(EVIDENCE[name, evidence.code]).format(
                line=evidence.line,
                cell=evidence.cell,
                count=evidence.count,
                column=t(LABELS.get(evidence.column, "")),
            )
            words = t(options[shown]) if shown in options else str(shown or t("either"))
            st.markdown(t("{label}: {value}", label=t(label), value=f"**{plain(words)}** — {plain(why)}"))
        _columns(preview)
    with totals:
        st.dataframe(_totals(preview.totals, t), hide_index=True, alt=t("Totals by operation"))
    with aside:
        if not file.aside:
            st.caption(t("None: every row is a line."))
        else:
            st.dataframe(_aside(file.aside, t), hide_index=True, alt=t("Rows set aside"))


def _columns(preview: Preview) -> None:
    t, header = texts(), preview.file.header
    for text, names in (
        ("Columns that are missing: {columns}", [t(LABELS[name]) for name in header.missing]),
        ("Columns that are not known and were left out: {columns}", list(header.extra)),
        (
            "Columns that stand twice, the first was read: {columns}",
            [t(LABELS[name]) for name in header.duplicates],
        ),
    ):
        if names:
            st.caption(plain(t(text, columns=", ".join(names))))


def _totals(frame: pd.DataFrame, t: Translator) -> pd.DataFrame:
    return pd.DataFrame(
        {
            t("Operation"): [t(BY_CODE[code].label) if code in BY_CODE else text for code, text in zip(frame["operation_code"], frame["operation"], strict=True)],
            t("Lines"): frame["count"],
            t("Amount"): [format_money(int(units), currency, t.locale) for units, currency in zip(frame["settled_units"], frame["currency"], strict=True)],
            t("Note"): [t("total line: repeats the others") if kind == "control" else "" for kind in frame["kind"]],
        }
    )  # fmt: skip


def _aside(rows: Any, t: Translator) -> pd.DataFrame:
    return pd.DataFrame(
        {
            t("Line"): [row.line for row in rows],
            t("Column"): [t(LABELS.get(row.column, "")) for row in rows],
            t("Reason"): [t.gettext(ASIDE[row.reason]).format(cell=row.cell) for row in rows],
            t("Text of the row"): [row.text for row in rows],
        }
    )


def _chosen(file_id: str) -> Chosen:
    picked = {name: st.session_state.get(f"reading_{file_id}_{name}") or None for name in CHOICES}
    return Chosen(**picked)


def _corrections(file_id: str, *, open_: bool) -> None:
    """Every choice of the reading can be made by hand; empty leaves it to the file."""
    t = texts()
    with st.expander(t("Correct how it is read"), expanded=open_, icon=":material/tune:"):
        for column, (name, (label, options)) in zip(st.columns(len(CHOICES)), CHOICES.items(), strict=True):
            words = {AUTOMATIC: t("as detected"), **{key: t(text) for key, text in options.items()}}
            column.selectbox(
                t(label), list(words), format_func=words.__getitem__, key=f"reading_{file_id}_{name}"
            )
