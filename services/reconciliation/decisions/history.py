"""The history of a line or an order: every decision, undo, comment and question, oldest first, with names."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services import clock
from services.access import ALL_ACCOUNTS, Actor, Right, audit, require
from services.desk import Desk
from services.mail.addresses import clean_block_text
from services.orders.errors import UnknownOrder
from services.reconciliation.decisions.errors import CommentRefused, LineUnknown
from services.store import Connection
from services.store.payouts import questions
from services.store.payouts.questions import Question
from services.store.settlements import comments, decisions, matchable_orders
from services.store.settlements.comments import Comment
from services.store.settlements.decisions import Decision
from services.store.settlements.files import payout_issues
from services.store.settlements.outcomes import DecisionKind

COMMENT_MAX = 2_000


EntryKind = Literal[DecisionKind, "undone", "comment", "question", "question_withdrawn"]
Origin = Literal["", "again", "carried"]
_ORIGINS: tuple[Origin, ...] = ("again", "carried")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One act. ``kind``: a decision's (DecisionKind), undone, comment, or a question to a colleague, ``asked``.

    ``text``: the reason, the comment or the question. For a decision: its id, its group and how many of that are valid, whether it is
    valid, the orders and their shares of the line (order id, units of 1/10000), and the line's outcome and order id before
    ("" for none). ``how``: again, if the undo of another decision renewed it; carried, from the line that this one corrects.
    For an undo: the line's outcome ``after`` it.
    """

    at: datetime
    who: str
    kind: EntryKind
    text: str
    decision: int | None = None
    group: str = ""
    group_size: int = 0
    is_valid: bool = False
    shares: tuple[tuple[str, int], ...] = ()
    before: str = ""
    before_order: str = ""
    how: Origin = ""
    after: str = ""
    after_order: str = ""
    asked: str = ""


def of_line(desk: Desk, actor: Actor, line_id: int) -> tuple[Entry, ...]:
    """All decisions, undos and comments of a line, oldest first, with the comments on the lines that it corrects. Raises
    NotAllowed."""
    with desk.store.read() as tx:
        line = next(iter(decisions.lines(tx, [line_id])), None)
        require(tx, actor, Right.SEE_SETTLEMENTS, line.account if line else ALL_ACCOUNTS)
        decided = decisions.of_line(tx, line_id)
        sizes = decisions.group_sizes(tx, {row.group for row in decided})
        named = matchable_orders.orders_by_id(tx, _orders(decided))
        lines = (line_id, *payout_issues.formers(tx, line_id))
        written = [row for one in lines for row in comments.comments(tx, line=one)]
        asked = questions.of_line(tx, line_id)
    names = {order: row.order_id for order, row in named.items()}
    found = [_decision(row, names, sizes.get(row.group, 0)) for row in decided]
    found += [_undone(row, names) for row in decided if row.undone_at is not None]
    found += [_comment(row) for row in written] + [question_entry(row) for row in asked]
    return tuple(sorted(found, key=_place))


def of_order(desk: Desk, actor: Actor, order_id: int) -> tuple[Entry, ...]:
    """The comments on an order, oldest first. Raises NotAllowed."""
    with desk.store.read() as tx:
        order = matchable_orders.orders_by_id(tx, [order_id]).get(order_id)
        require(tx, actor, Right.SEE_SETTLEMENTS, order.account if order else ALL_ACCOUNTS)
        return tuple(_comment(row) for row in comments.comments(tx, order=order_id))


def comment_line(desk: Desk, actor: Actor, line_id: int, text: str, form_key: str) -> None:
    """Write a comment on a line, once for each ``form_key``. Raises CommentRefused, LineUnknown, TextError, NotAllowed."""
    with desk.store.write() as tx:
        line = next(iter(decisions.lines(tx, [line_id])), None)
        require(tx, actor, Right.RECONCILE, line.account if line else ALL_ACCOUNTS)
        if line is None:
            raise LineUnknown
        _write(tx, actor, text, form_key, f"line:{line_id}", line=line_id)


def comment_order(desk: Desk, actor: Actor, order_id: int, text: str, form_key: str) -> None:
    """Write a comment on an order, as ``comment_line``. Raises UnknownOrder instead of LineUnknown."""
    with desk.store.write() as tx:
        order = matchable_orders.orders_by_id(tx, [order_id]).get(order_id)
        require(tx, actor, Right.RECONCILE, order.account if order else ALL_ACCOUNTS)
        if order is None:
            raise UnknownOrder
        _write(tx, actor, text, form_key, f"order:{order_id}", order=order_id)


def check_comment(text: str) -> str:
    """The comment as it is stored, at most COMMENT_MAX characters. Raises CommentRefused, TextError."""
    words = clean_block_text(text, "comment", COMMENT_MAX)
    if not words:
        raise CommentRefused
    return words


def _write(tx: Connection, actor: Actor, text: str, form_key: str, subject: str, **place: int) -> None:
    words = check_comment(text)
    new = comments.add_comment(
        tx, text=words, form_key=form_key, at=clock.now(), actor_kind=actor.kind, actor_id=actor.id, **place
    )
    if new is not None:  # a person's text may name somebody: the comment stores it, the audit does not
        audit.record(tx, actor, "comment_written", subject)


def _orders(decided: list[Decision]) -> set[int]:
    shared = {order for row in decided for order, _ in row.shares}
    seen = [
        known["order"] for row in decided for known in (row.before, row.came_to or {}) if known.get("order")
    ]
    return shared | set(seen)


def _place(entry: Entry) -> tuple[datetime, int, bool]:
    """The sort key: by time; at the same moment a decision that was replaced ends before the next begins."""
    return entry.at, entry.decision or 0, entry.kind == "undone"


def _decision(row: Decision, names: dict[int, str], group_size: int) -> Entry:
    return Entry(
        at=row.at,
        who=row.who,
        kind=row.kind,
        text=row.reason,
        decision=row.id,
        group=row.group,
        group_size=group_size,
        is_valid=row.undone_at is None,
        shares=tuple((names.get(order, ""), units) for order, units in row.shares),
        before=row.before["outcome"],
        before_order=names.get(row.before.get("order") or 0, ""),
        how=next((how for how in _ORIGINS if row.before.get(how)), ""),
    )


def _undone(row: Decision, names: dict[int, str]) -> Entry:
    outcome = row.came_to or {}
    assert row.undone_at is not None
    return Entry(
        at=row.undone_at,
        who=row.undoer,
        kind="undone",
        text=row.undo_reason,
        decision=row.id,
        after=outcome.get("outcome", ""),
        after_order=names.get(outcome.get("order") or 0, ""),
    )


def question_entry(row: Question) -> Entry:
    """A question to a colleague as an act."""
    withdrawn = row.ended_at is not None and row.answered is None
    kind: EntryKind = "question_withdrawn" if withdrawn else "question"
    return Entry(at=row.at, who=row.asker_name, kind=kind, text=row.text, asked=row.asked_name)


def _comment(row: Comment) -> Entry:
    return Entry(at=row.at, who=row.who, kind="comment", text=row.text)
