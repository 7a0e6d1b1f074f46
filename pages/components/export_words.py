"""What an export contains in the reader's words: which list, and what its filters let through."""

from pages.components import accounts, outcome_words
from pages.components.order_words import BADGES
from services.exports.kinds import Lines, PaymentRequests, SettledOrders, Wanted
from services.i18n import Translator
from services.orders.names import CHANNEL_NAMES
from services.reconciliation.views.reasons import OUTCOMES, STATUSES
from services.settlements.settlement_operations import BY_CODE

KINDS = {
    "history": "Payment requests",
    "lines": "Payout lines",
    "orders": "Orders",
    "payouts": "Payouts",
}


def filter_words(wanted: Wanted, t: Translator) -> str:
    """What the filters let through; "everything" where there is none."""
    if isinstance(wanted, PaymentRequests):
        parts = _of_requests(wanted, t)
    elif isinstance(wanted, Lines):
        parts = _of_lines(wanted, t)
    elif isinstance(wanted, SettledOrders):
        parts = _of_orders(wanted, t)
    else:
        states = (t(outcome_words.PAYOUT_STATES.get(state, state)) for state in wanted.states)
        parts = [*map(accounts.name, wanted.accounts), *states]
    return " · ".join(part for part in parts if part) or t("everything")


def _of_requests(wanted: PaymentRequests, t: Translator) -> list[str]:
    chosen = wanted.chosen
    return [
        _quoted(chosen.text, t),
        ", ".join(t(BADGES[badge][0]) for badge in chosen.badges),
        ", ".join(t(CHANNEL_NAMES[channel]) for channel in chosen.channels),
        t("of one sender") if chosen.sender else "",
        ", ".join(map(accounts.name, chosen.accounts)),
    ]


def _of_lines(wanted: Lines, t: Translator) -> list[str]:
    chosen = wanted.chosen
    operations = (t(BY_CODE[code].label) if code in BY_CODE else t("not known") for code in chosen.operations)
    amounts = [
        "" if units is None else outcome_words.number(units // 10_000, t)
        for units in (chosen.least, chosen.most)
    ]
    return [
        _quoted(chosen.text, t),
        ", ".join(t(OUTCOMES[outcome]) for outcome in chosen.outcomes if outcome in OUTCOMES),
        ", ".join(operations),
        ", ".join(chosen.currencies),
        chosen.settlement,
        t.plural("of one file", "of {count} files", len(chosen.files)) if chosen.files else "",
        t("of one order") if chosen.order is not None else "",
        _span(*amounts),
        _span(*(outcome_words.day(day, t) for day in (chosen.since, chosen.until))),
        ", ".join(map(accounts.name, chosen.accounts)),
    ]


def _of_orders(wanted: SettledOrders, t: Translator) -> list[str]:
    chosen = wanted.chosen
    return [
        _quoted(chosen.loose, t),
        t("Open") if chosen.open else "",
        ", ".join(t(STATUSES.get(status, status)) for status in chosen.statuses),
        t("late only") if wanted.late else "",
        ", ".join(map(accounts.name, chosen.accounts)),
    ]


def _quoted(text: str, t: Translator) -> str:
    return t("“{text}”", text=text) if text else ""


def _span(first: str, last: str) -> str:
    return f"{first or '…'} – {last or '…'}" if first or last else ""
