"""Overview: what the signed-in person has to do, links that end soon, open payouts, and the month's figures."""

import streamlit as st

from pages.components import question_windows
from pages.components.common import actor, desk, in_one_read, language, refusals, texts
from pages.components.markdown import plain
from pages.overview import payout_groups, to_do
from services.i18n import format_short
from services.money import format_money
from services.reconciliation.views.groups import Groups, groups
from services.reconciliation.views.overview import (
    DAYS,
    Figures,
    Measure,
    Overview,
    Sum,
    overview,
)

_MEASURES = (("asked", "Asked for"), ("paid", "Collected"), ("refused", "Refused"))


def page() -> None:
    st.title(texts()("Overview"))
    with refusals():
        _live()
        to_do.show_closing()
        question_windows.window()


@st.fragment(run_every=10.0)
@in_one_read
def _live() -> None:
    with refusals():
        found = overview(desk(), actor())
        if not found.any_order:
            _beginning(found)
        left, right = st.columns([3, 2], gap="large")
        seen = None
        with right:
            if found.any_order:
                _expiring(found)
            with refusals():
                seen = _payouts(found)
        with left:
            ending = found.may_send and found.expiring.total > 0
            known = seen is not None or not found.newest_file
            to_do.show(seen, clear=known and not ending)
        if found.any_order:
            _month(found)


def _beginning(found: Overview) -> None:
    """There is no payment request yet: what to do first."""
    t = texts()
    with st.container(border=True):
        st.subheader(t("No payment request yet"), anchor=False)
        if found.may_send:
            st.markdown(t("The first one takes a minute: a customer, an amount, an invoice number."))
            st.page_link("new_order/page.py", label=t("New order"), icon=":material/add_card:")
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


def _payouts(found: Overview) -> Groups | None:
    """Show what waits and what is done; the groups, None where the person sees none or there is no payout file."""
    t = texts()
    if not found.newest_file:
        if found.newest_file is not None:
            with st.container(border=True, key="payouts"):
                st.subheader(t("Payouts"), anchor=False)
                words = (
                    "No payout file has been imported yet. Download one in HiPay's console, and import it."
                )
                st.caption(t(words))
                st.page_link("payouts/page.py", label=t.titled("Payouts"), icon=":material/account_balance:")
        return None
    seen = groups(desk(), actor())
    payout_groups.show_others(seen)
    return seen


def _month(found: Overview) -> None:
    t = texts()
    st.subheader(t("This month"), anchor=False)
    if not found.figures:
        st.caption(t("Nothing this month, nor last month up to the same day."))
    for figures in found.figures:
        if len(found.figures) > 1:
            st.caption(f"**{figures.currency}**")
        _metrics(figures)
    st.caption(
        t(
            "Charts: the last {days} days. Last month is counted up to the same day and time. Times are those of {zone}.",
            days=DAYS,
            zone=plain(found.zone),
        )
    )


def _metrics(figures: Figures) -> None:
    t = texts()
    for column, (name, label) in zip(st.columns(len(_MEASURES)), _MEASURES, strict=True):
        measure: Measure = getattr(figures, name)
        column.metric(
            t(label),
            plain(_money(measure.this, figures.currency)),
            border=True,
            height="stretch",
            delta=plain(t("last month: {amount}", amount=_money(measure.last, figures.currency))),
            delta_arrow="off",
            delta_color="off",
            # Only the lengths of bars: the exact amounts are the text above.
            chart_data=[units / 10_000 for units in measure.days],
            chart_type="bar",
            help=t.plural("{count} payment request", "{count} payment requests", measure.this.count),
        )


def _money(total: Sum, currency: str) -> str:
    return format_money(total.units, currency, texts().locale)


page()
