"""A file's dates as numbers that sort: YYYYMMDD, 0 for none, and what a cell has behind its day."""

from collections.abc import Iterable
from datetime import date


def day_number(text: str) -> int:
    """The day of a text that begins with an ISO date; 0 of another one."""
    try:
        found = date.fromisoformat(text[:10])
    except ValueError:
        return 0
    if found.isoformat() != text[:10]:
        return 0
    return found.year * 10_000 + found.month * 100 + found.day


def rest(text: str) -> str:
    """What a cell has behind its day: the whole of one that begins with none."""
    return text[10:] if day_number(text) else text


def iso(number: int) -> str:
    """The day as an ISO date, "" of 0."""
    return f"{number // 10_000:04}-{number // 100 % 100:02}-{number % 100:02}" if number else ""


def iso_texts(numbers: Iterable[int]) -> list[str]:
    return [iso(number) for number in numbers]
