"""The figures of a period: what was asked for, paid and refused, what is outstanding, and for finance what is to check and HiPay's
fees."""

from collections.abc import Callable, Sequence

import streamlit as st

from pages.components import url_state
from pages.components.common import language, texts
from pages.components.markdown import plain
from pages.components.outcome_words import number
from services.hipay.reasons import reason_text
from services.i18n import Translator, format_date, format_month
from services.money import format_money
from services.reconciliation.views.groups import Groups
from services.reconciliation.views.overview import Figure, Figures, Overview, Sum
from services.reconciliation.views.periods import PERIODS, PeriodName

# name → (the period, that before it as the figures name it)
_PERIODS: dict[PeriodName, tuple[str, str]] = {
    "month": ("This month", "last month: {amount}"),
    "last_month": ("Last month", "the month before: {amount}"),
    "days7": ("7 days", "the 7 days before: {amount}"),
    "days30": ("30 days", "the 30 days before: {amount}"),
    "year": ("This year", "last year: {amount}"),
}
_MEASURES: tuple[tuple[str, Callable[[Figures], Figure]], ...] = (
    ("Asked for", lambda one: one.asked),
    ("Collected", lambda one: one.paid),
    ("Refused", lambda one: one.refused),
)
_REASONS = 3
_WIDTH = 160  # of a figure, in pixels: five beside each other on a small laptop, two on a telephone
_CHOICES = (url_state.one_of("period", PERIODS, "month"),)


def choose_period() -> PeriodName:
    """The period, which is in the address."""
    t = texts()
    url_state.follow("overview", _CHOICES)
    st.segmented_control(
        t("Period"),
        PERIODS,
        key="period",
        format_func=lambda name: t(_PERIODS[name][0]),
        required=True,
        label_visibility="collapsed",
    )
    url_state.write("overview", _CHOICES)
    chosen = st.session_state["period"]
    return next(name for name in PERIODS if name == chosen)


def show(found: Overview, payouts: Groups | None) -> None:
    """``payouts``: what reconciliation counts, None for who sees none of it."""
    t = texts()
    if found.figures is None:
        st.info(
            t(
                "The payment requests of before the upgrade are being counted. Their figures show here once that is done."
            ),
            icon=":material/hourglass_top:",
        )
    elif found.any_order:
        if not found.figures:
            st.caption(t("Nothing in this period, nor in the one before."))
        for one in found.figures:
            _of_currency(found, one, several=len(found.figures) > 1)
    if payouts is not None:
        _of_finance(found, payouts)
    if found.figures:
        _trend(found, found.figures)


def _of_currency(found: Overview, one: Figures, *, several: bool) -> None:
    t = texts()
    if several:
        st.caption(f"**{one.currency}**")
    with st.container(horizontal=True, gap="small", key=f"figures_{one.currency}"):
        for label, measure in _MEASURES:
            figure = measure(one)
            before = _money(figure.before, one.currency)
            st.metric(
                t(label),
                plain(_money(figure.this, one.currency)),
                border=True,
                width=_WIDTH,
                height="stretch",
                delta=plain(t(_PERIODS[found.period.name][1], amount=before)),
                delta_arrow="off",
                delta_color="off",
                # Only the lengths of bars: the exact amounts are in the table.
                chart_data=[bar.units / 10_000 for bar in figure.bars],
                chart_type="bar",
                help=_requests(figure.this, t),
            )
        ending = found.expiring.totals.get(one.currency, Sum())
        _metric(t("Outstanding now"), one.outstanding, one.currency)
        _metric(t("Ending by tomorrow"), ending, one.currency)
    if one.reasons:
        st.caption(plain(_why(one, t)))


def _metric(label: str, total: Sum, currency: str) -> None:
    t = texts()
    st.metric(
        label,
        plain(_money(total, currency)),
        border=True,
        width=_WIDTH,
        height="stretch",
        delta=plain(_requests(total, t)),
        delta_arrow="off",
        delta_color="off",
    )


def _why(one: Figures, t: Translator) -> str:
    """The reasons of refusals, the most frequent first."""
    shown = [
        t(
            "{reason} ({count})",
            reason=t(reason_text(code) or "No reason is known.").rstrip("."),
            count=total.count,
        )
        for code, total in one.reasons[:_REASONS]
    ]
    left = sum(total.count for _, total in one.reasons[_REASONS:])
    if left:
        shown.append(t("other reasons ({count})", count=left))
    return t("Why refused: {reasons}", reasons=" · ".join(shown))


def _of_finance(found: Overview, payouts: Groups) -> None:
    t = texts()
    counts = [
        (t("Payouts to check"), sum(item.count for item in payouts.to_do if item.kind == "payouts")),
        (t("Lines to resolve"), sum(item.count for item in payouts.to_do if item.kind == "lines")),
    ]
    with st.container(horizontal=True, gap="small", key="figures_finance"):
        for label, count in counts:
            st.metric(label, number(count, t), border=True, width=_WIDTH, height="stretch")
        if found.fees is None:
            return
        if not found.fees.known:
            words = t("Payouts are being worked out: their fees are not known yet.")
            st.metric(t("Fees"), "…", border=True, width=_WIDTH, height="stretch", help=words)
            return
        for currency, units in sorted(found.fees.units.items()):
            st.metric(
                t("Fees"),
                plain(format_money(units, currency, t.locale)),
                border=True,
                width=_WIDTH,
                height="stretch",
                help=t(
                    "What HiPay kept back of the payouts that were transferred in the period, VAT included."
                ),
            )


def _trend(found: Overview, every: Sequence[Figures]) -> None:
    """The bars as a table of exact amounts, which a screen reader reads."""
    t, monthly = texts(), found.period.monthly
    fold = st.expander(
        t("Month by month") if monthly else t("Day by day"),
        icon=":material/table_rows:",
        key="trend",
        on_change="rerun",
    )
    if not fold.open:
        return
    written = format_month if monthly else format_date
    rows = []
    for place, bar in enumerate(found.period.bars):
        row = {t("Month") if monthly else t("Day"): written(bar.since, found.zone, language())}
        for one in every:
            for label, measure in _MEASURES:
                name = f"{t(label)} ({one.currency})" if len(every) > 1 else t(label)
                row[name] = _money(measure(one).bars[place], one.currency)
        rows.append(row)
    with fold:
        st.table(rows[::-1], border="horizontal")
        st.caption(
            t(
                "The period before is counted up to the same day and time. Times are those of {zone}.",
                zone=plain(found.zone),
            )
        )


def _requests(total: Sum, t: Translator) -> str:
    return t.plural("{count} payment request", "{count} payment requests", total.count)


def _money(total: Sum, currency: str) -> str:
    return format_money(total.units, currency, texts().locale)
