"""Dates of a file to ISO text. No date is shifted: a time or a zone in the file stays."""

import re
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Literal

Form = Literal["iso", "dmy", "mdy"]
_TIME = r"(?:[T ]+(?P<time>[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)\s*(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2}|UTC)?)?"
_YEAR_FIRST = re.compile(r"(?P<y>[0-9]{4})(?P<s>[-/.]?)(?P<m>[0-9]{2})(?P=s)(?P<d>[0-9]{2})" + _TIME)
_YEAR_LAST = re.compile(
    r"(?P<a>[0-9]{1,2})(?P<s>[-/. ])(?P<b>[0-9]{1,2})(?P=s)(?P<y>[0-9]{4}|[0-9]{2})" + _TIME
)
_NONE = re.compile(r"0000-00-00.*|00/00/0000.*")  # how a database writes that there is no date


def decide(cells: Iterable[str]) -> tuple[Form, str, bool]:
    """(form, the cell that decided, whether one decided) for the different dates of a file.

    The day is read first if no day above 12 shows the order of day and month: HiPay is French.
    """
    last = sorted(cell for cell in cells if _YEAR_LAST.fullmatch(cell))
    if not last:
        return "iso", "", True
    pairs = [(cell, match["a"], match["b"]) for cell in last if (match := _YEAR_LAST.fullmatch(cell))]
    day_first = [cell for cell, a, b in pairs if int(a) > 12 >= int(b)]
    month_first = [cell for cell, a, b in pairs if int(b) > 12 >= int(a)]
    if month_first and len(month_first) > len(day_first):
        return "mdy", month_first[0], True
    return "dmy", (day_first or last)[0], bool(day_first)


def to_iso(text: str, form: Form) -> str | None:
    """`2024-03-25`, with `T10:11:12` and the zone if the text has them; "" for an empty date; None if the text is no date.

    A date that begins with its year is read whatever the form.
    """
    if not text or _NONE.fullmatch(text):
        return ""
    match = _YEAR_FIRST.fullmatch(text)
    if match:
        year, month, day = match["y"], match["m"], match["d"]
    else:
        match = _YEAR_LAST.fullmatch(text)
        if not match or form == "iso":
            return None
        year = match["y"] if len(match["y"]) == 4 else "20" + match["y"]
        day, month = (match["a"], match["b"]) if form == "dmy" else (match["b"], match["a"])
    try:
        iso = date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None
    if match["time"]:
        iso += (
            "T" + match["time"].rjust(5, "0")
            if match["time"].count(":") == 1
            else "T" + match["time"].rjust(8, "0")
        )
        iso += match["zone"] or ""
    return iso


def looks_like_one(text: str) -> bool:
    """Whether a text is written as a date is, even if there is no such day."""
    return bool(_YEAR_FIRST.fullmatch(text) or _YEAR_LAST.fullmatch(text))


def day(iso: str) -> str:
    """The day of a result of `to_iso`, as in the file whatever its zone; a text that is no date is returned unchanged."""
    head = iso[:10]
    try:
        date.fromisoformat(head)
    except ValueError:
        return iso
    return head


def day_after(day_: str) -> str:
    """The next day: the texts of dates of this day, whatever their time, sort before it."""
    try:
        return (date.fromisoformat(day_) + timedelta(days=1)).isoformat()
    except (ValueError, OverflowError):
        return "9999"
