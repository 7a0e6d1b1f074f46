"""Reconciliation in a reader's words: outcomes, statuses, checks, sorts, and a line's reason. A sign beside each colour."""

import re
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal, format_percent

from services.i18n import Translator
from services.money import format_money
from services.reconciliation.views.lists import OPEN, SEARCH_LIMIT
from services.reconciliation.views.reasons import OUTCOMES, STATUSES
from services.settlements import dates

OUTCOME_ICONS = {
    "matched": "✓", "suggested": "?", "ambiguous": "?", "contradictory": "!", "unmatched": "!", "not_ours": "–",
    "account_level": "–", "total_line": "Σ", "excluded": "×",
}  # fmt: skip
# In the order in which they are shown: what is open first.
OUTCOME_ORDER = (*OPEN, "matched", "account_level", "not_ours", "excluded", "total_line")
STATUS_SIGNS = {
    "settled_in_full": "✓", "refunded": "✓", "refunded_in_part": "✓", "chargeback_won": "✓", "not_due": "–", "awaited": "–",
}  # fmt: skip
# Worst first.
PAYOUT_STATES = {
    "counted_twice": "! a transaction counted twice", "differs": "! differs", "hipay_differs": "! HiPay shows another amount",
    "amounts_missing": "? amounts missing", "rows_not_read": "? rows not read", "correction_waits": "? a correction waits",
    "several_payout_lines": "? several payout lines", "no_payout_line": "? no payout line", "being_worked_out": "… being worked out",
    "accepted": "– difference accepted",
    "carried_forward": "→ carried forward", "tied": "✓ ties",
}  # fmt: skip
SORTS = {
    "newest": "Newest first", "oldest": "Oldest first", "highest": "Highest amount first", "lowest": "Lowest amount first",
    "latest": "Latest date first", "earliest": "Earliest date first",
}  # fmt: skip
FILE_STATES = {
    "receiving": "… being received", "waiting": "… waits its turn", "running": "… being imported", "complete": "✓ imported",
    "failed": "! failed", "cancelled": "× cancelled",
}  # fmt: skip
_TIME = re.compile(r".{10}T(?P<clock>[0-9:.]+)(?P<zone>.*)")
SOURCES = {"upload": "added here", "folder": "from the folder", "hipay": "fetched from HiPay"}


def outcome(code: str, t: Translator) -> str:
    return f"{OUTCOME_ICONS.get(code, '')} {t(OUTCOMES.get(code, code))}".strip()


def status(code: str | None, t: Translator, *, opened: bool = False) -> str:
    """``opened``: the order is open, whatever its status."""
    if not code:
        return "—"
    sign = "!" if opened else STATUS_SIGNS.get(code, "!")
    return f"{sign} {t(STATUSES.get(code, code))}"


def money(units: int | None, currency: str, t: Translator) -> str:
    """An amount, or a dash where there is none, or where it is of several currencies."""
    if units is None or not currency or ", " in currency:
        return "—"
    return format_money(units, currency, t.locale)


def day(iso: str, t: Translator) -> str:
    """A date of a payout file without its time, in the reader's form; text that is no date is returned unchanged."""
    try:
        return str(format_date(date.fromisoformat(dates.day(iso)), "medium", locale=t.locale))
    except ValueError:
        return iso


def day_and_time(iso: str, t: Translator) -> str:
    """The same with the time and the zone of the file, which are not converted."""
    words, time = day(iso, t), _TIME.fullmatch(iso)
    if words == iso or time is None:
        return words
    zone = "UTC" if time["zone"] == "Z" else time["zone"]
    return " ".join(part for part in (words, time["clock"], zone) if part)


def moment_day(moment: datetime | None, zone: Any, t: Translator) -> str:
    return str(format_date(moment.astimezone(zone), "medium", locale=t.locale)) if moment else "—"


def number(count: int, t: Translator) -> str:
    return _number(count, t.locale)


@lru_cache(maxsize=2048)
def _number(count: int, locale: str) -> str:
    return str(format_decimal(count, locale=locale))


def cut_words(t: Translator) -> str:
    """The sentence for a search with too many hits, and what to do."""
    return t(
        "More than {most} lines or orders begin so. Only the first {most} hits are looked at: type more of the text to find the others.",
        most=number(SEARCH_LIMIT, t),
    )


def percent(part: int, whole: int, t: Translator) -> str:
    """With one decimal, rounded down: "100 %" means all of it."""
    return _percent(part * 1000 // whole, t.locale)


@lru_cache(maxsize=2048)
def _percent(thousandths: int, locale: str) -> str:
    pattern = str(Locale.parse(locale).percent_formats[None].pattern)
    share = Decimal(thousandths) / 1000
    return str(format_percent(share, pattern.replace("#,##0", "#,##0.#"), locale=locale))
