"""Orders and payout lines for tests of what a person decides: imported and joined as the product does it."""

from typing import Any

from sqlalchemy import select

from services import clock
from services.desk import Desk
from services.imports import file_accounts
from services.store import schema
from services.store.orders import orders
from services.store.schema.settlements import line_totals, order_positions, settlement_lines
from tests.support import payouts
from tests.support.desk import person
from tests.support.payouts import import_file

HEAD = f"{payouts.HEAD};Product name"


def line(
    order: str,
    amount: str = "10.00",
    *,
    operation: str = "Sale",
    transaction: str | None = None,
    reference: str = "",
    currency: str = "EUR",
    product: str = "visa",
) -> str:
    """A row of a payout file."""
    transaction = f"T-{order}" if transaction is None else transaction
    return f"1;77;{transaction};{order};{amount};{currency};;;;;{operation};{amount};EUR;{reference};2026-11-20;{product}"


def take(desk: Desk, *lines: str, account: str = "demo") -> int:
    """Import a payout file with these rows; its id."""
    raw, actor = "\r\n".join((HEAD, *lines, "")).encode(), person(desk, "finance")
    if account != "demo":  # one of several: the Account of these rows is told
        file_accounts.assign(desk, actor, "1", account)
    return import_file(desk, actor, account, "payout.csv", raw)


def an_order(
    desk: Desk,
    order_id: str,
    amount: str = "10.00",
    *,
    account: str = "demo",
    currency: str = "EUR",
    reference: str = "",
    customer: str = "Marchand",
) -> int:
    """A paid order; our id of it."""
    units, now = round(float(amount) * 10_000), clock.now()
    with desk.store.write() as tx:
        return orders.add_order(
            tx,
            account=account,
            order_id=order_id,
            channel="link",
            form_key=f"{account}:{order_id}",
            mark=f"{account}:{order_id}",
            first_name="Élodie",
            last_name=customer,
            email="elodie@example.com",
            phone="",
            language="fr",
            amount=units,
            currency=currency,
            description="",
            reference_1=reference,
            capture="now",
            expires_at=now,
            created_at=now,
            actor_kind="user",
            actor_id="test",
            sender_name="Test",
            delivery="sent",
            availability="open",
            payment="captured",
            captured=units,
            paid_at=now,
            captured_at=now,
            last_captured_at=now,
        )


def stored(desk: Desk) -> dict[str, Any]:
    """Every line by its order in the file and operation: a Row with outcome, reason, order, decision, id."""
    with desk.store.read() as tx:
        return {f"{row.file_order} {row.operation}": row for row in tx.execute(select(settlement_lines))}


def outcomes(desk: Desk) -> dict[str, tuple[str, int | None]]:
    return {name: (row.outcome, row.order) for name, row in stored(desk).items()}


def line_id(desk: Desk, order: str, operation: str = "Sale") -> int:
    return int(stored(desk)[f"{order} {operation}"].id)


def position(desk: Desk, order: int) -> Any:
    with desk.store.read() as tx:
        return tx.execute(select(order_positions).where(order_positions.c.order == order)).one()


def orders_seen(desk: Desk) -> dict[int, tuple[int, str]]:
    """Every order as a person sees it now: what a match to one with another amount is told."""
    with desk.store.read() as tx:
        return {row.id: (row.amount, row.currency) for row in tx.execute(select(schema.orders.orders))}


def totals(desk: Desk) -> tuple[int, int]:
    """Lines and settled amount over all outcomes."""
    with desk.store.read() as tx:
        found = list(tx.execute(select(line_totals)))
    return sum(row.lines for row in found), sum(row.settled_units for row in found)
