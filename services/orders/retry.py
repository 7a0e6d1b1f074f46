"""When a step is tried again, and when a payment is read again."""

import random
from datetime import datetime, timedelta

GIVE_UP = timedelta(hours=24)
UNDER_WAY = timedelta(days=45)  # how long a pending or reserved payment is read: by then it is over
PAGE_LIFE = timedelta(minutes=30)  # of HiPay's page behind our own link
UNCONFIRMED_GAP = timedelta(minutes=5)  # the longest gap between two reads of an unconfirmed payment
PAUSED_GAP = timedelta(seconds=60)  # between two tries of a paused account's step


def backoff(tries: int, *, first: float = 5, most: float = 1800) -> timedelta:
    """Doubling gaps with a jitter of a quarter, so that many orders do not come back at once."""
    seconds = min(most, first * 2 ** min(max(tries - 1, 0), 20))
    return timedelta(seconds=seconds * random.uniform(0.75, 1.25))  # noqa: S311 - no secret


def hopeless(tries: int, first_due_at: datetime, now: datetime) -> bool:
    """Whether it was tried in vain for a day. The first try is never the last: the worker may have been away for a day."""
    return tries > 1 and now - first_due_at >= GIVE_UP


def next_read(
    payment: str, since: datetime, expires_at: datetime, now: datetime, *, awaited: bool = False
) -> datetime | None:
    """When the payment is read next, or None when nothing more can come.

    ``since``: when the order's last event happened. The gap is a third of the time since then, between 20 s and 6 h: short
    while the customer is likely to pay, long for an unused link. An unpaid page is last read an hour after its end (HiPay
    may still report a payment begun in time); a paid one once a day for 90 days, for refunds and chargebacks made in
    HiPay's own console. ``awaited``: a notification reported a payment that a read has yet to confirm; one that the reads
    do not show stays unconfirmed, and is read once a day.
    """
    gap = min(max((now - since) / 3, timedelta(seconds=20)), timedelta(hours=6))
    if awaited:
        return now + min(gap, UNCONFIRMED_GAP)
    if payment == "unconfirmed":
        return now + timedelta(days=1) if now - since < UNDER_WAY else None
    if payment in ("unpaid", "refused", "cancelled"):
        last = expires_at + timedelta(hours=1)
        return min(now + gap, last) if now < last else None
    if payment in ("pending", "authorised"):
        return now + gap if now - since < UNDER_WAY else None
    return now + timedelta(days=1) if now - since < timedelta(days=90) else None
