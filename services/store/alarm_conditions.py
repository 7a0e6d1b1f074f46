"""The conditions that raise an alarm for as long as they last, each found by one query."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    exists,
    func,
    select,
    union_all,
)

from services.store.alarm_kinds import AlarmKind
from services.store.order_states import UNPAID
from services.store.schema.accounts import account_pauses
from services.store.schema.orders import events, orders
from services.store.schema.reconciliation import order_acceptances, order_positions
from services.store.schema.settlement_files import settlement_files
from services.store.settlements.files.settlement_files import possible_accounts

# An event that stopped a page or a message is also the kind of the alarm about it.
StoppedKind = Literal["page_failed", "mail_failed", "mail_bounced", "mail_uncertain"]


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A condition that lasts, or was met. ``identity`` names this occurrence of it."""

    kind: AlarmKind
    identity: str
    account: str
    order: int | None
    detail: dict[str, Any]


def unsent(tx: Connection) -> list[Condition]:
    """Unpaid orders whose page or message stopped, each known by the event that stopped it last."""
    o, e = orders.c, events.c
    stopped: tuple[tuple[ColumnElement[bool], StoppedKind], ...] = (
        (o.availability == "failed", "page_failed"),
        (o.delivery == "failed", "mail_failed"),
        (o.delivery == "bounced", "mail_bounced"),
        (o.delivery == "uncertain", "mail_uncertain"),
    )
    found = []
    for condition, kind in stopped:
        query = (
            select(o.id, o.account, func.max(e.id).label("event"))
            .join(events, and_(e.order == o.id, e.kind == kind))
            .where(o.payment.in_(UNPAID), condition)
            .group_by(o.id, o.account)
        )
        found += [
            Condition(kind=kind, identity=f"{kind}:{row.event}", account=row.account, order=row.id, detail={})
            for row in tx.execute(query)
        ]
    return found


def unconfirmable(tx: Connection, accounts: Collection[str]) -> list[Condition]:
    """Orders with an unconfirmed payment that HiPay can no longer be asked for: they are of none of these accounts."""
    o, e = orders.c, events.c
    query = (
        select(o.id, o.account, func.max(e.id).label("event"))
        .join(events, and_(e.order == o.id, e.kind == "payment_told"))
        .where(o.payment == "unconfirmed", o.account.notin_(tuple(accounts)))
        .group_by(o.id, o.account)
    )
    kind: AlarmKind = "payment_unconfirmable"
    return [
        Condition(kind=kind, identity=f"{kind}:{row.event}", account=row.account, order=row.id, detail={})
        for row in tx.execute(query)
    ]


def charged_back(tx: Connection, accounts: Collection[str], since: datetime) -> list[Condition]:
    """Orders of these accounts that HiPay tells were charged back, with an event since then, and no payout line about it."""
    o, e, position = orders.c, events.c, order_positions.c
    settled = exists().where(position.order == o.id, position.chargebacks_units != 0)
    query = (
        select(o.id, o.account, o.charged_back, func.max(e.at).label("at"))
        .join(events, and_(e.order == o.id, e.kind == "payment"))
        .where(o.payment == "charged_back", o.account.in_(tuple(accounts)), ~settled)
        .group_by(o.id, o.account, o.charged_back)
        .having(func.max(e.at) >= since)
    )
    kind: AlarmKind = "charged_back"
    return [
        Condition(
            kind=kind,
            identity=f"{kind}:{row.id}:{row.charged_back}",
            account=row.account,
            order=row.id,
            detail={"since": row.at.isoformat()},
        )
        for row in tx.execute(query)
    ]


def paused(tx: Connection) -> list[Condition]:
    """What is paused, of every account."""
    return [
        Condition(
            kind="sending_paused",
            identity=f"sending_paused:{row.account}:{row.subject}:{row.since.isoformat()}",
            account=row.account,
            order=None,
            detail={"subject": row.subject, "reason": row.reason},
        )
        for row in tx.execute(select(account_pauses))
    ]


def imported_accounts(tx: Connection) -> frozenset[str]:
    """The accounts of which a payout file was ever imported."""
    f = settlement_files.c
    found = tx.execute(select(f.account, f.accounts).where(f.state == "complete")).all()
    return frozenset(name for row in found for name in possible_accounts(row.account, row.accounts))


def not_settled(tx: Connection, account: str, paid_before: datetime) -> list[Condition]:
    """The account's orders of which something was collected before a time and is in no payout, but those that a person
    accepts so."""
    o, position, one = orders.c, order_positions.c, order_acceptances.c
    late = select(position.order, position.paid_at.label("since")).where(
        position.account == account,
        position.open.is_(True),
        position.paid_at < paid_before,
        position.open_units > 0,
    )
    unseen = select(o.id, o.captured_at).where(
        o.account == account,
        o.captured > 0,
        o.captured_at < paid_before,
        ~exists().where(position.order == o.id),
    )
    found = union_all(late, unseen).subquery()
    accepted = select(func.max(one.id)).where(one.order == found.c.order).scalar_subquery()
    query = select(found.c.order.label("id"), found.c.since, accepted.label("accepted"))
    return [
        Condition(
            # an order whose acceptance no longer applies gets a new alarm
            kind="not_settled",
            identity=f"not_settled:{row.id}" + (f":{row.accepted}" if row.accepted else ""),
            account=account,
            order=row.id,
            detail={"paid_at": row.since.isoformat()},
        )
        for row in tx.execute(query.order_by(found.c.since, found.c.order))
    ]
