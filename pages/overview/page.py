"""Overview: the period's figures, what the signed-in person has to do, links that end soon, and what waits or is done."""

import streamlit as st

from pages.components import accounts, question_windows
from pages.components.common import actor, desk, in_one_read, language, refusals, texts
from pages.components.markdown import plain
from pages.overview import figures, payout_groups, to_do
from pages.shell import sandbox_banner
from services.access import Right
from services.i18n import format_short
from services.money import format_money
from services.reconciliation.views.groups import groups
from services.reconciliation.views.overview import Overview, overview
from services.reconciliation.views.periods import PeriodName


def page() -> None:
    t = texts()
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title(t("Overview"), width="content")
        period = figures.choose_period()
        if accounts.offered(Right.SEND):
            st.page_link("new_order/page.py", label=t("New order"), icon=":material/add_card:")
    with refusals():
        _live(accounts.chosen(), period)
        to_do.show_closing()
        question_windows.window()


@st.fragment(run_every=10.0)
@in_one_read
def _live(wanted: tuple[str, ...], period: PeriodName) -> None:
    with refusals():
        found = overview(desk(), actor(), wanted, period)
        if not found.any_order:
            _beginning(found)
        seen = None
        if found.newest_file:
            with refusals():
                seen = groups(desk(), actor(), wanted)
        figures.show(found, seen)
        left, right = st.columns([3, 2], gap="large")
        with right:
            if found.any_order:
                _expiring(found)
            _no_file(found)
            if seen is not None:
                payout_groups.show_others(seen)
        with left:
            ending = found.may_send and found.expiring.total > 0
            known = seen is not None or not found.newest_file
            if sandbox_banner.being_made():  # the clock stands in the past: payments look late that are not
                st.subheader(texts()("To do"), anchor=False)
                words = "A month of samples is being made. What is to do shows once it is complete."
                st.info(texts()(words), icon=":material/hourglass_top:")
            else:
                to_do.show(seen, wanted, clear=known and not ending)


def _beginning(found: Overview) -> None:
    """There is no payment request yet: what to do first."""
    t = texts()
    with st.container(border=True):
        st.subheader(t("No payment request yet"), anchor=False)
        if found.may_send:
            st.markdown(t("The first one takes a minute: a customer, an amount, an invoice number."))
        elif found.may_configure:
            st.markdown(t("Connect HiPay and the e-mail first; then a manager can send."))
        else:
            st.markdown(t("Once a manager has sent one, its progress shows here."))
        if found.may_configure:
            st.page_link("configuration/page.py", label=t("Configuration"), icon=":material/settings:")


def _expiring(found: Overview) -> None:
    t, ending = texts(), found.expiring
    with st.container(border=True, key="expiring"):
        st.subheader(t("Unpaid, and ending by tomorrow"), anchor=False)
        if not ending.total:
            st.caption(t("No link ends by tomorrow night."))
        for order in ending.orders:
            zone = desk().account(order.account).timezone
            with st.container(gap=None):
                name = plain(f"{order.first_name} {order.last_name}")
                amount = plain(format_money(order.amount, order.currency, t.locale))
                st.page_link(
                    "payment_requests/page.py",
                    label=f"{name} · {amount}",
                    icon=":material/timer:",
                    query_params={"order": str(order.id)},
                )
                until = t("until {when}", when=format_short(order.expires_at, zone, language()))
                st.caption(plain(" · ".join((until, order.order_id, *_opened(ending.opened.get(order.id))))))
        if ending.total > len(ending.orders):
            left = ending.total - len(ending.orders)
            st.caption(t.plural("and {count} more", "and {count} more", left))


def _opened(times: int | None) -> tuple[str, ...]:
    """How often the customer opened the link, where that is known."""
    t = texts()
    if times is None:
        return ()
    return (t.plural("opened {count} time", "opened {count} times", times) if times else t("not opened yet"),)


def _no_file(found: Overview) -> None:
    """Say what to do where no payout file is there yet, to who may see payouts."""
    t = texts()
    if found.newest_file == 0:
        with st.container(border=True, key="payouts"):
            st.subheader(t("Payouts"), anchor=False)
            st.caption(
                t("No payout file has been imported yet. Download one in HiPay's console, and import it.")
            )
            st.page_link("payouts/page.py", label=t.titled("Payouts"), icon=":material/account_balance:")


page()
