"""Payouts that only a person changes: what somebody has accepted, proved or handed on, no file changes by itself."""

from collections.abc import Collection

from services.store import Connection
from services.store.payouts import acceptances

Payout = tuple[str, str]  # account and settlement id


def changed_by_a_person_only(tx: Connection, payouts: Collection[Payout]) -> frozenset[Payout]:
    """Those of the payouts whose difference somebody has accepted."""
    return frozenset(payouts) & acceptances.accepted_payouts(tx)
