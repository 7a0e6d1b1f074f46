"""The result of files that a person imported together: one for all of them, counted from what is stored, until it is closed."""

import streamlit as st

from pages.components import accounts
from pages.components.common import actor, allowed_on_file, desk, refusals, texts
from pages.components.markdown import plain
from pages.components.outcome_words import PAYOUT_STATES, number
from services.access import Right
from services.error_messages import stored_sentence
from services.i18n import Translator
from services.imports import batches, files
from services.imports.batches import BatchResult, PayoutOfResult
from services.reconciliation.views import payout_pages

_NAMED = 10  # payouts that do not tie


def show(one: BatchResult) -> None:
    """Show what the imports came to, once all have ended; until then, how many have."""
    t = texts()
    with st.container(border=True, key=f"import_result_{one.id}"):
        if one.ended:
            _ended(one, t)
        else:
            done = len(one.files) - one.under_way
            words = t(
                "{done} of {count} files are imported, {lines} lines so far",
                done=number(done, t),
                count=number(len(one.files), t),
                lines=number(one.lines, t),
            )
            if not one.under_way:
                words = t("All files are imported; their payouts are being worked out…")
            st.progress(done / max(1, len(one.files)), words)
        _not_imported(one, t)
        if one.ended:
            _leads(one, t)
            st.button(
                t("Close"),
                icon=":material/close:",
                type="tertiary",
                key=f"close_result_{one.id}",
                on_click=batches.close,
                args=(desk(), actor(), one.id),
            )


def _ended(one: BatchResult, t: Translator) -> None:
    imported = sum(file.state == "complete" for file in one.files)
    tied = sum(payout.ties for payout in one.payouts)
    parts = [
        t.plural("{count} file", "{count} files", imported),
        t.plural("{count} line", "{count} lines", one.lines),
        t("{count} to resolve", count=number(one.to_resolve, t)),
        t.plural(
            "{tied} of {count} payout ties",
            "{tied} of {count} payouts tie",
            len(one.payouts),
            tied=number(tied, t),
        ),
    ]
    whole = imported == one.planned and not one.hidden and not any(file.held_lines for file in one.files)
    well = whole and one.payouts and tied == len(one.payouts) and not one.to_resolve
    icon = ":material/check_circle:" if well else ":material/rule:"
    (st.success if well else st.info)(f"**{plain(', '.join(parts))}**", icon=icon)
    known = sum(file.known_lines for file in one.files if file.state == "complete")
    changed = sum(file.changed_lines for file in one.files if file.state == "complete")
    withdrawn = sum(file.withdrawn_lines for file in one.files if file.state == "complete")
    if known or changed or withdrawn:
        st.caption(
            t(
                "{known} lines were known already, {changed} are corrected, {withdrawn} withdrawn.",
                known=number(known, t),
                changed=number(changed, t),
                withdrawn=number(withdrawn, t),
            )
        )
    if held := sum(file.held_lines for file in one.files):
        words = t.plural(
            "{count} line differs from what HiPay delivered and stands beside: decide under Files.",
            "{count} lines differ from what HiPay delivered and stand beside: decide under Files.",
            held,
        )
        st.warning(words, icon=":material/difference:")


def _not_imported(one: BatchResult, t: Translator) -> None:
    """Name the files that were not taken, whose import failed, and those that the person may no longer see."""
    for name, code, fields in one.refused:
        _sentence(name, stored_sentence(code, fields, t), t)
    for file in one.files:
        if file.state == "failed":
            with st.container(horizontal=True, vertical_alignment="center"):
                _sentence(file.name, stored_sentence(file.failure, file.failure_detail, t), t)
                if allowed_on_file(Right.RECONCILE, file):
                    st.button(
                        t("Try again"),
                        icon=":material/refresh:",
                        key=f"retry_import_{file.id}",
                        on_click=_again,
                        args=(file.id,),
                    )
                    st.button(
                        t("Correct how it is read"),
                        icon=":material/tune:",
                        key=f"open_failed_{file.id}",
                        on_click=_open,
                        kwargs={"show": "files", "file_of": file.id},
                    )
        elif file.state == "cancelled":
            st.info(t("{name}: the import was cancelled.", name=plain(file.name)), icon=":material/cancel:")
    if one.hidden:
        st.warning(
            t(
                "A file that you added has rows of an account that you may not reconcile, or that nobody has assigned yet: it is no longer shown to you. A person who may reconcile all accounts finds it under Files and goes on with it."
            ),
            icon=":material/visibility_off:",
        )
    taken = len(one.files) + one.hidden + sum(1 for _ in one.refused)
    if one.ended and taken < one.planned:
        words = t(
            "{count} of the {planned} files were not handed over: add them again.",
            count=number(one.planned - taken, t),
            planned=number(one.planned, t),
        )
        st.warning(words, icon=":material/warning:")


def _again(file: int) -> None:
    with refusals():
        files.retry(desk(), actor(), file)


def _sentence(name: str, words: str, t: Translator) -> None:
    st.error(
        t("{name}: {value}", name=f"**{plain(name)}**", value=plain(words)),
        icon=":material/error:",
        width="stretch",
    )


def _leads(one: BatchResult, t: Translator) -> None:
    """Lead to the lines that are to be resolved, and to each payout that does not tie."""
    with st.container(horizontal=True):
        if one.to_resolve:
            imported = [file.id for file in one.files if file.state == "complete"]
            label = t.plural("Resolve {count} line", "Resolve {count} lines", one.to_resolve)
            choices = {"view": "lines", "file": ",".join(map(str, imported)), "by": "lines"}
            st.page_link("reconciliation/page.py", label=label, icon=":material/rule:", query_params=choices)
        left = [payout for payout in one.payouts if not payout.ties]
        for payout in left[:_NAMED]:
            st.button(
                plain(_payout(payout, t)),
                icon=":material/account_balance:",
                type="tertiary",
                key=f"result_{one.id}_{payout.account}_{payout.settlement_id}_{payout.currency}",
                on_click=_open,
                kwargs={
                    "show": "payouts",
                    "payout_of": payout_pages.name_of(payout),
                },
            )
        if len(left) > _NAMED:
            st.caption(t("and {count} more payouts", count=number(len(left) - _NAMED, t)))


def _payout(payout: PayoutOfResult, t: Translator) -> str:
    words = t("Payout {number}", number=payout.settlement_id)
    if accounts.several():
        words += f" ({accounts.name(payout.account)})"
    return t("{name}: {value}", name=words, value=t(PAYOUT_STATES[payout.state]))


def _open(**choices: object) -> None:
    """Open a view of this screen with these choices."""
    for key, value in choices.items():
        st.session_state[key] = value
