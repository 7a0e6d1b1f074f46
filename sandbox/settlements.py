"""Settlement runs: what the account collected becomes payouts, line by line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True)
class Movement:
    """Money that moved on one transaction; `amount` is positive, `kind` says which way it went."""

    kind: str  # "capture" | "refund" | "chargeback" | "chargeback_refund"
    transaction: str
    orderid: str
    amount: Decimal
    currency: str
    requested_at: datetime
    at: datetime
    product: str
    customer_id: str
    operation_id: str
    reporting: tuple[str, str, str, str, str]


@dataclass(frozen=True)
class Settlement:
    """One payout: its lines by column name (str, Decimal, date or None) and its finance API item."""

    id: int
    currency: str
    amount: Decimal
    date_value: date
    rows: tuple[dict[str, object], ...]
    summary: dict[str, object]


def settle(
    movements: Sequence[Movement],
    *,
    first_id: int,
    at: datetime,
    account: str,
    account_name: str,
    scenario: str = "plain",
    reserve_release: bool = False,
    history: Sequence[Settlement] = (),
) -> list[Settlement]:
    """Settle `movements`; the next commit fills this in."""
    raise NotImplementedError
