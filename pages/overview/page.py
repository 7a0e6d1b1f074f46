"""Overview: what the signed-in person has to do, links that end soon, open payouts, and the month's figures."""

import streamlit as st

from pages.components import question_windows
from pages.components.common import actor, desk, in_one_read, language, refusals, texts
from pages.components.markdown import plain
from pages.overview import to_do
from services.i18n import format_short
from services.money import format_money
from services.reconciliation.views.overview import (
    DAYS,
    Figures,
    Measure,
    Overview,
    Sum,
    Unsettled,
    overview,
    unsettled,
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
        with left:
            to_do.show()
        with right:
            if found.any_order:
                _expiring(found)
            if found.newest_file is not None:
                _payouts(found.newest_file, found.payout_accounts)
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


@st.cache_data(ttl=60, max_entries=16, show_spinner=False)
def _counted(newest_file: int, actor_id: str, accounts: frozenset[str] | None) -> Unsettled:
    """Counted once a minute; counted again at once after an import, or when the ``accounts`` that the person may see change."""
    return unsettled(desk(), actor())


def _payouts(newest_file: int, accounts: frozenset[str] | None) -> None:
    t = texts()
    with st.container(border=True, key="payouts"):
        st.subheader(t("Payouts"), anchor=False)
        if not newest_file:
            st.caption(
                t("No payout file has been imported yet. Download one in HiPay's console, and import it.")
            )
        else:
            found = _counted(newest_file, actor().id, accounts)
            count = sum(one.count for one in found.waiting.values())
            amounts = " + ".join(
                format_money(one.units, currency, t.locale) for currency, one in sorted(found.waiting.items())
            )
            if count:
                words = t.plural(
                    "{count} collected payment is in no payout yet",
                    "{count} collected payments are in no payout yet",
                    count,
                )
                st.markdown(f":material/savings: {plain(words)}  \n{plain(amounts)}")
            if found.open_lines:
                words = t.plural(
                    "{count} payout line names no order",
                    "{count} payout lines name no order",
                    found.open_lines,
                )
                st.markdown(f":material/rule: {plain(words)}")
            if not count and not found.open_lines:
                st.caption(t("Every collected payment is in a payout, and every line names its order."))
        st.page_link("reconciliation/page.py", label=t("Reconciliation"), icon=":material/rule:")


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
