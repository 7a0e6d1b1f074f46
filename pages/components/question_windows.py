"""Questions to colleagues about a payout line or a payout: the open ones, and the windows to ask and to answer."""

from collections import Counter

import streamlit as st

from pages.components.common import actor, allowed, desk, first_zone, language, texts
from pages.components.decision_windows import confirm_or_back, decision_refusals
from pages.components.markdown import plain
from pages.components.order_words import person_name
from services.access import Right
from services.i18n import Translator, format_datetime
from services.orders.create import new_form_key
from services.reconciliation.decisions import questions
from services.reconciliation.decisions.history import COMMENT_MAX
from services.reconciliation.decisions.questions import Colleague, Question, Subject

_WINDOW = "question_window"


def show_open(subject: Subject, account: str) -> None:
    """Show the open questions about a line or a payout, with the buttons to answer and to withdraw each."""
    t = texts()
    for one in questions.of_subject(desk(), actor(), subject):
        if one.ended_at is not None:
            continue
        with st.container(border=True, key=f"question_{one.id}"):
            show_text(one, t)
            with st.container(horizontal=True, vertical_alignment="center"):
                _buttons(one, account)


def ask_button(subject: Subject, account: str, key: str) -> None:
    """The button that opens the window to ask a colleague, for who may."""
    if allowed(Right.RECONCILE, account):
        st.button(
            texts()("Ask a colleague"),
            icon=":material/contact_support:",
            type="tertiary",
            key=f"ask_{key}",
            on_click=_open,
            args=("ask", subject, account),
        )


def answer_button(question: Question) -> None:
    """The button that opens the window to answer."""
    st.button(
        texts()("Answer"),
        icon=":material/reply:",
        key=f"answer_{question.id}",
        on_click=_open,
        args=("answer", question, question.account),
    )


def show_text(question: Question, t: Translator) -> None:
    """Show whom it was asked, its text, and who asked it when."""
    who = person_name(question.asked_name, t) or t("somebody")
    st.markdown(f":material/contact_support: **{plain(t('Question to {name}', name=who))}**")
    st.markdown(plain(question.text) if question.text else f"*{t('erased with the customer')}*")
    moment = format_datetime(question.at, _zone(question.account), language(), named=False)
    st.caption(f"{plain(person_name(question.asker_name, t) or t('somebody'))} · {moment}")


def window() -> None:
    """Draw the window if one is open. Called once on the page, outside the fragments."""
    asked = st.session_state.get(_WINDOW)
    if asked is not None:
        act, about, account, key = asked
        title = texts()("Ask a colleague") if act == "ask" else texts()("Answer")
        draw = _ask if act == "ask" else _answer
        st.dialog(title, width="small", on_dismiss=_close)(draw)(about, account, key)


def _buttons(question: Question, account: str) -> None:
    may = allowed(Right.RECONCILE, account)
    if may or question.asked == actor().id:
        answer_button(question)
    if may and st.button(
        texts()("Withdraw"), icon=":material/undo:", type="tertiary", key=f"withdraw_{question.id}"
    ):
        with decision_refusals(account):
            questions.withdraw(desk(), actor(), question.id)
            st.rerun(scope="app")


def _open(act: str, about: Subject | Question, account: str) -> None:
    st.session_state[_WINDOW] = (act, about, account, new_form_key())
    st.rerun(scope="app")


def _close() -> None:
    st.session_state.pop(_WINDOW, None)


def _ask(subject: Subject, account: str, key: str) -> None:
    t = texts()
    with decision_refusals(account):
        found = questions.colleagues(desk(), actor(), subject)
        doubled = Counter(one.name for one in found)
        chosen = st.selectbox(
            t("Whom?"),
            found,
            index=0 if found and found[0].sender else None,
            format_func=lambda one: _named(one, t, doubled[one.name] > 1),
            placeholder=t("Choose a colleague"),
            help=t("Only people are listed who may see what you ask about."),
            key=f"asked_{key}",
        )
        if not found:
            st.info(t("Nobody else may see this."), icon=":material/info:")
        text = st.text_area(
            t("Question"),
            key=f"question_{key}",
            max_chars=COMMENT_MAX,
            help=t("It is in their To do until they answer. The answer is a comment here."),
        )
        ready = chosen is not None and bool((text or "").strip())
        if confirm_or_back(t("Ask"), key, _close, ready=ready) and chosen is not None:
            questions.ask(desk(), actor(), subject, chosen.id, text, key)
            _close()
            st.rerun()


def _answer(question: Question, account: str, key: str) -> None:
    t = texts()
    show_text(question, t)
    text = st.text_area(t("Answer"), key=f"answer_text_{key}", max_chars=COMMENT_MAX)
    if confirm_or_back(t("Answer"), key, _close, ready=bool((text or "").strip())):
        with decision_refusals(account):
            questions.answer(desk(), actor(), question.id, text, key)
            _close()
            st.rerun()


def _named(colleague: Colleague, t: Translator, with_address: bool) -> str:
    name = person_name(colleague.name, t) or colleague.email or t("somebody")
    parts = [name, colleague.email if with_address else ""]
    parts.append(t("has sent the request") if colleague.sender else "")
    return " · ".join(part for part in parts if part)


def _zone(account: str) -> str:
    known = desk().settings.all_accounts
    return known[account].timezone if account in known else first_zone()
