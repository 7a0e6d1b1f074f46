"""The windows of a payout: accept its difference, undo that, comment."""

from typing import Literal

import streamlit as st

from pages.components import outcome_words
from pages.components.common import actor, desk, texts
from pages.components.decision_windows import ask_reason, confirm_or_back, decision_refusals
from pages.components.decision_words import ACCEPTED
from pages.components.facts import show_facts
from pages.components.markdown import plain
from services.i18n import Translator
from services.orders.create import new_form_key
from services.reconciliation.decisions import payout_acceptances, payout_comments
from services.reconciliation.decisions.history import COMMENT_MAX
from services.reconciliation.decisions.payout_acceptances import KINDS, REFERENCE_MAX, figures
from services.reconciliation.views import payout_history
from services.reconciliation.views.payout_history import PayoutHistory

Act = Literal["accept", "undo", "comment"]
_WINDOW = "payout_window"
_TITLES: dict[Act, str] = {
    "accept": "Accept the difference",
    "undo": "Undo the acceptance",
    "comment": "Comment",
}


def open_window(act: Act, found: PayoutHistory) -> None:
    """Open the window; for a button's ``on_click``. ``found``: the payout as it was drawn."""
    st.session_state[_WINDOW] = (act, found, new_form_key())
    st.rerun(scope="app")


def window() -> None:
    """Draw the window if it is open. Called once on the page, outside the fragments."""
    asked = st.session_state.get(_WINDOW)
    if asked is not None:
        title = texts()(_TITLES[asked[0]])
        st.dialog(title, width="small", on_dismiss=_close)(_window)(*asked)


def _close() -> None:
    st.session_state.pop(_WINDOW, None)


def _window(act: Act, found: PayoutHistory, key: str) -> None:
    t, row = texts(), found.row
    st.caption(plain(t("Payout {number}", number=row.settlement_id)))
    with decision_refusals(row.account):
        if act == "comment":
            _comment(found, key, t)
            return
        show_facts(_figures(found, t))
        now = payout_history.of_payout(desk(), actor(), row.id)
        same = (now.acceptance and now.acceptance.id) == (found.acceptance and found.acceptance.id)
        changed = figures(now.row) != figures(row) or not same
        if changed:
            st.warning(
                t("The payout's figures have changed meanwhile: look at it again."),
                icon=":material/sync_problem:",
            )
        if act == "accept":
            _accept(found, key, t, changed=changed)
        else:
            _undo(found, key, t, changed=changed)


def _accept(found: PayoutHistory, key: str, t: Translator, *, changed: bool) -> None:
    currency = found.row.currency
    kind = st.radio(
        t("What is the difference?"),
        KINDS,
        index=None,
        format_func=lambda one: t(ACCEPTED[one][0]),
        captions=[
            t(ACCEPTED[one][1], most=outcome_words.money(found.write_off_units, currency, t)) for one in KINDS
        ],
        key=f"accepted_kind_{key}",
    )
    reference, day = "", None
    if kind == "claim":
        reference = (
            st.text_input(t("HiPay's reference"), key=f"claim_reference_{key}", max_chars=REFERENCE_MAX) or ""
        )
        day = st.date_input(
            t("Claimed on"), value=None, format="DD/MM/YYYY", key=f"claim_day_{key}", max_value="today"
        )
    st.caption(t("It counts for these figures only: with others, the payout is to do again."))
    why = ask_reason("accept_payout", key)
    whole = kind != "claim" or (bool(reference.strip()) and day is not None)
    ready = kind is not None and whole and bool(why.strip()) and not changed
    if confirm_or_back(t("Accept"), key, _close, ready=ready) and kind is not None:
        payout_acceptances.accept(
            desk(),
            actor(),
            found.row.id,
            kind,
            figures(found.row),
            why,
            key,
            reference=reference,
            day=day,
        )
        _close()
        st.rerun()


def _undo(found: PayoutHistory, key: str, t: Translator, *, changed: bool) -> None:
    st.write(t("The payout is to do again."))
    why = ask_reason("undo", key)
    if confirm_or_back(t("Undo"), key, _close, ready=bool(why.strip()) and not changed):
        assert found.acceptance is not None
        payout_acceptances.undo(desk(), actor(), found.row.id, why, shown=found.acceptance.id)
        _close()
        st.rerun()


def _comment(found: PayoutHistory, key: str, t: Translator) -> None:
    text = st.text_area(t("Comment"), key=f"comment_{key}", max_chars=COMMENT_MAX)
    if confirm_or_back(t("Keep the comment"), key, _close, ready=bool((text or "").strip())):
        payout_comments.comment(desk(), actor(), found.row.id, text or "", key)
        _close()
        st.rerun()


def _figures(found: PayoutHistory, t: Translator) -> list[tuple[str, str]]:
    money, row = outcome_words.money, found.row
    facts = [
        (t("Sum of its lines"), money(row.net_units, row.currency, t)),
        (t("Payout announced"), money(row.announced_units, row.currency, t)),
    ]
    if row.hipay_units is not None:
        facts.append((t("HiPay shows"), money(row.hipay_units, row.hipay_currency or row.currency, t)))
    facts.append((t("Difference"), money(found.amount, row.currency, t)))
    return facts
