"""Configuration of an account: whether links and telephone payments are enabled, what stops them, and the forms."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.components import accounts
from pages.components.common import actor, desk, language, refusals, texts, toast_saved
from pages.components.configuration_words import ANCHORS, SUBJECTS, anchor, missing_words
from pages.components.markdown import plain
from pages.configuration import (
    checks,
    email,
    options,
    payment_page,
    payout_fetching,
    payout_limits,
    redirects,
    reminders,
    settlement_delay,
)
from services.access import Right
from services.accounts.pauses import Pause, resume
from services.accounts.readiness import Readiness
from services.checklist.guidance import TITLES
from services.checklist.overview import Overview, overview
from services.error_messages import stored_sentence
from services.i18n import Translator, format_datetime
from services.settings.account import Account


def page() -> None:
    t = texts()
    st.title(t("Configuration"))
    # New order has the same key: one answer for the session.
    account = accounts.choose("account", Right.SEE_ORDERS)
    if account is None:
        return
    found = overview(desk(), actor(), account.key)
    if checks.measure_when_due(account, found):
        found = overview(desk(), actor(), account.key)
    saved = st.session_state.pop("cfg_saved", None)
    if saved is not None:
        toast_saved(saved)
    _pauses(account, found)
    left, right = st.columns(2)
    with left:
        _channel(
            found.link,
            t("Send by e-mail is enabled"),
            t("Send by e-mail is not available yet. What is missing:"),
            t,
        )
    with right:
        _channel(
            found.phone,
            t("Payment by phone is enabled"),
            t("Payment by phone is not available. What is missing:"),
            t,
        )
    if found.may_send:
        st.page_link("new_order/page.py", label=t("Go to New order"), icon=":material/add_card:")
    checks.show(account, found)
    about_redirects = t(
        "HiPay sends the customer back to one of these five pages. All five are needed to send links."
    )
    with _section("redirect_pages", about_redirects, found, t):
        redirects.form(account, found)
    about_email = t(
        "Every setting of the default is needed to send links. A language may have its own; what it leaves empty comes from the default."
    )
    with _section("email_settings", about_email, found, t):
        # A fragment: typing draws the e-mail again, not the whole screen.
        st.fragment(email.form)(account, found)
    with _section("", t("Themes are made in HiPay's console."), found, t):
        payment_page.form(account, found)
    options.show(account, found)
    payout_fetching.show(account, found)
    reminders.show(account, found)
    settlement_delay.show(account, found)
    payout_limits.show(account, found)


def _channel(found: Readiness, enabled: str, stopped: str, t: Translator) -> None:
    if found.ready:
        st.success(f"**{enabled}**", icon=":material/check_circle:")
        return
    lines = "\n".join(f"- [{missing_words(each, t)}](#{anchor(each)})" for each in found.missing)
    st.warning(f"**{stopped}**\n\n{lines}", icon=":material/block:")


def _section(name: str, about: str, found: Overview, t: Translator) -> DeltaGenerator:
    """Draw a form's heading with its state. Returns the place of the form, folded once nothing is missing in it."""
    missing = any(check.name == name and check.fields for check in found.checks)
    title, place = (TITLES[name], ANCHORS[name]) if name else ("HiPay's payment page", "payment-page")
    st.space("small")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(t(title), anchor=place, width="content")
        if missing:
            st.badge(t("To fill in"), icon=":material/edit:", color="red")
        elif name:
            st.badge(t("Complete"), icon=":material/check_circle:", color="green")
        else:
            st.badge(t("Optional"), icon=":material/tune:", color="gray")
    st.caption(about)
    fold = st.expander(t("Show and change") if found.may_configure else t("Show"), expanded=missing)
    if not found.may_configure:
        fold.info(t("Only an administrator can change these settings."), icon=":material/lock:")
    return fold


def _pauses(account: Account, found: Overview) -> None:
    if not found.pauses:
        return
    t = texts()
    with st.container(border=True):
        st.subheader(t("Paused"), anchor="paused", icon=":material/pause_circle:")
        for each in found.pauses:
            st.error(_pause_words(each, account, t))
        st.caption(t("Nothing is lost: what waits goes on once you resume."))
        if st.button(
            t("Resume"), icon=":material/play_arrow:", key="cfg_resume", disabled=not found.may_configure
        ):
            st.session_state["cfg_resuming"] = True
    if st.session_state.get("cfg_resuming"):
        st.dialog(t("Resume sending?"), on_dismiss=_forget_resuming)(_confirm_resume)(account)


def _pause_words(pause: Pause, account: Account, t: Translator) -> str:
    since = format_datetime(pause.since, account.timezone, language())
    what = t(SUBJECTS[pause.subject])
    return t(
        "Since {since}, paused: {what}. {reason}",
        since=since,
        what=what,
        reason=plain(stored_sentence(pause.reason, {}, t)),
    )


def _confirm_resume(account: Account) -> None:
    t = texts()
    st.write(t("Everything that waits is sent, most of it at once. Is the reason of the pause put right?"))
    with st.container(horizontal=True):
        sure = st.button(t("Yes, resume"), type="primary", key="cfg_resume_sure")
        back = st.button(t("Back"), key="cfg_resume_back")
    if sure:
        with refusals():
            resume(desk(), actor(), account.key)
            checks.measure_now(account)
            _forget_resuming()
            st.rerun()
    if back:
        _forget_resuming()
        st.rerun()


def _forget_resuming() -> None:
    st.session_state.pop("cfg_resuming", None)


page()
