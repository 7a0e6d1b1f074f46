"""Maintenance operations on a payment (capture, refund, cancel): asked once, done once, found again in the payout file.

Each has an ``operation_id`` that HiPay repeats there. An operation whose outcome is unknown is never asked for again
automatically: a refund made twice is money lost. ``steps.request_operation`` asks HiPay; ``bank_answers`` settles what reads show.

    OperationRefused (OrderError)
    ├── NothingToOperate      no transaction of the order allows it
    ├── OperationUnderway     another operation of this order is not finished
    ├── OperationOvertaken    the remaining amount has changed since the window was drawn
    ├── OperationTooMuch      more than the remaining amount
    └── ReasonMissing         a refund needs a reason
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import ClassVar

from services import clock
from services.access import Actor, Right, allowed_accounts, audit, require, rights, rights_on
from services.accounts.configured import require_account
from services.desk import Desk
from services.mail.addresses import clean_header_text
from services.orders import states
from services.orders.allowed import allowed_order
from services.orders.bank_refusals import close_unclear
from services.orders.errors import OrderError, UnknownOrder
from services.orders.record import operation_done, record
from services.store import Connection, alarms
from services.store.order_states import OperationKind
from services.store.orders import maintenance_operations, orders, steps
from services.store.orders.records import AskedOperation, StoredEvent

WHY_MAX = 200


class OperationRefused(OrderError):
    code: ClassVar[str] = "operation_refused"


class NothingToOperate(OperationRefused):
    code = "operation_nothing"


class OperationUnderway(OperationRefused):
    code = "operation_underway"


class OperationOvertaken(OperationRefused):
    code = "operation_overtaken"

    def __init__(self, most_units: int, currency: str) -> None:
        self.most_units, self.currency = most_units, currency


class OperationTooMuch(OperationRefused):
    code = "operation_too_much"

    def __init__(self, most_units: int, currency: str) -> None:
        self.most_units, self.currency = most_units, currency


class ReasonMissing(OperationRefused):
    code = "operation_reason_missing"


@dataclass(frozen=True, kw_only=True)
class Possible:
    """An operation that one transaction allows. ``most`` in units of 1/10000; ``begun_at`` and ``product`` (HiPay's code, ""
    where it is unknown) distinguish the transaction from another of the same order."""

    kind: OperationKind
    reference: str
    most: int
    begun_at: datetime | None = field(default=None, compare=False)
    product: str = field(default="", compare=False)


def possible(state: states.State, done: Sequence[AskedOperation] = ()) -> tuple[Possible, ...]:
    """What the order's transactions allow. ``done``: our operations that HiPay has accepted and may not show yet, without
    those that the bank has refused since."""
    found = []
    for one in state.transactions:
        ours = [asked for asked in done if asked.reference == one.reference]
        captured, refunded = max(one.captured, _sum(ours, "capture")), max(one.refunded, _sum(ours, "refund"))
        released = one.void or any(asked.kind == "cancel" for asked in ours)
        reserved = 0 if released else max(0, one.authorised - captured)
        refundable = max(0, one.captured - refunded - one.charged_back)
        if reserved:
            found.append(Possible(kind="capture", reference=one.reference, most=reserved))
        if reserved and not captured:
            found.append(Possible(kind="cancel", reference=one.reference, most=reserved))
        if refundable:
            found.append(Possible(kind="refund", reference=one.reference, most=refundable))
    return tuple(found)


def _sum(asked: Sequence[AskedOperation], kind: OperationKind) -> int:
    return sum(one.amount or 0 for one in asked if one.kind == kind)


def ask(
    desk: Desk, actor: Actor, order_id: int, wanted: Possible, amount: int, why: str, form_key: str
) -> int:
    """Write the operation, once per ``form_key``; the worker asks HiPay. Returns its id.

    ``amount`` in 1/10000, at most ``wanted.most``, which must still be the remaining amount. Raises OperationRefused,
    AccountUnknown, UnknownOrder, NotAllowed.
    """
    reason = clean_header_text(why, "why", WHY_MAX)
    with desk.store.write() as tx:
        order = orders.order(tx, order_id)
        _require(tx, actor, wanted.kind, order.account if order else None)
        known = maintenance_operations.by_form_key(tx, form_key)
        if known is not None:
            _require(tx, actor, known.kind, known.account)
            return known.id
        if order is None:
            raise UnknownOrder
        require_account(desk, order.account)
        if wanted.kind == "refund" and not reason:
            raise ReasonMissing
        if maintenance_operations.unsettled(tx, order_id):
            raise OperationUnderway
        now_possible = next((one for one in _possible(tx, order_id) if _same(one, wanted)), None)
        if now_possible is None:
            raise NothingToOperate
        if now_possible.most != wanted.most:  # a colleague, or somebody in HiPay's own console, was quicker
            raise OperationOvertaken(now_possible.most, order.currency)
        if not 0 < amount <= now_possible.most:
            raise OperationTooMuch(now_possible.most, order.currency)
        asked = maintenance_operations.add(
            tx,
            order=order_id,
            account=order.account,
            reference=wanted.reference,
            kind=wanted.kind,
            amount=None if wanted.kind == "cancel" else amount,
            currency=order.currency,
            why=reason,
            form_key=form_key,
            operation_id=_operation_id(tx, order.order_id, wanted.kind, order_id),
            created_at=clock.now(),
            actor_kind=actor.kind,
            actor_id=actor.id,
        )
        record(
            tx, order_id, "operation_asked", actor, operation=wanted.kind, amount=amount, operation_row=asked
        )
        audit.record(tx, actor, f"{wanted.kind}_asked", f"order:{order_id}", amount=amount, operation=asked)
        steps.schedule(tx, order_id, "operation", order.account, clock.now())
    desk.wake.set()
    return asked


def decide(desk: Desk, actor: Actor, operation_id: int, *, done: bool) -> None:
    """Record what a person found in HiPay's console: an operation whose outcome was unknown was done, or was not.

    Raises OperationRefused when its outcome is not unknown, NotAllowed.
    """
    with desk.store.write() as tx:
        asked = maintenance_operations.operation(tx, operation_id)
        _require(tx, actor, asked.kind if asked else "capture", asked.account if asked else None)
        if asked is None or asked.state != "unknown":
            raise OperationRefused
        if done:
            operation_done(tx, asked.order, asked, actor)
        else:
            maintenance_operations.change(
                tx, asked.id, state="refused", failure="operation_not_done", failure_detail={}
            )
            record(
                tx, asked.order, "operation_refused", actor, operation=asked.kind, error="operation_not_done"
            )
        alarms.close_alarms(
            tx, f"operation_unknown:{asked.id}", at=clock.now(), by=actor.id, reason="looked up"
        )
        close_unclear(tx, asked.order, by=actor.id, reason="looked up")
        audit.record(tx, actor, "operation_decided", f"order:{asked.order}", operation=asked.id, done=done)
        for kind in ("operation", "read"):  # the first ends: it has nothing to look up any more
            steps.schedule(tx, asked.order, kind, asked.account, clock.now())
    desk.wake.set()


def of_order(
    desk: Desk, actor: Actor, order_id: int
) -> tuple[tuple[AskedOperation, ...], tuple[Possible, ...]]:
    """The operations asked for the order, oldest first, and those that can be asked now. Raises NotAllowed, UnknownOrder."""
    with desk.store.read() as tx:
        order = allowed_order(tx, actor, Right.SEE_ORDERS, order_id)
        own_rights = rights_on(tx, actor, order.account)
        asked = maintenance_operations.of_order(tx, order_id)
        busy = any(one.state in ("requested", "unknown") for one in asked)
        busy = busy or order.account not in desk.settings.all_accounts
        now_possible = () if busy else _possible(tx, order_id)
        payments = [one for one in orders.events_of(tx, order_id) if one.kind == "payment"]
    allowed = [one for one in now_possible if _rights(one.kind) & own_rights]
    return tuple(asked), tuple(_described(one, payments) for one in allowed)


def _described(one: Possible, payments: Sequence[StoredEvent]) -> Possible:
    """With the transaction's beginning and payment product."""
    its = [event for event in payments if str(event.data["reference"]) == one.reference]
    products = (str(event.data.get("payment_product") or "") for event in its)
    return replace(
        one, begun_at=min((event.at for event in its), default=None), product=next(filter(None, products), "")
    )


def _rights(kind: OperationKind) -> frozenset[Right]:
    """The rights for this kind, of which one suffices: to cancel an authorisation is to give the money back before it has
    left the card, so who refunds may. Raises NothingToOperate for an unknown kind."""
    known: dict[str, frozenset[Right]] = {
        "capture": frozenset({Right.SEND}),
        "refund": frozenset({Right.REFUND}),
        "cancel": frozenset({Right.SEND, Right.REFUND}),
    }
    if kind not in known:
        raise NothingToOperate
    return known[kind]


def _require(tx: Connection, actor: Actor, kind: OperationKind, account: str | None) -> None:
    """Raises NotAllowed unless the actor may ask for this kind on the account; where it is None, on any account."""
    needed = _rights(kind)
    own_rights = rights(tx, actor) if account is None else rights_on(tx, actor, account)
    right = next(iter(needed & own_rights), min(needed))
    if account is None:
        allowed_accounts(tx, actor, right)
    else:
        require(tx, actor, right, account)


def _possible(tx: Connection, order_id: int) -> tuple[Possible, ...]:
    order = orders.order(tx, order_id)
    assert order is not None
    events = [states.Event(row.kind, row.at, row.data) for row in orders.events_of(tx, order_id)]
    done = [asked for asked in maintenance_operations.of_order(tx, order_id) if asked.state == "done"]
    return possible(states.fold(order.channel, order.amount, events), done)


def _same(one: Possible, wanted: Possible) -> bool:
    return (one.kind, one.reference) == (wanted.kind, wanted.reference)


def _operation_id(tx: Connection, business_id: str, kind: OperationKind, order_id: int) -> str:
    """``261124-ABCDE-R1``: short, readable, unique."""
    return f"{business_id}-{kind[0].upper()}{len(maintenance_operations.of_order(tx, order_id)) + 1}"
