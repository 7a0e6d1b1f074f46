"""On every screen but Configuration, for administrators: a secret passphrase is so short that a payment could be forged."""

import streamlit as st

from pages.components.common import actor, desk, texts
from pages.components.markdown import plain
from services.access import Right, rights_on
from services.settings.account import SHORTEST_SECRET


def show() -> None:
    short = [account for account in desk().settings.all_accounts.values() if account.short_passphrases]
    if not short or not st.session_state.get("actor"):
        return
    with desk().store.read() as tx:
        short = [one for one in short if Right.CONFIGURE in rights_on(tx, actor(), one.key)]
    if not short:
        return
    t = texts()
    names = ", ".join(account.name for account in short)
    with st.container(border=True, key="passphrase_banner"):
        st.warning(
            plain(
                t(
                    "A secret passphrase is shorter than {least} characters ({accounts}): a customer could find it by trying, and forge the news of a payment. What is sent goes on meanwhile.",
                    least=SHORTEST_SECRET,
                    accounts=names,
                )
            ),
            icon=":material/key:",
        )
        st.page_link("configuration/page.py", label=t("See how to replace it"), icon=":material/settings:")
