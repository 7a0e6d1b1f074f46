"""Held corrections: what waits, the alarms and the audit, and HiPay delivering a file again."""

from typing import Any

from sqlalchemy import select

from services import clock
from services.access import Actor
from services.alarms import handling
from services.alarms.sweep import sweep
from services.desk import Desk
from services.imports.corrections import held_correction_views
from services.reconciliation.views import payout_list
from services.store.schema.people import audit
from services.store.settlements.files import hipay_list


def check(desk: Desk, actor: Actor) -> tuple[str, int]:
    [found] = [one for one in payout_list.list_payouts(desk, actor) if one.settlement_id == "77"]
    return found.state, found.corrections_held


def alarms(desk: Desk, actor: Actor) -> list[handling.Alarm]:
    sweep(desk)
    found = handling.to_do(desk, actor)
    return [
        one for group in (found.mine, found.free) for one in group.alarms if one.kind == "payout_correction"
    ]


def waiting(desk: Desk, actor: Actor, file: int) -> list[int]:
    return [one.id for one in held_correction_views.of_file(desk, actor, file).shown if one.act is None]


def deliver_again(desk: Desk, file: int) -> None:
    """HiPay's API has delivered the payout once more: the bytes of this file."""
    with desk.store.write() as tx:
        key = {"account": "demo", "settlement_id": "77"}
        hipay_list.list_settlement(
            tx, key, recent=True, at=clock.now(), amount=550_0000, currency="EUR", date_value="", figures={}
        )
        hipay_list.change_settlement(tx, *key.values(), file=file, fetched_at=clock.now())


def audited(desk: Desk) -> list[tuple[str, Any]]:
    with desk.store.read() as tx:
        query = select(audit.c.action, audit.c.detail).where(audit.c.action.like("correction.%"))
        return [(row.action, row.detail) for row in tx.execute(query.order_by(audit.c.id))]
