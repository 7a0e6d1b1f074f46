"""Settlement files, in whichever dialect is asked for."""

from dataclasses import dataclass
from typing import Literal

from sandbox.settlements import Settlement


@dataclass(frozen=True)
class Dialect:
    """How a settlement file is written."""

    delimiter: str = ";"
    encoding: str = "utf-8"
    decimal: str = "."
    thousands: str = ""
    date: Literal["iso", "dmy"] = "iso"
    debit_sign: Literal["negative", "positive"] = "negative"
    header_language: Literal["en", "fr"] = "en"
    preamble: bool = False
    totals: bool = False


def render(settlement: Settlement, ext: str, dialect: Dialect) -> bytes:
    """Write `settlement`; the next commit fills this in."""
    raise NotImplementedError
