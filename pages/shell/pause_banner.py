"""On every screen but Configuration while sending is paused for an account: what is paused, why, and who can resume it."""

import streamlit as st

from pages.components import accounts
from pages.components.common import actor, desk, texts
from pages.components.configuration_words import SUBJECTS
from pages.components.markdown import plain
from services.access import Right, rights_on
from services.accounts.pauses import pauses
from services.error_messages import stored_sentence


def show() -> None:
    if not st.session_state.get("actor"):
        return
    t, accounts_by_key = texts(), desk().settings.all_accounts
    with desk().store.read() as tx:
        rights = {key: rights_on(tx, actor(), key) & {Right.SEND, Right.CONFIGURE} for key in accounts_by_key}
        paused = [
            (account, pause)
            for key, account in accounts_by_key.items()
            if rights[key]
            for pause in pauses(tx, key)
        ]
    if not paused:
        return
    lines = []
    for account, pause in paused:
        words = t(
            "Paused: {subject}. {reason}",
            subject=t(SUBJECTS[pause.subject]),
            reason=stored_sentence(pause.reason, {}, t),
        )
        lines.append(plain(f"{account.name}: {words}" if accounts.several() else words))
    with st.container(border=True, key="pause_banner"):
        st.error("  \n".join(lines), icon=":material/pause_circle:")
        if any(Right.CONFIGURE in rights[account.key] for account, _ in paused):
            st.page_link(
                "configuration/page.py", label=t("Put it right and resume"), icon=":material/settings:"
            )
        else:
            st.caption(t("Nothing is lost: what you send leaves once an administrator has resumed it."))
