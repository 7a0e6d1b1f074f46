"""The outcome of the reconciliation: figures, money by outcome, and the views of lines, orders, rules."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd
import pyarrow as pa
import streamlit as st

from pages.components import accounts
from pages.components.common import actor, desk, texts
from pages.components.outcome_words import (
    COLOURS,
    OUTCOME_ORDER,
    PAYOUT_STATES,
    money,
    number,
    outcome,
    percent,
)
from pages.reconciliation import (
    address,
    lines,
    orders,
    rules,
)
from pages.reconciliation.address import VIEWS
from services.i18n import Translator, translator
from services.reconciliation.views import lists
from services.reconciliation.views.lists import OPEN, Figures, Moved

_BARS_OPENED = "picture_taken"  # session key: how many times a bar was chosen


def show() -> None:
    t = texts()
    address.follow()
    account_keys = accounts.chosen()
    figures = lists.figures(desk(), actor(), account_keys)
    _figures(figures, t)
    _chart(figures, t)
    words = {name: t(text) for name, text in VIEWS.items()}
    view = st.segmented_control(
        t("View"),
        list(words),
        key="view",
        format_func=words.__getitem__,
        required=True,
        label_visibility="collapsed",
        persist_state="page",
    )
    if view == "lines":
        lines.show(figures, account_keys)
    elif view == "orders":
        orders.show(figures, account_keys)
    else:
        rules.show()
    address.write()


def _figures(figures: Figures, t: Translator) -> None:
    """Show the figures, those of what is open first, each with what leads to the lines, orders or payouts that it counts."""
    unproved = figures.payouts - figures.payouts_tied
    orderly, matched = figures.orderly, figures.lines("matched")
    share = percent(matched, orderly, t) if orderly else "—"
    counted = t("{matched} of {count}", matched=number(matched, t), count=number(orderly, t))
    late = {"late": True, "status": "all"}
    shown: tuple[tuple[str, str, str, str, str, dict[str, Any]], ...] = (
        ("Lines open", number(figures.lines(*OPEN), t), "", "open", "lines", {}),
        ("Paid, late in the payouts", number(figures.late, t), "", "late", "orders", late),
        ("Payouts to check", number(unproved, t), "", "unproved", "", {}),
        ("Lines matched", share, counted, "matched", "lines", {"outcome": "matched"}),
    )
    for column, (label, value, more, key, view, choices) in zip(st.columns(4), shown, strict=True):
        with column.container(border=True, gap=None):
            st.metric(t(label), value, help=more or None)
            if not view:
                _payouts_link(t)
                continue
            st.button(
                t("Show"),
                key=f"figure_{key}",
                type="tertiary",
                icon=":material/arrow_forward:",
                help=t(label),
                on_click=address.open_view,
                args=(view,),
                kwargs=choices,
            )


def _payouts_link(t: Translator) -> None:
    """A link to the payouts that do not tie."""
    where = {"check": ",".join(state for state in PAYOUT_STATES if state != "tied")}
    st.page_link(
        "payouts/page.py",
        label=t("Show"),
        icon=":material/arrow_forward:",
        help=t("Payouts to check"),
        query_params=where,
    )


def _chart(figures: Figures, t: Translator) -> None:
    """Show a chart of one currency at a time, since amounts of two currencies cannot be compared."""
    sums = [one for one in figures.moved if one.outcome != "total_line" and one.currency]
    if not sums:
        return
    moved = {
        code: sum(one.units for one in sums if one.currency == code)
        for code in {one.currency for one in sums}
    }
    currencies = sorted(moved, key=lambda code: (-moved[code], code))
    with st.expander(t("Money moved, by outcome"), icon=":material/bar_chart:", expanded=True):
        currency = currencies[0]
        if len(currencies) > 1:
            currency = st.segmented_control(
                t("Currency"), currencies, default=currency, required=True, key="picture_currency"
            )
        # Each choice makes a new chart, so that the same bar can be chosen again; the filter shows which one is open.
        key = f"picture_{currency}_{st.session_state.get(_BARS_OPENED, 0)}"
        marked = frozenset(st.session_state.get("outcome") or ())
        spec, datasets = _bars(tuple(one for one in sums if one.currency == currency), marked, t.language)
        st.vega_lite_chart(
            spec={**json.loads(spec), "datasets": dict(datasets)},  # Streamlit changes what it gets
            key=key,
            on_select=lambda: _open_bar(key, currency),
            selection_mode="bar",
            alt=t("Money moved, by outcome, in {currency}", currency=currency),
        )
        st.caption(t("Choose a bar to see its lines."))


def _open_bar(key: str, currency: str) -> None:
    """Show the lines of the bar that was chosen."""
    picked = st.session_state[key].selection.get("bar") or []
    codes = [point["code"] for point in picked if point.get("code") in OUTCOME_ORDER]
    if codes:
        st.session_state[_BARS_OPENED] = st.session_state.get(_BARS_OPENED, 0) + 1
        address.open_view("lines", outcome=codes[0], currency=[currency])


@lru_cache(maxsize=64)
def _bars(moved: tuple[Moved, ...], chosen: frozenset[str], language: str) -> tuple[str, Mapping[str, bytes]]:
    """A bar for each outcome, the longest first, labelled with name and exact amount in two lines for narrow windows; those
    that are not ``chosen`` paler. As JSON of Vega-Lite, and its data by name in Arrow's format, which Streamlit sends as it is."""
    t = translator(language)
    sums = sorted(moved, key=lambda one: one.units, reverse=True)
    marked = {one.outcome for one in sums} & chosen
    chart = pd.DataFrame(
        {
            "weight": [1.0 if one.outcome in marked or not marked else 0.45 for one in sums],
            "code": [one.outcome for one in sums],
            "outcome": [outcome(one.outcome, t) for one in sums],
            "words": [f"{outcome(one.outcome, t)}\n{money(one.units, one.currency, t)}" for one in sums],
            "share": [one.units / 10_000 for one in sums],  # only the length of the bar; its label is exact
            "colour": [COLOURS[one.outcome] for one in sums],
            "amount": [money(one.units, one.currency, t) for one in sums],
            "lines": [number(one.lines, t) for one in sums],
        }
    )
    base = alt.Chart(chart).encode(
        y=alt.Y(
            "words:N",
            title=None,
            sort=None,
            axis=alt.Axis(
                labelExpr=r"split(datum.label, '\n')",
                labelLimit=220,
                labelLineHeight=15,
                ticks=False,
                domain=False,
            ),
        ),
        x=alt.X(
            "share:Q", title=None, axis=None, scale=alt.Scale(domainMax=float(chart["share"].max()) or 1.0)
        ),
        tooltip=[
            alt.Tooltip("outcome:N", title=t("Outcome")),
            alt.Tooltip("amount:N", title=t("Amount")),
            alt.Tooltip("lines:N", title=t("Lines")),
        ],
    )
    picked = alt.selection_point(name="bar", fields=["code"], toggle=False)
    bars = (
        base.mark_bar(height=14, cursor="pointer")
        .encode(
            color=alt.Color("colour:N", scale=None),
            opacity=alt.Opacity("weight:Q", scale=None),
        )
        .add_params(picked)
        .properties(height=38 * len(chart) + 16)
    )
    spec = bars.to_dict()
    datasets = {name: _arrow(chart) for name in spec.pop("datasets")}  # one
    return json.dumps(spec), datasets


def _arrow(frame: pd.DataFrame) -> bytes:
    table, sink = pa.Table.from_pandas(frame), pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return bytes(sink.getvalue())
