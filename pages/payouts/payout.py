"""One payout: what its lines make, its file announces and HiPay shows, what blocks its tie-out, and what people did."""

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from pages.components import outcome_words, tables
from pages.components.common import actor, desk, texts
from pages.components.markdown import plain
from pages.components.outcome_words import PAYOUT_STATES
from pages.payout_files import held_corrections, set_aside_rows
from pages.payouts import payout_bank, payout_decisions, payout_difference, payout_figures
from pages.reconciliation.address import view_link
from services.bank import payout_leg
from services.i18n import Translator
from services.reconciliation.views import file_list, line_text, payout_list
from services.reconciliation.views.file_list import SettlementFile
from services.reconciliation.views.payout_list import OperationSum, Payout


def show(one: Payout) -> None:
    """Show the payout. Raises NotAllowed."""
    t = texts()
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader(plain(t("Payout {number}", number=one.settlement_id)), anchor=False, width="content")
            st.badge(t(PAYOUT_STATES[one.state]), color="green" if one.ties else "orange")
        if one.rows_set_aside:
            st.warning(
                t.plural(
                    "{count} row was set aside when the file was read: it may belong to this payout, which does not tie before the row is dealt with.",
                    "{count} rows were set aside when the file was read: they may belong to this payout, which does not tie before they are dealt with.",
                    one.rows_set_aside,
                ),
                icon=":material/rule:",
            )
            for file, name in _files(payout_list.files_with_rows_set_aside(desk(), actor(), one)):
                with st.expander(plain(t("Rows set aside in {file}", file=name)), icon=":material/rule:"):
                    set_aside_rows.show(file, "payout")
        if one.corrections_held:
            st.warning(
                t.plural(
                    "A file of other origin changes {count} line of this payout that HiPay delivered. The payout does not tie before somebody decides.",
                    "A file of other origin changes {count} lines of this payout that HiPay delivered. The payout does not tie before somebody decides.",
                    one.corrections_held,
                ),
                icon=":material/difference:",
            )
            for file, name in _files(payout_list.files_with_corrections_held(desk(), actor(), one)):
                with st.expander(plain(t("Corrections in {file}", file=name)), icon=":material/difference:"):
                    held_corrections.show(file, "payout")
        if one.missing:
            st.warning(
                t.plural(
                    "{count} line of this payout was imported without an amount. The payout does not tie before a corrected file brings it: ask HiPay for the original.",
                    "{count} lines of this payout were imported without an amount. The payout does not tie before a corrected file brings them: ask HiPay for the original.",
                    one.missing,
                ),
                icon=":material/money_off:",
            )
        hipay = payout_list.by_hipay(desk(), actor(), one) if one.known else None
        payout_figures.show(one, hipay)
        if (leg := payout_leg.of_payout(desk(), actor(), one.row.id)) is not None:
            payout_bank.show(one, leg, t)
        payout_difference.show(one)
        payout_figures.show_legs(one, hipay)
        sums = payout_list.operation_sums(desk(), actor(), one)
        table = pd.DataFrame(
            [
                {
                    t("Operation"): line_text.operation(part.code, part.words, t),
                    t("Lines"): outcome_words.number(part.lines, t),
                    t("Amount"): outcome_words.money(part.units, one.currency, t),
                    t("Note"): _note(part, t),
                }
                for part in sums
            ]
        )
        right = tables.right_aligned(("Lines", "Amount"), t)
        st.markdown(f"**{t('Totals by operation')}**")
        st.dataframe(table, hide_index=True, column_config=right, alt=t("Totals by operation"))
        _its_files(one, t)
        payout_decisions.show(one.row.id)
        with st.container(horizontal=True):
            chosen: dict[str, Any] = {"payout": one.settlement_id, "currency": [one.currency]}
            view_link(t("Its lines"), ":material/list:", "lines", **chosen, outcome=["all"])
            if one.open_lines:
                view_link(t("Its open lines"), ":material/rule:", "lines", **chosen)


def _note(part: OperationSum, t: Translator) -> str:
    notes = [t("total line: repeats the others")] if part.kind == "control" else []
    if part.missing:
        notes.append(t.plural("{count} line has no amount", "{count} lines have no amount", part.missing))
    return "; ".join(notes)


def _files(named: Sequence[tuple[int, str]]) -> Iterator[tuple[SettlementFile, str]]:
    """The files of these ids, each with its name."""
    for file_id, name in named:
        file = file_list.file(desk(), actor(), file_id)
        if file is not None:
            yield file, name


def _its_files(one: Payout, t: Translator) -> None:
    """A link to each file that has lines of the payout."""
    st.markdown(f"**{t('Files')}**")
    with st.container(horizontal=True):
        for file, name, lines in payout_list.files(desk(), actor(), one):
            st.page_link(
                "payouts/page.py",
                label=plain(f"{name} · {t.plural('{count} line', '{count} lines', lines)}"),
                icon=":material/description:",
                query_params={"show": "files", "file_of": str(file)},
            )
