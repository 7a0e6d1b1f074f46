"""A payout from gross to net as bars that begin where the one before them ends, and the same as a table."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

import altair as alt
import pandas as pd
import pyarrow as pa
import streamlit as st

from pages.components import outcome_words, tables
from services.i18n import Translator, translator
from services.reconciliation.views.payout_list import Payout

# The legs add up to the net (services.store.schema.payouts).
LEGS = {
    "gross_units": "Gross",
    "refunds_units": "Refunds",
    "chargebacks_units": "Chargebacks",
    "won_units": "Chargebacks won",
    "fees_units": "Fees without VAT",
    "vat_units": "VAT on fees",
    "reserve_captured_units": "Reserve captured",
    "reserve_released_units": "Reserve released",
    "adjustments_units": "Adjustments and transfers",
    "deferred_units": "Balances carried over",
    "other_units": "Other: unknown operations",
}
_COLOURS = {"sum": "#1d4ed8", "more": "#15803d", "less": "#c2410c"}


@dataclass(frozen=True)
class Bar:
    """In 1/10000. ``units`` lead from ``start`` to ``end``; the net's lead from 0 to the net."""

    label: str
    units: int
    start: int
    end: int


def bars(one: Payout) -> tuple[Bar, ...]:
    """The gross, each other leg that is not 0, and the net."""
    legs = [
        (label, units)
        for name, label in LEGS.items()
        if (units := int(getattr(one.row, name))) or name == "gross_units"
    ]
    ends = list(accumulate(units for _, units in legs))
    found = [Bar(label, units, end - units, end) for (label, units), end in zip(legs, ends, strict=True)]
    return (*found, Bar("Net", one.row.net_units, 0, one.row.net_units))


def show(one: Payout, t: Translator) -> None:
    """Draw the bars of a payout that was worked out."""
    found = bars(one)
    spec, datasets = _chart(found, one.currency, t.language)
    amounts = "; ".join(f"{t(bar.label)} {outcome_words.money(bar.units, one.currency, t)}" for bar in found)
    st.vega_lite_chart(
        spec={**json.loads(spec), "datasets": dict(datasets)},  # Streamlit changes what it gets
        key=f"waterfall_{one.row.id}",
        alt=t("From gross to net: {amounts}", amounts=amounts),
    )
    with st.expander(t("The same as a table"), icon=":material/table_rows:"):
        _table(found, one.currency, t)


def _table(found: Sequence[Bar], currency: str, t: Translator) -> None:
    rows = [
        {
            t("Leg"): t(bar.label),
            t("Amount"): outcome_words.money(bar.units, currency, t),
            t("Sum so far"): outcome_words.money(bar.end, currency, t),
        }
        for bar in found
    ]
    st.dataframe(
        pa.Table.from_pylist(rows),
        hide_index=True,
        column_config=tables.right_aligned(("Amount", "Sum so far"), t),
        alt=t("From gross to net"),
    )


@lru_cache(maxsize=64)
def _chart(found: tuple[Bar, ...], currency: str, language: str) -> tuple[str, Mapping[str, bytes]]:
    """As JSON of Vega-Lite, and its data by name in Arrow's format, which Streamlit sends as it is. Each bar is labelled with its name and exact
    amount, in two lines for narrow windows; its length alone is a float."""
    t = translator(language)
    frame = pd.DataFrame(
        {
            "words": [f"{t(bar.label)}\n{outcome_words.money(bar.units, currency, t)}" for bar in found],
            "start": [bar.start / 10_000 for bar in found],
            "end": [bar.end / 10_000 for bar in found],
            "leg": [t(bar.label) for bar in found],
            "amount": [outcome_words.money(bar.units, currency, t) for bar in found],
            "so_far": [outcome_words.money(bar.end, currency, t) for bar in found],
            "colour": [
                _COLOURS["sum" if place in (0, len(found) - 1) else "more" if bar.units > 0 else "less"]
                for place, bar in enumerate(found)
            ],
        }
    )
    label = alt.Axis(
        labelExpr=r"split(datum.label, '\n')", labelLimit=220, labelLineHeight=15, ticks=False, domain=False
    )
    drawn = (
        alt.Chart(frame)
        .mark_bar(height=16)
        .encode(
            y=alt.Y("words:N", title=None, sort=None, axis=label),
            x=alt.X(
                "start:Q", title=None, axis=alt.Axis(labels=False, ticks=False, domain=False, values=[0])
            ),
            x2="end:Q",
            color=alt.Color("colour:N", scale=None),
            tooltip=[
                alt.Tooltip("leg:N", title=t("Leg")),
                alt.Tooltip("amount:N", title=t("Amount")),
                alt.Tooltip("so_far:N", title=t("Sum so far")),
            ],
        )
        .properties(height=38 * len(found) + 16)
    )
    spec = drawn.to_dict()
    datasets = {name: _arrow(frame) for name in spec.pop("datasets")}  # one
    return json.dumps(spec), datasets


def _arrow(frame: pd.DataFrame) -> bytes:
    table, sink = pa.Table.from_pandas(frame), pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return bytes(sink.getvalue())
