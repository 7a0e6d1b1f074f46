"""The payout files: the lines of each, its source, how it was read, the rows set aside; why a failed one failed."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.components import accounts, selection, tables
from pages.components.colours import Colour
from pages.components.common import actor, desk, in_one_read, language, refusals, texts
from pages.components.facts import show_facts
from pages.components.markdown import plain
from pages.components.order_words import person_name
from pages.components.outcome_words import FILE_STATES, SOURCES, number
from pages.payout_files import failed_file, held_corrections, set_aside_rows, withdrawn
from pages.payout_files.findings import show_corrections, show_notes, show_warnings
from pages.payout_files.words import CHOICES, sheets_of
from pages.payouts import address
from pages.reconciliation.address import view_link
from services.error_messages import stored_sentence
from services.i18n import Translator, format_short
from services.imports.corrections import corrections
from services.reconciliation.views import file_list
from services.reconciliation.views.file_list import ListedFile, SettlementFile
from services.reconciliation.views.lists import SHOWN
from services.settlements.columns import LABELS
from services.settlements.findings import findings_from_json

_COLOURS: dict[str, Colour] = {"complete": "green", "failed": "red"}  # of badges, by state


@st.fragment
@in_one_read
def show(account_keys: tuple[str, ...]) -> None:
    t = texts()
    with refusals():
        starts: list[int | None] = st.session_state.setdefault("files_starts", [None])
        found = file_list.files(desk(), actor(), account_keys, starts[-1])
        if not found:
            st.info(t("No payout file yet."), icon=":material/inbox:")
            return
        shown = found[:SHOWN]
        selection.draw(
            "files",
            pd.DataFrame([_row(file, shown, t) for file in shown]),
            [file.id for file in shown],
            (st.session_state.get("file_of"),),
            _store_ticks,
            height=tables.height(len(shown)),
            alt=t("Payout files, newest first. Choose one to see how it was read."),
            column_config=tables.right_aligned(
                ("Lines", "New", "Already known", "Changed", "Withdrawn", "Beside", "Set aside"), t
            ),
        )
        _pager(starts, found, t)
        address.write()
        if (opened := st.session_state.get("file_of")) is not None:
            with selection.opened("files"):
                _file(opened, t)


def _store_ticks(ticked: tuple[selection.Id, ...]) -> None:
    st.session_state["file_of"] = ticked[0] if ticked else None


def _newer() -> None:
    st.session_state["files_starts"].pop()


def _pager(starts: list[int | None], found: tuple[ListedFile, ...], t: Translator) -> None:
    with st.container(horizontal=True):
        if len(starts) > 1:
            st.button(t("Newer files"), icon=":material/chevron_left:", type="tertiary", on_click=_newer)
        if len(found) > SHOWN:
            st.button(
                t("Older files"),
                icon=":material/chevron_right:",
                type="tertiary",
                on_click=starts.append,
                args=(found[SHOWN - 1].id,),
            )


def _row(file: ListedFile, shown: Sequence[ListedFile], t: Translator) -> dict[str, str]:
    zone = desk().account(file.account).timezone
    new = file.lines - file.known_lines - file.changed_lines - file.held_lines - file.older_lines
    several = accounts.several()
    return {
        t("State"): t(FILE_STATES[file.state]),
        t("File"): file.name,
        t("Lines"): number(file.lines, t),
        t("New"): number(new, t),
        t("Already known"): number(file.known_lines, t),
        t("Changed"): number(file.changed_lines, t),
        **(
            {t("Withdrawn"): number(file.withdrawn_lines, t)}
            if any(one.withdrawn_lines for one in shown)
            else {}
        ),
        **({t("Beside"): number(file.held_lines, t)} if any(one.held_lines for one in shown) else {}),
        t("Set aside"): _set_aside(file, t),
        t("Added"): format_short(file.uploaded_at, zone, language()),
        t("By"): person_name(file.who or "", t) or t(SOURCES[file.source]),
        **({t("Account"): accounts.name(file.account)} if several else {}),
    }


def _set_aside(file: ListedFile, t: Translator) -> str:
    """How many rows set aside block the tie-out; "3 of 5" where some are dealt with."""
    left = sum(file.aside_open.values())
    if left == file.aside_blocking:
        return number(left, t)
    return t("{left} of {count}", left=number(left, t), count=number(file.aside_blocking, t))


def _file(file_id: int, t: Translator) -> None:
    file = file_list.file(desk(), actor(), file_id)
    if file is None:
        return
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader(plain(file.name), anchor=False, width="content")
            st.badge(t(FILE_STATES[file.state]), color=_COLOURS.get(file.state, "gray"))
        if file.failure:
            st.error(plain(stored_sentence(file.failure, file.failure_detail, t)), icon=":material/error:")
        failed_file.show(file)
        held_corrections.show(file, "file")
        withdrawn.show(file, "file")
        found, sheets = findings_from_json(file.reading.get("found", {})), sheets_of(file.reading)
        left, right = st.columns(2, gap="large")
        with left:
            st.markdown(f"**{t('How it was read')}**")
            show_facts(_reading(file, t))
            if file.lines:
                label = t("All lines of this file")
                view_link(label, ":material/list:", "lines", file=[file.id], outcome=["all"])
        with right:
            show_warnings(found, sheets, t)
            show_notes(found, sheets, t)
        if file.changed_lines:
            with st.expander(t("Changed lines"), icon=":material/difference:"):
                show_corrections(corrections.of_file(desk(), actor(), file.id), file.changed_lines, sheets, t)
        if file.state == "complete":
            st.markdown(f"**{t('Rows set aside')}**")
            set_aside_rows.show(file, "file")
            if found.set_aside > len(file.aside):
                st.caption(
                    t(
                        "The first {shown} of {count} rows set aside.",
                        shown=number(len(file.aside), t),
                        count=number(found.set_aside, t),
                    )
                )


def _reading(file: SettlementFile, t: Translator) -> list[tuple[str, str]]:
    facts = [
        (t("Size"), t("{count} bytes", count=number(file.size, t))),
        (t("From"), t(SOURCES[file.source])),
    ]
    for name, (label, options) in CHOICES.items():
        if file.reading.get("sheets") and name in ("delimiter", "encoding"):  # a workbook has neither
            continue
        value = file.reading.get(name)
        value = value.get("settled_amount") if isinstance(value, dict) else value
        if value:
            facts.append((t(label), t(options.get(value, value))))
    for name, column in file.reading.get("columns", ()):
        facts.append((t("Column {name}", name=name), t(LABELS[column]) if column else t("left out")))
    return facts
