"""A payout that a file issues again: what is corrected, withdrawn and new, and the question which issue is the newest."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.components import tables
from pages.components.common import texts
from pages.components.markdown import plain
from pages.components.outcome_words import day, money, number
from pages.payout_files.findings import operation_words, show_corrections
from services.i18n import Translator
from services.imports.corrections.corrections import Cells
from services.imports.issued_again.issue_answers import Answers
from services.imports.issued_again.issue_preview import IssueEffect, IssuePreview, ListedLines, Units
from services.imports.issued_again.issues import Told
from services.imports.previews.preview import Preview
from services.settlements.tables import Sheet

_SHOWN = 20  # payouts of a file
_CHOICES: dict[Told, str] = {
    "newest": "The newest issue: what is here is corrected",
    "older": "An older issue: what is here stays",
    "part": "A part of the same issue: its lines are others",
}
_SAID = {
    "newest": "It is the newest issue: it has the amount of HiPay's list.",
    "older": "It is an older issue: what is here has the amount of HiPay's list, and stays.",
    "part": "Its lines are added to those that are here.",
    "known": "All its lines are known: it is taken as older, and changes nothing unless you say that it is the newest issue.",
}


def show(found: Preview, draft: str) -> Answers | None:
    """Show what the file does to payouts that are here already. What the person said of them; None while an answer is missing.
    ``draft``: the key of the file."""
    t = texts()
    concerned = [one for one in found.issues if one.effects]
    for one in concerned[:_SHOWN]:
        with st.container(border=True):
            st.markdown(f"**{plain(t('Payout {payout} is here already', payout=one.payout[1]))}**")
            _payout(one, draft, found.dialect.sheets, t)
    if rest := [one for one in concerned[_SHOWN:] if one.said == "ask"]:
        label = t.plural("And {count} more payout", "And {count} more payouts", len(rest))
        _ask(label, f"issue_rest_{draft}", t)
    return answers(found, draft)


def answers(found: Preview, draft: str) -> Answers | None:
    """The same without showing it."""
    concerned = [one for one in found.issues if one.effects]
    told: list[tuple[tuple[str, str], Told]] = []
    apart: list[tuple[int, int]] = []
    missing = False
    for one in concerned[:_SHOWN]:
        key = _key(one, draft)
        said: Told | None = st.session_state.get(f"issue_{key}") if one.said in ("ask", "known") else None
        missing |= one.said == "ask" and said is None
        if said is not None:
            told.append((one.payout, said))
        if said in ("newest", "part"):
            apart += st.session_state.get(f"apart_{key}", ())
    every: Told | None = None
    if any(one.said == "ask" for one in concerned[_SHOWN:]):
        every = st.session_state.get(f"issue_rest_{draft}")
        missing |= every is None
    return None if missing else Answers(tuple(told), every, tuple(apart))


def _key(one: IssuePreview, draft: str) -> str:
    return f"{draft}_{one.payout[0]}_{one.payout[1]}"


def _ask(label: str, key: str, t: Translator) -> Told | None:
    return st.radio(label, list(_CHOICES), index=None, key=key, format_func=lambda one: t(_CHOICES[one]))


def _payout(one: IssuePreview, draft: str, sheets: Sequence[Sheet], t: Translator) -> None:
    """Show what the file does to a payout, and ask what it is, and which pairs are other lines."""
    key = _key(one, draft)
    said: Told | None = None
    if one.said in ("ask", "known"):
        if one.said == "known":
            st.caption(t(_SAID["known"]))
        said = _ask(t("What is this file?"), f"issue_{key}", t)
        shown = one.effects[said or "newest"] if one.said == "ask" or said else None
    else:
        held = one.said == "newest" and one.held
        st.caption(t("HiPay delivered it.") if held else t(_SAID.get(one.said, _SAID["part"])))
        [shown] = one.effects.values()
    if shown is None:
        return
    if one.said == "ask" and said is None:
        st.caption(t("If it is the newest issue:"))
    apart = _pairs(shown, key, t) if said in ("newest", "part") else []
    show_effect(shown.with_apart(apart), sheets, t)


def _pairs(shown: IssueEffect, key: str, t: Translator) -> list[tuple[int, int]]:
    """Ask which pairs are other lines."""
    if not shown.corrected:
        return []
    words = {
        (one.former, one.line): t(
            "Line {number}: {operation}, {before} → {after}",
            number=number(one.line, t),
            operation=operation_words(one.after, t),
            before=_amount(one.before, t),
            after=_amount(one.after, t),
        )
        for one in shown.corrected
    }
    return st.multiselect(
        t("Other lines, no corrections"),
        list(words),
        key=f"apart_{key}",
        format_func=lambda pair: words[pair],
        placeholder=t("no pair"),
        help=t("A pair that you choose is two lines: the former is not corrected by the new one."),
    )


def show_effect(shown: IssueEffect, sheets: Sequence[Sheet], t: Translator, *, stored: bool = False) -> None:
    """Show what is corrected, withdrawn and new, with sums, and what the payout will come to. ``stored``: the file is imported, and
    what is new are lines that count again."""
    new_lines = t("Counted again: {count}") if stored else t("New: {count}")
    before, after = _units(shown.former_units, t), _units(shown.corrected_units, t)
    names = [
        t("Corrected: {count}", count=number(shown.corrected_count, t))
        + (f" · {before} → {after}" if shown.former_units or shown.corrected_units else ""),
        _named(t("Withdrawn: {count}", count=number(shown.withdrawn.count, t)), shown.withdrawn, t),
        _named(new_lines.format(count=number(shown.new.count, t)), shown.new, t),
    ]
    corrected, withdrawn, new = st.tabs(names)
    with corrected:
        if shown.corrected:
            show_corrections(shown.corrected, shown.corrected_count, sheets, t)
        else:
            st.caption(t("None."))
    with withdrawn:
        _table(shown.withdrawn, t("Lines that are withdrawn"), t)
        if not shown.whole:
            st.caption(
                t(
                    "The file is not a whole issue, which has the payout's own line and the lines that make it: it withdraws nothing."
                )
            )
    with new:
        _table(shown.new, t("Lines that count again") if stored else t("Lines that are new"), t)
    if shown.older:
        st.caption(
            t.plural(
                "{count} line of the file is of an older issue, and does not count.",
                "{count} lines of the file are of an older issue, and do not count.",
                shown.older,
            )
        )
    for one in shown.after:
        announced = t("not there") if one.announced is None else money(one.announced, one.currency, t)
        icon = ":material/check:" if one.ties else ":material/warning:"
        st.markdown(
            f"{icon} "
            + plain(
                t(
                    "The lines will come to {after} (now {before}); the payout line: {announced}.",
                    after=money(one.units, one.currency, t),
                    before=money(one.before_units, one.currency, t),
                    announced=announced,
                )
            )
        )


def _named(label: str, lines: ListedLines, t: Translator) -> str:
    return f"{label} · {_units(lines.units, t)}" if lines.count else label


def _units(units: Units, t: Translator) -> str:
    return ", ".join(money(amount, currency, t) for currency, amount in sorted(units.items())) or "—"


def _amount(cells: Cells, t: Translator) -> str:
    return money(cells["settled_amount"], cells["settlement_currency"], t)


def _table(lines: ListedLines, alt: str, t: Translator) -> None:
    if not lines.count:
        st.caption(t("None."))
        return
    frame = pd.DataFrame(
        {
            t("Operation"): [operation_words(cells, t) for cells in lines.shown],
            t("HiPay's transaction"): [cells["transaction_id"] for cells in lines.shown],
            t("Order in the file"): [cells["order"] for cells in lines.shown],
            t("Amount"): [_amount(cells, t) for cells in lines.shown],
            t("Date"): [day(cells["date"], t) for cells in lines.shown],
        }
    )
    st.dataframe(frame, hide_index=True, alt=alt, column_config=tables.right_aligned(("Amount",), t))
    if lines.count > len(lines.shown):
        st.caption(
            t(
                "The first {shown} of {count} lines.",
                shown=number(len(lines.shown), t),
                count=number(lines.count, t),
            )
        )
