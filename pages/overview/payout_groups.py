"""What reconciliation counts: to do, waiting for somebody else, nothing to do; each item leads to what it counts."""

from collections.abc import Sequence

import streamlit as st

from pages.components.common import texts
from pages.components.markdown import plain
from services.i18n import Translator
from services.money import format_money
from services.reconciliation.views.groups import Groups, Item

# a payout's state → (one, several, icon)
_PAYOUTS = {
    "counted_twice": ("{count} payout counts a transaction twice", "{count} payouts count a transaction twice", ":material/filter_2:"),
    "differs": ("{count} payout differs from what its file announces", "{count} payouts differ from what their file announces", ":material/difference:"),
    "hipay_differs": ("HiPay shows another amount for {count} payout", "HiPay shows another amount for {count} payouts", ":material/compare_arrows:"),
    "amounts_missing": ("{count} payout lacks amounts", "{count} payouts lack amounts", ":material/money_off:"),
    "rows_not_read": ("{count} payout has rows that were not read", "{count} payouts have rows that were not read", ":material/rule:"),
    "correction_waits": ("{count} payout has a correction to decide", "{count} payouts have a correction to decide", ":material/edit_note:"),
    "several_payout_lines": ("{count} payout announces several totals", "{count} payouts announce several totals", ":material/control_point_duplicate:"),
    "no_payout_line": ("{count} payout announces no total", "{count} payouts announce no total", ":material/help:"),
}  # fmt: skip
# kind → (one, several, icon, the choices of its screen: with a view, of reconciliation, else of payouts)
_ITEMS: dict[str, tuple[str, str, str, dict[str, str]]] = {
    "lines": ("{count} payout line is open", "{count} payout lines are open", ":material/rule:", {"view": "lines"}),
    "chargebacks": ("{count} chargeback that nobody has taken", "{count} chargebacks that nobody has taken", ":material/undo:", {"view": "orders", "status": "charged_back"}),
    "late": ("{count} payment is late in the payouts", "{count} payments are late in the payouts", ":material/schedule:", {"view": "orders", "status": "all", "late": "1"}),
    "orders": ("{count} order to check", "{count} orders to check", ":material/receipt_long:", {"view": "orders"}),
    "claimed": ("{count} payout claimed from HiPay", "{count} payouts claimed from HiPay", ":material/hourglass_top:", {"check": "accepted"}),
    "payouts_asked": ("{count} payout that a colleague was asked about", "{count} payouts that a colleague was asked about", ":material/contact_support:", {}),
    "lines_asked": ("{count} line that a colleague was asked about", "{count} lines that a colleague was asked about", ":material/contact_support:", {"view": "lines"}),
    "carried": ("{count} payout carried forward to one that is still to come or to tie", "{count} payouts carried forward to ones that are still to come or to tie", ":material/redo:", {"check": "carried_forward"}),
    "worked_out": ("{count} payout is being worked out", "{count} payouts are being worked out", ":material/sync:", {"check": "being_worked_out"}),
    "in_no_payout": ("{count} collected payment is in no payout yet", "{count} collected payments are in no payout yet", ":material/savings:", {"view": "orders"}),
    "tied": ("{count} payout ties", "{count} payouts tie", ":material/check_circle:", {"check": "tied"}),
    "accepted": ("{count} payout with an accepted difference", "{count} payouts with an accepted difference", ":material/task_alt:", {"check": "accepted"}),
    "matched": ("{count} payout line has its order", "{count} payout lines have their order", ":material/link:", {"view": "lines", "outcome": "matched"}),
}  # fmt: skip


# A link's label is cut off where it is longer than its column: here it takes several lines.
_STYLE = "<style>[class*=st-key-payouts_] [data-testid=stPageLink] *{white-space:normal;overflow:visible;text-overflow:clip}</style>"


def show_others(found: Groups) -> None:
    """Show what waits for somebody else, and what is done."""
    t = texts()
    for heading, key, items in (
        (t("Waiting"), "payouts_waiting", found.waiting),
        (t("Nothing to do"), "payouts_done", found.done),
    ):
        if items:
            with st.container(border=True, key=key, gap=None):
                st.subheader(heading, anchor=False)
                _items(items)


def links(items: Sequence[Item]) -> None:
    """Each with its words, as a link to what it counts."""
    t = texts()
    st.html(_STYLE)
    for item in items:
        link(item, words(item, t)[0])


def link(item: Item, label: str) -> None:
    _, icon, where = words(item, texts())
    screen = "reconciliation" if "view" in where else "payouts"
    st.page_link(f"{screen}/page.py", label=label, icon=icon, query_params=where)


def _items(items: Sequence[Item]) -> None:
    t = texts()
    st.html(_STYLE)
    for item in items:
        link(item, words(item, t)[0])
        if item.units:
            sums = (format_money(units, currency, t.locale) for currency, units in sorted(item.units.items()))
            st.caption(plain(" + ".join(sums)))


def words(item: Item, t: Translator) -> tuple[str, str, dict[str, str]]:
    """The words of an item, its icon, and the choices of its screen."""
    if item.state is not None:
        one, several, icon = _PAYOUTS[item.state]
        where = {"check": str(item.state)}
    else:
        one, several, icon, where = _ITEMS[item.kind]
    return plain(t.plural(one, several, item.count)), icon, where
