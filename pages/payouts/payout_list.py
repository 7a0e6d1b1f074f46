"""The payout check: the lines of each payout against what its file announces, and what blocks the tie-out."""

from typing import Any

import pandas as pd
import streamlit as st

from pages.components import accounts, exports, outcome_words, selection, tables
from pages.components.common import actor, desk, in_one_read, refusals, texts
from pages.components.markdown import plain
from pages.components.outcome_words import PAYOUT_STATES
from pages.payout_files import held_corrections, set_aside_rows
from pages.payouts import address, payout_decisions, payout_difference, payout_figures
from pages.reconciliation.address import view_link
from services.exports.kinds import Payouts
from services.i18n import Translator
from services.payouts.states import PayoutState
from services.reconciliation.views import file_list, line_text, lists, payout_list
from services.reconciliation.views.lists import SHOWN
from services.reconciliation.views.payout_list import OperationSum, Payout

_REFRESH_SECONDS = 2.0  # while payouts are being worked out


@st.fragment
@in_one_read
def show(account_keys: tuple[str, ...]) -> None:
    t = texts()
    with refusals():
        found = payout_list.list_payouts(desk(), actor(), account_keys)
        st.caption(
            t(
                "Each payout's lines are added up and compared with the payout that the file itself announces, and with what HiPay’s API shows."
            )
        )
        if not found:
            st.info(t("No payout yet: add a payout file."), icon=":material/inbox:")
            return
        if any(one.state == "being_worked_out" for one in found):
            now = lists.figures(desk(), actor(), account_keys).payout_states
            st.fragment(_until_worked_out, run_every=_REFRESH_SECONDS)(account_keys, now)
        counts = {state: sum(one.state == state for one in found) for state in PAYOUT_STATES}
        wanted = set(st.session_state.get("check") or ())
        states = st.pills(
            t("Check"),
            [state for state in PAYOUT_STATES if counts[state] or state in wanted],
            selection_mode="multi",
            key="check",
            format_func=lambda state: f"{t(PAYOUT_STATES[state])} ({counts[state]})",
            persist_state="page",
        )
        address.write()
        matching = [one for one in found if not states or one.state in states]
        if not matching:
            st.info(t("No payout fits this filter."), icon=":material/filter_alt_off:")
            return
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.caption(t.plural("{count} payout", "{count} payouts", len(matching)))
            exports.offer(Payouts(accounts=account_keys, states=tuple(states or ())), rows=len(matching))
        pages = -(-len(matching) // SHOWN)
        place = min(st.session_state.get("payouts_page", 1), pages)
        _table(matching[(place - 1) * SHOWN : place * SHOWN], t)
        if pages > 1:
            st.pagination(pages, key="payouts_page")
        named = st.session_state.get("payout_of")
        chosen = next((one for one in found if named and _name(one) == named), None)
        if chosen is not None:
            _payout(chosen, t)


def _until_worked_out(account_keys: tuple[str, ...], before: dict[PayoutState, int]) -> None:
    """Draw the page anew once a payout has another state."""
    with refusals():
        if lists.figures(desk(), actor(), account_keys).payout_states != before:
            st.rerun()


def _name(one: Payout) -> str:
    return f"{one.account}:{one.settlement_id}:{one.currency}"


def _table(found: list[Payout], t: Translator) -> None:
    money = outcome_words.money
    several, bare = accounts.several(), any(one.missing for one in found)
    table = pd.DataFrame(
        [
            {
                t("Check"): t(PAYOUT_STATES[one.state]),
                t("Payout"): one.settlement_id,
                t("Sum of its lines"): money(one.lines_units, one.currency, t),
                t("Payout announced"): money(one.payout_units, one.currency, t),
                t("Difference"): money(one.difference_units, one.currency, t),
                t("Lines"): outcome_words.number(one.lines, t),
                t("Lines open"): outcome_words.number(one.open_lines, t),
                t("Rows set aside"): outcome_words.number(one.rows_set_aside, t)
                if one.rows_set_aside
                else "",
                **(
                    {t("Without an amount"): outcome_words.number(one.missing, t) if one.missing else ""}
                    if bare
                    else {}
                ),
                t("Dates"): " – ".join(
                    dict.fromkeys(outcome_words.day(day, t) for day in (one.first_date, one.last_date) if day)
                ),
                **({t("Account"): accounts.name(one.account)} if several else {}),
            }
            for one in found
        ]
    )
    right = (
        "Sum of its lines",
        "Payout announced",
        "Difference",
        "Lines",
        "Lines open",
        "Rows set aside",
        "Without an amount",
    )
    selection.draw(
        "payouts",
        table,
        [_name(one) for one in found],
        (st.session_state.get("payout_of") or "",),
        _store_ticks,
        height=tables.height(len(found)),
        alt=t("Payouts. Choose a payout to see what it is made of."),
        column_config=tables.right_aligned(right, t),
    )


def _store_ticks(ticked: tuple[selection.Id, ...]) -> None:
    st.session_state["payout_of"] = ticked[0] if ticked else ""


def _payout(one: Payout, t: Translator) -> None:
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
            _rows_set_aside(one, t)
        if one.corrections_held:
            st.warning(
                t.plural(
                    "A file of other origin changes {count} line of this payout that HiPay delivered. The payout does not tie before somebody decides.",
                    "A file of other origin changes {count} lines of this payout that HiPay delivered. The payout does not tie before somebody decides.",
                    one.corrections_held,
                ),
                icon=":material/difference:",
            )
            _held(one, t)
        if one.missing:
            st.warning(
                t.plural(
                    "{count} line of this payout was imported without an amount. The payout does not tie before a corrected file brings it: ask HiPay for the original.",
                    "{count} lines of this payout were imported without an amount. The payout does not tie before a corrected file brings them: ask HiPay for the original.",
                    one.missing,
                ),
                icon=":material/money_off:",
            )
        payout_figures.show(one)
        payout_difference.show(one)
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


def _rows_set_aside(one: Payout, t: Translator) -> None:
    """Show the rows set aside that block the tie-out, file by file."""
    for file_id, name in payout_list.files_with_rows_set_aside(desk(), actor(), one):
        file = file_list.file(desk(), actor(), file_id)
        if file is not None:
            with st.expander(plain(t("Rows set aside in {file}", file=name)), icon=":material/rule:"):
                set_aside_rows.show(file, "payout")


def _held(one: Payout, t: Translator) -> None:
    """Show the held corrections, file by file."""
    for file_id, name in payout_list.files_with_corrections_held(desk(), actor(), one):
        file = file_list.file(desk(), actor(), file_id)
        if file is not None:
            with st.expander(plain(t("Corrections in {file}", file=name)), icon=":material/difference:"):
                held_corrections.show(file, "payout")
