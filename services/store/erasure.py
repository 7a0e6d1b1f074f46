"""Erasing a customer's data. What belongs to money or decisions stays, without what names the customer."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    union,
    update,
)

from services.store.in_list import among, in_batches
from services.store.masking import masked
from services.store.orders.batches import keys
from services.store.orders.records import Order
from services.store.orders.searching import searched
from services.store.retention import LINE_CELLS, OPEN_BATCHES
from services.store.schema.alarms import alarms, notices
from services.store.schema.bulk import batch_rows, batches, order_drafts
from services.store.schema.orders import messages, notification_addresses, notifications, operations, orders
from services.store.schema.payout_decisions import payout_acceptances, payout_comments, questions
from services.store.schema.payout_lines import LINE_TEXTS, payout_lines
from services.store.schema.reconciliation import (
    decision_orders,
    line_comments,
    line_decisions,
    line_shares,
    order_acceptances,
)
from services.store.schema.settlement_files import held_acts, held_corrections, withdrawn_acts
from services.store.settlements import order_keys

NOBODY = "—"  # in place of the name, in every language
_REFERENCES = tuple(f"reference_{n}" for n in range(1, 6))
_MACHINERY = ("worker", "hipay", "system")
_NO_DATA: dict[str, Any] = {"data": {}, **keys({})}


def erase_orders(tx: Connection, found: Iterable[Order], at: datetime) -> int:
    """Erase the customer from these orders and from all that hangs on them; how many orders."""
    count = 0
    for order in found:
        references = {name: masked(getattr(order, name)) for name in _REFERENCES}
        search = searched({"order_id": order.order_id, **references})
        tx.execute(
            update(orders)
            .where(orders.c.id == order.id)
            .values(
                first_name="",
                last_name=NOBODY,
                email="",
                phone="",
                description="",
                copy_to="",
                failure_detail={},
                search=search,
                erased_at=at,
                **references,
            )
        )
        tx.execute(
            update(messages).where(messages.c.order == order.id).values(recipient="", body=b"", answer="")
        )
        tx.execute(update(batch_rows).where(batch_rows.c.order == order.id).values(**_NO_DATA))
        tx.execute(update(operations).where(operations.c.order == order.id).values(why="", failure_detail={}))
        tx.execute(update(notices).where(notices.c.order == order.id).values(detail={}))
        _erase_alarms(tx, order.id)
        empty_notifications(tx, notifications.c.order == order.id)
        erase_reasons(tx, order.id)
        order_keys.erase_addresses(tx, order.account, order.id)
        erase_lines(tx, tx.scalars(select(payout_lines.c.id).where(payout_lines.c.order == order.id)).all())
        count += 1
    return count


def _erase_alarms(tx: Connection, order: int) -> None:
    """An alarm stays, without addresses; why a person closed it is in their own words, and may name the customer."""
    for alarm in tx.execute(select(alarms).where(alarms.c.order == order)).all():
        by_hand = alarm.closing_reason and alarm.closed_by not in _MACHINERY
        values = {"closing_reason": NOBODY} if by_hand else {}
        tx.execute(
            update(alarms).where(alarms.c.id == alarm.id).values(detail=masked(alarm.detail), **values)
        )


def erase_lines(tx: Connection, ids: Iterable[int]) -> None:
    """Empty the cells of these lines with an e-mail address. Their amounts, ids and outcomes stay."""
    line = payout_lines.c
    query = select(line.id, line.texts, line.loose_reference, line.seen, line.expected)
    for some in in_batches(ids):
        for row in tx.execute(query.where(line.id.in_(some))).all():
            cells = {
                "texts": tuple(
                    _without_address(name, text) for name, text in zip(LINE_TEXTS, row.texts, strict=False)
                ),
                "loose_reference": _without_address("loose_reference", row.loose_reference),
                "seen": row.seen and masked(row.seen),
                "expected": tuple(masked(text) for text in row.expected),
            }
            gone = {name: cell for name, cell in cells.items() if cell != getattr(row, name)}
            if gone:
                tx.execute(update(payout_lines).where(line.id == row.id).values(**gone))


def _without_address(name: str, text: str) -> str:
    """A line's cell, empty if it has an e-mail address and somebody may have typed it."""
    return "" if name in LINE_CELLS and masked(text) != text else text


def erase_messages(tx: Connection, ids: Iterable[int]) -> None:
    """Empty messages that went to an address which is the order's no more."""
    gone = {"recipient": "", "body": b"", "answer": ""}
    tx.execute(update(messages).where(messages.c.id.in_(tuple(ids))).values(**gone))


def erase_rows(tx: Connection, found: Iterable[tuple[int, int]]) -> None:
    for batch, number in found:
        here = (batch_rows.c.batch == batch) & (batch_rows.c.number == number)
        tx.execute(update(batch_rows).where(here).values(problems={}, **_NO_DATA))


def erase_drafts(tx: Connection, ids: Sequence[int]) -> None:
    tx.execute(delete(order_drafts).where(order_drafts.c.id.in_(ids)))


def erase_notifications(tx: Connection, ids: Sequence[int]) -> None:
    empty_notifications(tx, notifications.c.id.in_(ids))


def erase_rest(tx: Connection, account: str, cutoff: datetime) -> None:
    """What belongs to no order: rows of old lists that were never sent, and notifications of unknown orders."""
    old = select(batches.c.id).where(
        batches.c.account == account, batches.c.created_at < cutoff, batches.c.state.notin_(OPEN_BATCHES)
    )
    tx.execute(
        update(batch_rows)
        .where(batch_rows.c.batch.in_(old), batch_rows.c.state != "created")
        .values(problems={}, **_NO_DATA)
    )
    here = notifications.c
    empty_notifications(tx, and_(here.account == account, here.order.is_(None), here.received_at < cutoff))


def erase_again(tx: Connection) -> None:
    """HiPay names the customer in each notification: what came after an order was erased is emptied, too."""
    erased = select(orders.c.id).where(orders.c.erased_at.isnot(None))
    empty_notifications(tx, notifications.c.order.in_(erased))


def empty_notifications(tx: Connection, which: Any) -> None:
    """Empty the bodies of those that are handled. Their state and identity stay, so that a repetition is still recognised."""
    here = notifications.c
    these = and_(which, here.state != "received", func.length(here.body) > 0)
    emptied = notification_addresses.c.notification.in_(select(here.id).where(these))
    tx.execute(delete(notification_addresses).where(emptied))
    tx.execute(update(notifications).where(these).values(body=b""))


def erase_reasons(tx: Connection, order_id: int) -> None:
    """Empty what people wrote of an order, of the lines that have, had or nearly have it, and of these lines' payouts: it may
    name the customer. What was decided, by whom and when stays. The lines are found by ``decision_orders``, ``line_shares``,
    and the line's own order and nearest order."""
    decision, comment, line, share = line_decisions.c, line_comments.c, payout_lines.c, line_shares.c
    worded = union(
        select(decision.line),
        select(comment.line).where(comment.line.is_not(None)),
        select(questions.c.line).where(questions.c.line.is_not(None)),
    ).subquery()
    theirs = union(
        select(decision.line)
        .join(decision_orders, decision_orders.c.decision == decision.id)
        .where(decision_orders.c.order == order_id),
        select(line.id)
        .join(worded, worded.c.line == line.id)
        .outerjoin(line_shares, share.line == line.id)
        .where(or_(line.order == order_id, line.nearest == order_id, share.order == order_id)),
    )
    ids = list(tx.scalars(theirs))
    _erase_correction_reasons(tx, order_id)
    acceptance = order_acceptances.c
    here = update(order_acceptances).where(acceptance.order == order_id)
    tx.execute(here.values(reason="", undo_reason=""))
    tx.execute(update(line_comments).where(comment.order == order_id).values(text=""))
    act = withdrawn_acts.c
    taken_back = select(act.line).join(payout_lines, line.id == act.line)
    back = set(tx.scalars(taken_back.where(or_(line.order == order_id, line.nearest == order_id))))
    tx.execute(update(withdrawn_acts).where(among(tx, act.line, back)).values(reason="", undo_reason=""))
    for some in in_batches(ids):
        tx.execute(update(line_comments).where(comment.line.in_(some)).values(text=""))
        tx.execute(update(line_decisions).where(decision.line.in_(some)).values(reason="", undo_reason=""))
        tx.execute(update(questions).where(questions.c.line.in_(some)).values(text=""))
    _erase_words_on_payouts(tx, order_id)


def _erase_words_on_payouts(tx: Connection, order_id: int) -> None:
    """Empty what people wrote of the payouts that have a line of the order, or near it."""
    line, share, accepted = payout_lines.c, line_shares.c, payout_acceptances.c
    theirs = union(
        select(line.payout).where(line.order == order_id, line.order.is_not(None)),
        select(line.payout).where(line.nearest == order_id, line.nearest.is_not(None)),
        select(line.payout).join(line_shares, share.line == line.id).where(share.order == order_id),
    )
    for some in in_batches(tx.scalars(theirs)):
        tx.execute(update(payout_comments).where(payout_comments.c.payout.in_(some)).values(text=""))
        tx.execute(update(questions).where(questions.c.payout.in_(some)).values(text=""))
        gone = {"reason": "", "undo_reason": "", "reference": ""}
        tx.execute(update(payout_acceptances).where(accepted.payout.in_(some)).values(**gone))


def _erase_correction_reasons(tx: Connection, order_id: int) -> None:
    """Empty the reasons that people gave for corrections of the order's lines: they may name the customer. A correction names
    its lines."""
    line, correction, act = payout_lines.c, held_corrections.c, held_acts.c
    worded = exists().where(act.correction == correction.id, or_(act.reason != "", act.undo_reason != ""))
    query = select(correction.id, correction.before, correction.after).where(worded)
    lines = {row.id: {*row.before, *row.after} for row in tx.execute(query)}
    concerned = select(line.id).where(
        among(tx, line.id, set().union(*lines.values())),
        or_(line.order == order_id, line.nearest == order_id),
    )
    theirs = set(tx.scalars(concerned))
    found = [one for one, ids in lines.items() if ids & theirs]
    tx.execute(update(held_acts).where(among(tx, act.correction, found)).values(reason="", undo_reason=""))
