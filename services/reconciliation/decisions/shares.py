"""The shares of a line that belongs to several orders."""

from collections.abc import Iterable, Sequence

from services.reconciliation.decisions.errors import (
    NoAmountToSplit,
    ShareOrderTwice,
    SharesDiffer,
    ShareSign,
    ShareTooFine,
    TooFewShares,
)

Share = tuple[int, int]  # our id of an order, and its part of the line's original amount in 1/10000


def rest(amount: int | None, shares: Iterable[Share]) -> int:
    """What the shares leave of the amount, in 1/10000."""
    return (amount or 0) - sum(units for _, units in shares)


def check_shares(amount: int | None, shares: Sequence[Share], step: int = 1) -> None:
    """Raises SharesRefused unless the shares, each of another order, make the whole amount, all have its sign and all but
    one are multiples of ``step``, the smallest amount of their currency."""
    if not amount:
        raise NoAmountToSplit
    if len(shares) < 2:
        raise TooFewShares
    if len({order for order, _ in shares}) < len(shares):
        raise ShareOrderTwice
    if any(units * amount <= 0 for _, units in shares):
        raise ShareSign
    if rest(amount, shares):
        raise SharesDiffer(rest(amount, shares))
    if sum(units % step != 0 for _, units in shares) > (amount % step != 0):
        raise ShareTooFine
