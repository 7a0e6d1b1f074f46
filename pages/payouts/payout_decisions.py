"""What people wrote, accepted and asked of a payout, and the buttons to do so."""

import streamlit as st

from pages.components import outcome_words, question_windows
from pages.components.common import actor, allowed, desk, language, texts
from pages.components.decision_words import ACCEPTED
from pages.components.markdown import plain
from pages.components.order_words import person_name
from pages.payouts import payout_windows
from services.access import Right
from services.i18n import Translator, format_datetime
from services.reconciliation.decisions.questions import Subject
from services.reconciliation.views import payout_history
from services.reconciliation.views.payout_history import PayoutEntry, PayoutHistory

_HEADS = {
    "comment": "Comment",
    "undone": "Acceptance undone",
    "question": "Question to {name}",
    "question_withdrawn": "Question to {name}, withdrawn",
}
_ICONS: dict[str, str] = {
    "comment": ":material/comment:",
    "accepted": ":material/task_alt:",
    "undone": ":material/undo:",
}


def show(payout: int) -> None:
    """Show what was accepted, the open questions, the buttons, and in a fold what was done before. Raises NotAllowed."""
    t, found = texts(), payout_history.of_payout(desk(), actor(), payout)
    account = found.row.account
    _withdrawn(found, t)
    if found.acceptance is not None:
        _accepted(found, t)
    question_windows.show_open(Subject(payout=payout), account)
    if allowed(Right.RECONCILE, account):
        with st.container(horizontal=True):
            _buttons(found, t)
            question_windows.ask_button(Subject(payout=payout), account, f"payout_{payout}")
    if found.entries:
        with st.expander(t("Decisions and comments"), icon=":material/forum:", key=f"payout_acts_{payout}"):
            for entry in found.entries:
                _entry(entry, found, t)


def _withdrawn(found: PayoutHistory, t: Translator) -> None:
    """Show how many lines newer issues no longer have, each file with a link to its lines."""
    for one in found.withdrawn:
        words = t.plural(
            "{count} line withdrawn, {amount}: {file} no longer has it",
            "{count} lines withdrawn, {amount}: {file} no longer has them",
            one.lines,
            amount=outcome_words.money(one.units, found.row.currency, t),
            file=one.file_name,
        )
        st.markdown(f":material/remove_circle: {plain(words)}")
        where = {"show": "files", "file_of": str(one.file)}
        st.page_link(
            "payouts/page.py", label=t("Open the file"), icon=":material/file_open:", query_params=where
        )


def _accepted(found: PayoutHistory, t: Translator) -> None:
    """Show the valid acceptance as a box: whether it still applies, and of a claim, which."""
    one = found.acceptance
    assert one is not None
    words = t("Difference accepted: {kind}", kind=t(ACCEPTED[one.kind][0]))
    if one.kind == "claim":
        day = outcome_words.day(_iso(one.day), t)
        words = t(
            "Claimed from HiPay on {day}, reference {reference}. It waits for HiPay.",
            day=day,
            reference=one.reference or "—",
        )
    if not found.applies:
        text = t("Accepted with other figures: the acceptance does not apply any more.")
        st.warning(f"{plain(text)} {plain(words)}", icon=":material/sync_problem:")
    else:
        icon = ":material/hourglass_top:" if one.kind == "claim" else ":material/task_alt:"
        st.info(plain(words), icon=icon)


def _buttons(found: PayoutHistory, t: Translator) -> None:
    # The window gets the payout as it is drawn here, even if it changes before the button is pressed.
    number = found.row.id
    if found.acceptable:
        st.button(
            t("Accept the difference"),
            icon=":material/task_alt:",
            key=f"accept_payout_{number}",
            on_click=payout_windows.open_window,
            args=("accept", found),
        )
    if found.acceptance is not None:
        st.button(
            t("Undo the acceptance"),
            icon=":material/undo:",
            key=f"undo_payout_{number}",
            on_click=payout_windows.open_window,
            args=("undo", found),
        )
    st.button(
        t("Comment"),
        icon=":material/comment:",
        type="tertiary",
        key=f"comment_payout_{number}",
        on_click=payout_windows.open_window,
        args=("comment", found),
    )


def _entry(entry: PayoutEntry, found: PayoutHistory, t: Translator) -> None:
    details = [
        person_name(entry.who, t) or t("somebody"),
        format_datetime(entry.at, desk().account(found.row.account).timezone, language(), named=False),
    ]
    if entry.acceptance is not None:
        head = t("Difference accepted: {kind}", kind=t(ACCEPTED[entry.acceptance.kind][0]))
        if entry.acceptance.undone_at is not None:
            head = t("{what} (undone since)", what=head)
        elif not entry.applies:
            head = t("{what} (with other figures)", what=head)
        if entry.acceptance.kind == "claim":
            details.append(entry.acceptance.reference)
            details.append(outcome_words.day(_iso(entry.acceptance.day), t))
    else:
        asked = person_name(entry.asked, t) or t("somebody")
        head = t(_HEADS[entry.kind], name=asked)
    icon = _ICONS.get(entry.kind, ":material/contact_support:")
    with st.container(border=True):
        st.markdown(f"{icon} **{plain(head)}**")
        st.markdown(plain(entry.text) if entry.text else f"*{t('erased with the customer')}*")
        st.caption(" · ".join(plain(part) for part in details if part))


def _iso(day: int) -> str:
    return f"{day // 10_000:04}-{day // 100 % 100:02}-{day % 100:02}"
