"""Bank: statements are added; what they cover, where each payout stands at the bank, and which credits belong to no payout."""

import streamlit as st

from pages.bank import listed, upload
from pages.components import accounts
from pages.components.common import actor, desk, refusals, texts
from services.access import Right
from services.bank import at_bank


def page() -> None:
    t = texts()
    st.title(t.titled("Bank"))
    with refusals():
        found = at_bank.bank(desk(), actor())
        if accounts.offered(Right.BANK):
            upload.show(expanded=not found.statements)
        if not found.statements:
            st.info(
                t(
                    "No bank statement yet. Download one from your bank, at best as CAMT.053, and add it above: its credits are matched to the payouts."
                ),
                icon=":material/inbox:",
            )
            return
        wanted = accounts.chosen()
        listed.payouts(found, wanted, t)
        listed.loose_entries(found, wanted, t)
        listed.statements(found, wanted, t)


page()
