"""Privacy: after how many months each account's customers are erased, and erasing one customer on request."""

import streamlit as st

from pages.components import accounts
from pages.components.common import actor, allowed, desk, first_zone, language, refusals, texts
from pages.components.markdown import plain
from services import retention
from services.access import ALL_ACCOUNTS, Right
from services.i18n import Translator, format_date
from services.retention import MOST_MONTHS, Found
from services.settings.account import Account

NAMED = 20


def page() -> None:
    t = texts()
    st.title(t("Privacy"))
    st.caption(
        t(
            "A customer's names, addresses, telephone, descriptions and messages can be erased. Amounts, order ids, references and decisions stay: the totals do not change. Payout files are kept as they came."
        )
    )
    with refusals():
        st.subheader(t("Erase automatically"), anchor=False)
        for key, account in accounts.offered(Right.CONFIGURE).items():
            if key in (accounts.chosen() or (key,)):
                _account(account)
        may_erase = allowed(Right.CONFIGURE, ALL_ACCOUNTS)
        if may_erase:
            st.subheader(t("Erase one customer"), anchor=False)
            _customer()


def _account(account: Account) -> None:
    t = texts()
    months = retention.months(desk(), actor(), account.key)
    with st.form(f"retention_{account.key}"):
        if accounts.several():
            st.markdown(f"**{plain(account.name)}**")
        wanted = st.number_input(
            t("Months after a request has ended (0: never)"),
            0,
            MOST_MONTHS,
            months,
            key=f"months_{account.key}",
            width=420,
            help=t(
                "Cards can be charged back for over a year: 13 months or more let you still see who it was."
            ),
        )
        if st.form_submit_button(t("Save"), type="primary"):
            with refusals():
                retention.save_months(desk(), actor(), account.key, int(wanted))
                st.success(
                    t.plural(
                        "Customers are erased {count} month after their request has ended; it begins within a day.",
                        "Customers are erased {count} months after their request has ended; it begins within a day.",
                        int(wanted),
                    )
                    if wanted
                    else t("Nothing is erased by itself."),
                    icon=":material/check_circle:",
                )


def _customer() -> None:
    t = texts()
    with st.container(border=True):
        done = st.session_state.pop("erased", None)
        if done is not None:
            st.success(t("Erased: {what}.", what=_what(done, t)), icon=":material/check_circle:")
        with st.form("erase_look", border=False, clear_on_submit=False):
            address = st.text_input(
                t("The customer's e-mail address"),
                key="erase_address",
                width=420,
                autocomplete="off",
                help=t("Of a customer who has none: the order id, or the full name."),
            )
            if st.form_submit_button(t("Look up"), icon=":material/search:"):
                st.session_state["erase_searched"] = address
        searched = st.session_state.get("erase_searched")
        if searched:
            with refusals():
                _offer(searched, retention.find(desk(), actor(), searched), t)


def _offer(address: str, found: Found, t: Translator) -> None:
    if found.alive or found.rows_alive:
        names = ", ".join(found.alive[:NAMED])
        end = format_date(found.alive_until, first_zone(), language()) if found.alive_until else ""
        st.warning(
            t(
                "Some requests of this customer can still be paid or are being sent, and stay for now: {orders}. Come back after {date}.",
                orders=plain(names),
                date=end,
            )
            if found.alive
            else t("A list that is being sent still holds this customer. Come back when it is finished."),
            icon=":material/hourglass_top:",
        )
    if found.moved:
        st.info(
            t(
                "These requests went to this address once, and have another now: {orders}. Only what was sent here is erased. To erase their customer, look up the order id.",
                orders=plain(", ".join(found.moved[:NAMED])),
            ),
            icon=":material/forward_to_inbox:",
        )
    if found.by_name:
        st.warning(
            t(
                "Found by name: whoever has the same name is erased, too. To erase one request alone, look up its order id."
            ),
            icon=":material/group:",
        )
    if not found.anything:
        st.info(t("Nothing is kept of this customer that can be erased now."), icon=":material/info:")
        return
    st.markdown(t("This is erased: {what}.", what=_what(found, t)))
    if found.orders:
        rest = len(found.orders) - NAMED
        names = ", ".join(found.orders[:NAMED]) + (f" … (+{rest})" if rest > 0 else "")
        st.caption(plain(t("Order ids, which stay: {orders}", orders=names)))
    sure = st.checkbox(t("I know that this cannot be undone."), key="erase_sure")
    if st.button(
        t("Erase for ever"), type="primary", icon=":material/delete_forever:", disabled=not sure, key="erase"
    ):
        st.session_state["erased"] = retention.erase(desk(), actor(), address)
        for name in ("erase_searched", "erase_sure", "erase_address"):
            st.session_state.pop(name, None)
        st.rerun()


def _what(found: Found, t: Translator) -> str:
    parts = (
        ("the customer of {count} request", "the customer of {count} requests", len(found.orders)),
        ("{count} message", "{count} messages", found.messages),
        ("{count} notification from HiPay", "{count} notifications from HiPay", found.notifications),
        ("{count} row of a list", "{count} rows of lists", found.rows),
        ("{count} order not sent", "{count} orders not sent", found.drafts),
        ("the address in {count} payout line", "the address in {count} payout lines", found.lines),
    )
    return ", ".join(t.plural(one, many, count) for one, many, count in parts if count)


page()
