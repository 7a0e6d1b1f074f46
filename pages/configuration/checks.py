"""The check list: each check with its status, what it means, who can put it right, where, and a text to ask them with."""

from datetime import datetime

import streamlit as st

from pages.components.colours import Colour
from pages.components.common import actor, desk, language, refusals, texts
from pages.components.configuration_words import CHECKS_ANCHOR, field_names
from pages.components.markdown import plain
from services import clock
from services.accounts.checks import Check
from services.checklist.guidance import TITLES, guidance
from services.checklist.measure import measure
from services.checklist.overview import Overview
from services.error_messages import stored_sentence
from services.i18n import Translator, fill, format_ago
from services.settings.account import Account

# status → (word, icon, colour)
SIGNS: dict[str, tuple[str, str, Colour]] = {
    "failed": ("To put right", ":material/error:", "red"),
    "warning": ("Warning", ":material/warning:", "orange"),
    "unknown": ("Not known", ":material/help:", "gray"),
    "ok": ("In order", ":material/check_circle:", "green"),
}
_WHO = {
    "you": "you, further down",
    "finance": "whoever reconciles the payouts",
    "administrator": "an administrator",
    "hipay": "your HiPay account manager",
}
_ALGORITHMS = {"sha1": "SHA-1", "sha256": "SHA-256", "sha512": "SHA-512"}
_SECONDS_AFTER_A_FAILURE, _SECONDS = 60, 24 * 3600  # after which checks are old


def measure_when_due(account: Account, found: Overview) -> bool:
    """Measure at most once a session, where the checks are old, stop a channel or were never measured. Returns whether it
    measured."""
    once = f"cfg_measured_{account.key}"
    if not found.may_configure or st.session_state.get(once):
        return False
    st.session_state[once] = True
    at = _measured_at(found)
    age = (clock.now() - at).total_seconds() if at else None
    stopped = not (found.link.ready and found.phone.ready)
    if age is not None and 0 <= age < (_SECONDS_AFTER_A_FAILURE if stopped else _SECONDS):
        return False
    return measure_now(account)


def measure_now(account: Account) -> bool:
    """Measure. Returns False where a refusal is shown instead."""
    with refusals(), st.spinner(texts()("Asking HiPay, the mail server and the DNS…")):
        measure(desk(), actor(), account.key)
        return True
    return False


def show(account: Account, found: Overview) -> None:
    t = texts()
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader(t("Check list"), anchor=CHECKS_ANCHOR, width="content")
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            at = _measured_at(found)
            ago = format_ago(at, clock.now(), language()) if at else ""
            st.caption(t("Checked {ago}", ago=ago) if at else t("Never checked"), width="content")
            again = st.button(
                t("Check again"),
                icon=":material/refresh:",
                key="cfg_check_again",
                disabled=not found.may_configure,
            )
    if again and measure_now(account):
        st.rerun()
    order = list(SIGNS)
    lines = sorted(found.checks, key=lambda check: order.index(check.status))
    # Checks that failed for the same reason as the credentials are folded, so that the reason is shown once.
    cause = next((check.reason for check in lines if check.name == "credentials"), "")
    to_do = [
        check
        for check in lines
        if guidance(check).acts and (check.name == "credentials" or not cause or check.reason != cause)
    ]
    folded = [check for check in lines if check not in to_do]
    with st.container(border=True, key="cfg_checks"):
        for check in to_do:
            _line(check, account, found, t)
        with st.expander(
            t.plural("{count} line with nothing to do", "{count} lines with nothing to do", len(folded))
        ):
            for check in folded:
                _line(check, account, found, t)


def _line(check: Check, account: Account, found: Overview, t: Translator) -> None:
    word, icon, colour = SIGNS[check.status]
    advice = guidance(check)
    values = _values(check, account, t)
    sign, title, words = st.columns([1.4, 2.2, 6], vertical_alignment="top")
    sign.badge(t(word), icon=icon, color=colour)
    title.markdown(f"**{plain(t(TITLES[check.name]))}**")
    words.markdown(_filled(t, advice.means, {name: plain(value) for name, value in values.items()}))
    if advice.acts:
        acts = "administrator" if advice.acts == "you" and not found.may_configure else advice.acts
        who = t("Who can put it right: {who}", who=t(_WHO[acts]))
        where = _filled(t, advice.where, values)
        words.caption(":material/person: " + plain(" · ".join(part for part in (who, where) if part)))
    if advice.ask:
        with title.popover(t("How to ask"), type="tertiary"):
            st.code(_filled(t, advice.ask, values), language=None, wrap_lines=True)


def _filled(t: Translator, msgid: str, values: dict[str, str]) -> str:
    return fill(t.gettext(msgid), values)


def _values(check: Check, account: Account, t: Translator) -> dict[str, str]:
    values = {"merchant": account.name, "currency": account.currency, **check.detail}
    for name in ("hipay", "ours"):
        if name in values:
            values[name] = _ALGORITHMS.get(values[name], values[name])
    if "at" in values:
        values["at"] = (
            format_ago(datetime.fromisoformat(values["at"]), clock.now(), language())
            if values["at"]
            else t("never")
        )
    if "failure" in values:
        values["failure"] = stored_sentence(values["failure"], check.detail, t)
    if check.fields:
        values["fields"] = field_names(check.fields, t)
    return values


def _measured_at(found: Overview) -> datetime | None:
    """When the credentials were last checked at HiPay, as every measurement does."""
    return next((check.checked_at for check in found.checks if check.name == "credentials"), None)
