"""What the join came to: money by outcome, lines, orders, payouts, and all of it as CSV."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from pages.common import actor, desk, language, texts
from services.i18n import Translator, format_short
from services.money import format_money
from services.reconciliation import view
from services.reconciliation.explain import KEY_NAMES, OUTCOMES, REASONS, STATUSES, values
from services.reconciliation.export import to_csv
from services.reconciliation.view import Reconciliation
from services.settlements.columns import LABELS
from services.settlements.operations import BY_CODE

OPEN_OUTCOMES = ("contradictory", "ambiguous", "unmatched", "suggested")
OUTCOME_ICONS = {
    "matched": "✓", "suggested": "?", "ambiguous": "?", "contradictory": "!", "unmatched": "!", "account_level": "–",
    "total_line": "Σ",
}  # fmt: skip
COLOURS = {
    "matched": "#15803d", "suggested": "#a16207", "ambiguous": "#c2410c", "contradictory": "#b91c1c",
    "unmatched": "#b91c1c", "account_level": "#6b7280", "total_line": "#9ca3af",
}  # fmt: skip
PAYOUT_STATES = {"tied": "✓ adds up", "differs": "! differs", "no_payout": "? no payout line"}
MOST_ROWS = 1000


@st.cache_data(max_entries=4, show_spinner=False)
def _joined(version: view.Version, database: str) -> Reconciliation:
    """The join under its key: no leading underscore, or Streamlit would leave that part of the key out."""
    return view.reconcile(desk(), actor())


def show(files: Sequence[Any]) -> None:
    t = texts()
    version = view.version(desk())
    with st.spinner(t("Joining lines and orders…")):
        found = _joined(version, str(desk().store.engine.url))
    _figures(found, t)
    lines, orders, payouts, imported = st.tabs(
        [t("Lines"), t("Orders"), t("Payout check"), t("Imported files")], key="reconciliation_tab"
    )
    with lines:
        _lines(found, t)
    with orders:
        _orders(found, t)
    with payouts:
        _payouts(found, t)
    with imported:
        _files(files, t)


def _figures(found: Reconciliation, t: Translator) -> None:
    lines = found.lines
    opened = lines[lines["outcome"].isin(OPEN_OUTCOMES)]
    unsettled = found.orders[found.orders["status"] == "paid_not_settled"]
    differing = found.payouts[found.payouts["state"] != "tied"]
    one, two, three, four = st.columns(4)
    one.metric(
        t("Lines matched"), f"{(lines['outcome'] == 'matched').sum()} / {_orderly(lines)}", border=True
    )
    two.metric(t("Lines open"), len(opened), border=True)
    three.metric(t("Paid, not settled"), len(unsettled), border=True)
    four.metric(t("Payouts that differ"), len(differing), border=True)
    money = lines[lines["outcome"] != "total_line"].assign(
        units=lambda frame: frame["settled_amount_units"].fillna(0).abs()
    )
    sums = money.groupby(["outcome", "settlement_currency"], as_index=False)["units"].sum()
    if sums.empty:
        return
    # A chart for each currency, with a scale of its own: a pound and a yen are not to be compared.
    for currency, part in sums.groupby("settlement_currency"):
        st.caption(f"{t('Money moved, by outcome')} · {currency}")
        st.altair_chart(_bars(part, t))


def _bars(sums: pd.DataFrame, t: Translator) -> alt.LayerChart:
    """One bar for each outcome, the longest first, its exact amount in words beside it."""
    sums = sums.sort_values("units", ascending=False)
    chart = pd.DataFrame(
        {
            "outcome": [t(OUTCOMES[name]) for name in sums["outcome"]],
            "share": sums["units"] / 10_000,  # only the length of a bar: the words beside it are exact
            "colour": [COLOURS[name] for name in sums["outcome"]],
            "amount": [format_money(int(units), code, t.locale) for units, code in zip(sums["units"], sums["settlement_currency"], strict=True)],
        }
    )  # fmt: skip
    base = alt.Chart(chart).encode(
        y=alt.Y("outcome:N", title=None, sort=list(chart["outcome"]), axis=alt.Axis(labelLimit=200)),
        x=alt.X("share:Q", title=None, axis=None, scale=alt.Scale(domainMax=float(chart["share"].max()) * 1.2 or 1.0)),
        tooltip=[alt.Tooltip("outcome:N", title=t("Outcome")), alt.Tooltip("amount:N", title=t("Amount"))],
    )  # fmt: skip
    bars = base.mark_bar(height=14).encode(color=alt.Color("colour:N", scale=None))
    # A gray that is read on both themes: the default is black.
    words = base.mark_text(align="left", dx=6, color="#737d8a").encode(text="amount:N")
    return (bars + words).properties(height=28 * len(chart) + 24)


def _orderly(lines: pd.DataFrame) -> int:
    return int((~lines["outcome"].isin(["account_level", "total_line"])).sum())


def _choose(
    label: str, key: str, present: pd.Series, words: dict[str, str], first: Sequence[str] = ()
) -> list[str]:
    """A filter kept in the address: the outcomes that there are, with how many of each."""
    t, counts = texts(), present.value_counts()
    names = [name for name in (*first, *words) if name in counts.index]
    shown = {name: f"{t(words[name])} ({counts[name]})" for name in dict.fromkeys(names)}
    return st.pills(
        label,
        list(shown),
        selection_mode="multi",
        format_func=shown.__getitem__,
        key=key,
        bind="query-params",
    )


def _lines(found: Reconciliation, t: Translator) -> None:
    chosen = _choose(t("Outcome"), "outcome", found.lines["outcome"], OUTCOMES, OPEN_OUTCOMES)
    rows = found.lines[found.lines["outcome"].isin(chosen)] if chosen else found.lines
    rows = rows.sort_values("outcome", key=lambda names: names.map(_weight), kind="stable")
    keys = {key: t(name) for key, name in KEY_NAMES.items()}
    reasons = [
        t.gettext(REASONS[row["reason"]]).format(**values(row, keys)) if row["reason"] else ""
        for row in rows.to_dict("records")
    ]
    operations = [
        _operation(code, text, t)
        for code, text in zip(rows["operation_code"], rows["operation"], strict=True)
    ]
    table = pd.DataFrame(
        {
            t("Outcome"): [f"{OUTCOME_ICONS[name]} {t(OUTCOMES[name])}" for name in rows["outcome"]],
            t("Operation"): operations,
            t("Amount"): _money(rows, "settled_amount_units", "settlement_currency", t),
            t("Our order"): rows["joined_order_id"].to_numpy(),
            t("Invoice number"): rows["reporting_data_1"].to_numpy(),
            t("Reason"): reasons,
            t("Payout"): rows["settlement_id"].to_numpy(),
            t("Date"): rows["date"].to_numpy(),
            t("Order in the file"): rows["order"].to_numpy(),
        }
    )
    _table(table, t("Lines by outcome"), t)
    export = rows.assign(
        outcome_words=[t(OUTCOMES[name]) for name in rows["outcome"]],
        reason_words=reasons,
        operation=operations,
    )
    labels = {
        "outcome_words": t("Outcome"), "reason_words": t("Reason"), "joined_order_id": t("Our order"),
        **{f"{name}_units" if f"{name}_units" in export else name: t(label) for name, label in LABELS.items() if name != "account"},
    }  # fmt: skip
    _download(export, labels, "lines.csv", t)


def _orders(found: Reconciliation, t: Translator) -> None:
    chosen = _choose(t("Status"), "status", found.orders["status"], STATUSES)
    rows = found.orders[found.orders["status"].isin(chosen)] if chosen else found.orders
    table = pd.DataFrame(
        {
            t("Status"): [t(STATUSES[name]) for name in rows["status"]],
            t("Order id"): rows["order_id"].to_numpy(),
            t("Ordered"): _money(rows, "amount_units", "currency", t),
            t("Collected"): _money(rows, "captured_units", "currency", t),
            t("Settled gross"): _money(rows, "gross_units", "currency", t),
            t("Refunded"): _money(rows, "refunds_units", "currency", t),
            t("Fees"): _money(rows, "fees_units", "invoice_currency", t),
            t("VAT on fees"): _money(rows, "vat_units", "invoice_currency", t),
            t("Net"): _money(rows, "net_units", "settlement_currency", t),
            t("Payouts"): rows["settlement_ids"].to_numpy(),
        }
    )
    _table(table, t("Orders by status"), t)
    export = rows.assign(status_words=[t(STATUSES[name]) for name in rows["status"]])
    labels = {
        "status_words": t("Status"), "order_id": t("Order id"), "currency": t("Currency"), "amount_units": t("Ordered"),
        "captured_units": t("Collected"), "gross_units": t("Settled gross"), "refunds_units": t("Refunded"),
        "chargebacks_units": t("Charged back"), "open_units": t("Still open"), "fees_units": t("Fees"),
        "vat_units": t("VAT on fees"), "invoice_currency": t("Currency of the fees"), "net_units": t("Net"),
        "settlement_currency": t("Settlement currency"), "settlement_ids": t("Payouts"), "first_date": t("First date"),
        "last_date": t("Last date"), "lines": t("Lines"),
    }  # fmt: skip
    _download(export, labels, "orders.csv", t)


def _payouts(found: Reconciliation, t: Translator) -> None:
    st.caption(
        t("Each payout's lines are added up and compared with the payout that the file itself announces.")
    )
    rows = found.payouts
    table = pd.DataFrame(
        {
            t("Check"): [t(PAYOUT_STATES[name]) for name in rows["state"]],
            t("Payout"): rows["settlement_id"],
            t("Sum of its lines"): _money(rows, "lines_units", "currency", t),
            t("Payout announced"): _money(rows, "payout_units", "currency", t),
            t("Difference"): _money(rows, "difference_units", "currency", t),
        }
    )
    _table(table, t("Payout check"), t)
    st.markdown(f"**{t('Totals by operation')}**")
    sums = found.totals
    operations = [
        _operation(code, text, t)
        for code, text in zip(sums["operation_code"], sums["operation"], strict=True)
    ]
    money = _money(sums, "settled_units", "currency", t)
    _table(
        pd.DataFrame({t("Operation"): operations, t("Lines"): sums["count"], t("Amount"): money}),
        t("Totals by operation"),
        t,
    )


def _files(files: Sequence[Any], t: Translator) -> None:
    table = pd.DataFrame(
        {
            t("File"): [file.name for file in files],
            t("Lines"): [file.lines for file in files],
            t("Already known"): [file.known_lines for file in files],
            t("Set aside"): [len([row for row in file.aside if row["reason"] not in ("preamble", "total", "header_again")]) for file in files],
            t("Imported"): [format_short(file.uploaded_at, desk().account(file.account).timezone, language()) for file in files],
        }
    )  # fmt: skip
    _table(table, t("Imported files"), t)


def _weight(outcome: str) -> int:
    order = (*OPEN_OUTCOMES, "matched", "account_level", "total_line")
    return order.index(outcome)


def _operation(code: str, text: str, t: Translator) -> str:
    return t(BY_CODE[code].label) if code in BY_CODE else text


def _money(rows: pd.DataFrame, units: str, currency: str, t: Translator) -> list[str]:
    pairs = zip(rows[units], rows[currency], strict=True)
    return [
        "—" if pd.isna(amount) or not code else format_money(int(amount), code, t.locale)
        for amount, code in pairs
    ]


def _table(table: pd.DataFrame, words: str, t: Translator) -> None:
    if table.empty:
        st.caption(t("Nothing to show with these filters."))
        return
    money = [t(name) for name in ("Amount", "Ordered", "Collected", "Settled gross", "Refunded", "Fees", "VAT on fees", "Net",
                                  "Sum of its lines", "Payout announced", "Difference")]  # fmt: skip
    right = {name: st.column_config.TextColumn(alignment="right") for name in money if name in table}
    st.dataframe(table.head(MOST_ROWS), hide_index=True, column_config=right, alt=words)
    if len(table) > MOST_ROWS:
        st.caption(
            t("The first {shown} of {all} rows; the download holds all.", shown=MOST_ROWS, all=len(table))
        )


def _download(frame: pd.DataFrame, labels: dict[str, str], name: str, t: Translator) -> None:
    comma = t.language != "en"
    st.download_button(
        t("Download these rows as CSV"), lambda: to_csv(frame, labels, delimiter=";" if comma else ",", decimal="," if comma else "."),
        file_name=name, mime="text/csv", icon=":material/download:", key=f"download_{name}", on_click="ignore",
    )  # fmt: skip
