"""What each payout should be at the bank: from its row alone."""

from datetime import date

from services.bank.facts import ExpectedPayout
from services.store import Connection
from services.store.payouts import rows
from services.store.payouts.rows import PayoutRow


def payouts(tx: Connection, account: str) -> list[ExpectedPayout]:
    """The payouts of this account, of all with "", whose figures are known and that have a day."""
    listed = rows.listed(tx, [account] if account else None)
    return [found for row in listed if row.worked_state and (found := of_row(row)) is not None]


def of_row(row: PayoutRow) -> ExpectedPayout | None:
    """None of a payout that names no day. What it announces; else what HiPay's API shows; else what its lines make."""
    transfer = day_of(row.transfer_day or row.value_day or row.last_day)
    if transfer is None:
        return None
    hipay = row.hipay_units if row.hipay_currency == row.currency else None
    units = row.net_units if hipay is None else hipay
    if row.announced_by == "deferred":
        units = 0
    elif row.announced_units is not None:
        units = row.announced_units
    return ExpectedPayout(
        id=row.id,
        account=row.account,
        settlement_id=row.settlement_id,
        currency=row.currency,
        units=units,
        transfer=transfer,
    )


def day_of(number: int) -> date | None:
    """The day of YYYYMMDD; None of 0."""
    return date(number // 10_000, number // 100 % 100, number % 100) if number else None
