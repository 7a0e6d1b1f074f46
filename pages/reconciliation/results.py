"""The outcome of the reconciliation: figures, and the views of lines, orders, rules."""

from typing import Any

import streamlit as st

from pages.components import accounts, segments
from pages.components.common import actor, desk, texts
from pages.components.outcome_words import (
    PAYOUT_STATES,
    number,
    percent,
)
from pages.reconciliation import (
    address,
    lines,
    orders,
    rules,
)
from pages.reconciliation.address import VIEWS
from services.i18n import Translator
from services.reconciliation.views import lists
from services.reconciliation.views.lists import OPEN, Figures


def show() -> None:
    t = texts()
    address.follow()
    account_keys = accounts.chosen()
    figures = lists.figures(desk(), actor(), account_keys)
    view = segments.choose(t("View"), VIEWS, "view")
    if view == "lines":
        lines.show(figures, account_keys)
        _figures(figures, t)  # below the list, which is what a person works on
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
