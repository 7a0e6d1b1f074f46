"""Payout files of a few rows, and the payouts that they are worked out to."""

from services.access import Actor
from services.desk import Desk
from services.payouts import states
from services.store.payouts import rows
from services.store.payouts.rows import PayoutRow
from tests.support.payout_lines import HEAD
from tests.support.payouts import import_file
from tests.support.stored_lines import every_line

FULL = f"{HEAD};Original settlement ID;Settled;Transfer;Date value"


def row(
    operation: str,
    amount: str,
    order: str = "",
    *,
    payout: str = "77",
    transaction: str = "",
    reference: str = "",
    origin: str = "",
    settled: str = "1",
    tax: tuple[str, str, str, str] = ("", "", "", ""),
    account: str = "1",
) -> str:
    return (
        f"{account};{payout};{transaction};{order};{amount};EUR;{';'.join(tax)};{operation};{amount};EUR;{reference};2026-11-20;visa;"
        f"{origin};{settled};2026-11-23;2026-11-22"
    )


def bring(desk: Desk, actor: Actor, *lines: str, name: str = "payout.csv") -> int:
    return import_file(desk, actor, "demo", name, "\r\n".join((FULL, *lines, "")).encode())


def payouts(desk: Desk) -> dict[str, PayoutRow]:
    with desk.store.read() as tx:
        return {one.settlement_id: one for one in rows.listed(tx, None)}


def states_of(desk: Desk) -> dict[str, str]:
    return {name: states.shown(one) for name, one in payouts(desk).items()}


def stored_line(desk: Desk, payout: str, code: str) -> int:
    with desk.store.read() as tx:
        return next(
            int(one.id) for one in every_line(tx) if (one.settlement_id, one.operation_code) == (payout, code)
        )
