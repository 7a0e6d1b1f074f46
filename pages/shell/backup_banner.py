"""On every screen after a backup was restored: nothing is sent until an administrator releases it."""

import streamlit as st

from pages.components.common import actor, allowed, desk, first_zone, language, refusals, texts
from pages.components.markdown import plain
from services import restore_guard
from services.access import ALL_ACCOUNTS, Right
from services.i18n import Translator, format_datetime
from services.restore_guard import Hold

REASONS = {
    "older": "The database stands before what this machine has already seen of it.",
    "other": "This machine knows another database.",
    "unmarked": "The database has a past, and this machine does not know it.",
}
_KINDS = {
    "page": ("{count} payment page to be made", "{count} payment pages to be made"),
    "mail": ("{count} e-mail to a customer", "{count} e-mails to customers"),
    "copy": ("{count} copy to a sender", "{count} copies to senders"),
    "operation": (
        "{count} collection, refund or cancellation",
        "{count} collections, refunds or cancellations",
    ),
    "rows": ("{count} row of a list", "{count} rows of lists"),
}


def show() -> None:
    found = restore_guard.current_hold(desk().store)
    if found is None:
        return
    t = texts()
    since = format_datetime(found.since, first_zone(), language())
    with st.container(border=True, key="restored_banner"):
        st.error(
            f"**{t('A backup was put back: nothing is sent.')}** "
            + plain(
                f"{t(REASONS[found.reason])} {t('Held since {since}. Payments are still looked up.', since=since)}"
            ),
            icon=":material/settings_backup_restore:",
        )
        if not st.session_state.get("actor"):
            return
        if not allowed(Right.CONFIGURE, ALL_ACCOUNTS):
            st.caption(t("An administrator can release it."))
        elif st.button(t("Release sending…"), icon=":material/play_arrow:", key="release_backup"):
            st.session_state["releasing_backup"] = True
    if st.session_state.get("releasing_backup"):
        st.dialog(t("Release sending?"), on_dismiss=_forget)(_confirm)(found)


def _confirm(found: Hold) -> None:
    t = texts()
    st.write(
        t(
            "What was sent after the backup was made is not known here. What still waits in it goes out at once, perhaps a second time:"
        )
    )
    st.markdown(_waiting(found, t) or t("Nothing waits."))
    st.write(
        t(
            "Cancel what was already sent first, or look at the mail server's log. Payments were looked up at HiPay meanwhile."
        )
    )
    with st.container(horizontal=True):
        sure = st.button(t("Yes, release"), type="primary", key="release_backup_sure")
        back = st.button(t("Back"), key="release_backup_back")
    if sure:
        with refusals():
            restore_guard.release(desk().store, desk().settings, actor())
            desk().wake.set()
            _forget()
            st.rerun()
    if back:
        _forget()
        st.rerun()


def _forget() -> None:
    st.session_state.pop("releasing_backup", None)


def _waiting(found: Hold, t: Translator) -> str:
    return "\n".join(
        f"- {plain(t.plural(*_KINDS[kind], count))}"
        for kind, count in found.waiting.items()
        if kind in _KINDS
    )
