"""Asking a colleague about a payout line or a payout: the question is in their *To do* until it is answered or withdrawn.

QuestionRefused
├── QuestionUnknown
├── QuestionEnded           it was answered or withdrawn before
└── ColleagueMayNotSee      they have no right to see what is asked about

Who sees payouts of the account may be asked about any of its lines and payouts. The people of the payment requests may be
asked about a line that is matched to a request or near one: what their request was settled with is theirs to see. The
answer is a comment on the line or the payout.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from services import clock
from services.access import (
    ALL_ACCOUNTS,
    Actor,
    Right,
    allowed_accounts,
    audit,
    require,
    rights_of_people,
    rights_on,
)
from services.desk import Desk
from services.reconciliation.decisions import payout_comments
from services.reconciliation.decisions.errors import DecisionRefused, LineUnknown
from services.reconciliation.decisions.history import check_comment
from services.reconciliation.views.details import without_hidden_order
from services.store import Connection, access
from services.store.orders import orders
from services.store.payouts import questions, rows
from services.store.payouts.questions import Question as Question
from services.store.payouts.rows import PayoutRow
from services.store.remembered import remembered
from services.store.settlements import comments, reconciliation_views
from services.store.settlements.lines.stored_lines import ShownLine


class QuestionRefused(DecisionRefused):
    code: ClassVar[str] = "question"


class QuestionUnknown(QuestionRefused):
    code = "question_unknown"


class QuestionEnded(QuestionRefused):
    code = "question_ended"


class ColleagueMayNotSee(QuestionRefused):
    code = "question_colleague"


@dataclass(frozen=True)
class Subject:
    """What is asked about: the id of a line or of a payout, the other is None."""

    line: int | None = None
    payout: int | None = None


@dataclass(frozen=True)
class Colleague:
    """``sender``: of the request that the line is matched to, or near."""

    id: str
    name: str
    email: str
    sender: bool


@dataclass(frozen=True, kw_only=True)
class AskedQuestion:
    """An open question with what it is about. ``line`` or ``payout`` is None; ``order``: our id of the request that the line
    is matched to or near, None for none; ``sees_payouts``: whether the reader may open the line or the payout."""

    question: Question
    line: ShownLine | None
    payout: PayoutRow | None
    order: int | None
    sees_payouts: bool


def colleagues(desk: Desk, actor: Actor, subject: Subject) -> tuple[Colleague, ...]:
    """Who may be asked, without the actor: the senders first, then by name. Raises LineUnknown, PayoutUnknown, NotAllowed."""
    with desk.store.read() as tx:
        account, near = _subject(tx, actor, Right.RECONCILE, subject)
        senders = _senders(tx, near)
        may = _may_see(tx, account, near)
        found = [
            Colleague(user.id, user.name, user.email, user.id in senders)
            for user in access.all_users(tx)
            if user.id in may and user.id != actor.id
        ]
    return tuple(sorted(found, key=lambda one: not one.sender))


def ask(desk: Desk, actor: Actor, subject: Subject, asked: str, text: str, form_key: str) -> None:
    """Ask a colleague, once for each ``form_key``. ``asked``: the id of a user.

    Raises LineUnknown, PayoutUnknown, ColleagueMayNotSee, CommentRefused, TextError, NotAllowed.
    """
    words = check_comment(text)
    with desk.store.write() as tx:
        account, near = _subject(tx, actor, Right.RECONCILE, subject)
        if questions.has_form_key(tx, form_key):
            return
        if asked not in _may_see(tx, account, near):
            raise ColleagueMayNotSee
        new = questions.add(
            tx,
            account=account,
            line=subject.line,
            payout=subject.payout,
            asked=asked,
            text=words,
            form_key=form_key,
            at=clock.now(),
            actor_kind=actor.kind,
            actor_id=actor.id,
        )
        if new is not None:
            audit.record(tx, actor, "question.asked", f"question:{new}", asked=asked, **_ids(subject))


def answer(desk: Desk, actor: Actor, question: int, text: str, form_key: str) -> None:
    """Answer a question with a comment on its line or payout, which ends it, once for each ``form_key``. The person who was
    asked does so, or whoever reconciles the account.

    Raises QuestionUnknown, QuestionEnded, CommentRefused, TextError, NotAllowed.
    """
    words = check_comment(text)
    with desk.store.write() as tx:
        found = _known(tx, question)
        _, near = _place(tx, found)
        if not (found.asked == actor.id and actor.id in _may_see(tx, found.account, near)):
            require(tx, actor, Right.RECONCILE, found.account)
        new = _comment(tx, actor, found, words, form_key)
        if new is None:
            return
        if found.ended_at is not None:
            raise QuestionEnded
        questions.end(tx, question, at=clock.now(), by=actor.id, answered=new)
        audit.record(tx, actor, "question.answered", f"question:{question}")


def withdraw(desk: Desk, actor: Actor, question: int) -> None:
    """End a question without an answer. Raises QuestionUnknown, QuestionEnded, NotAllowed."""
    with desk.store.write() as tx:
        found = _known(tx, question)
        require(tx, actor, Right.RECONCILE, found.account)
        if found.ended_at is not None:
            raise QuestionEnded
        questions.end(tx, question, at=clock.now(), by=actor.id, answered=None)
        audit.record(tx, actor, "question.withdrawn", f"question:{question}")


def of_subject(desk: Desk, actor: Actor, subject: Subject) -> tuple[Question, ...]:
    """Every question about a line or a payout, oldest first. Raises LineUnknown, PayoutUnknown, NotAllowed."""
    with desk.store.read() as tx:
        _subject(tx, actor, Right.SEE_SETTLEMENTS, subject)
        if subject.line is not None:
            return tuple(questions.of_line(tx, subject.line))
        assert subject.payout is not None
        return tuple(questions.of_payout(tx, subject.payout))


def to_answer(desk: Desk, actor: Actor) -> tuple[AskedQuestion, ...]:
    """The open questions that the actor was asked and may still see, oldest first. Raises NotAllowed."""
    with desk.store.read() as tx:
        accounts = allowed_accounts(tx, actor, Right.SEE_ORDERS)
        return remembered(tx, ("questions to", actor.id, accounts), lambda: _to_answer(tx, actor, accounts))


def _to_answer(tx: Connection, actor: Actor, accounts: frozenset[str] | None) -> tuple[AskedQuestion, ...]:
    found = questions.open_to(tx, actor.id)
    if not found:
        return ()
    lines = reconciliation_views.lines(tx, {one.line for one in found if one.line is not None})
    asked = {one.payout for one in found if one.payout is not None}
    payouts = {one.id: one for one in rows.of_ids(tx, asked)}
    shown = []
    for one in found:
        line = lines.get(one.line or 0)
        near = orders.orders_of(tx, _near(tx, line))
        line = line and without_hidden_order(line, accounts)
        sees = Right.SEE_SETTLEMENTS in rights_on(tx, actor, one.account)
        theirs = [
            order.id for order in near.values() if Right.SEE_ORDERS in rights_on(tx, actor, order.account)
        ]
        if sees or theirs:
            payout = payouts.get(one.payout or 0)
            order = next(iter(theirs), None)
            shown.append(
                AskedQuestion(question=one, line=line, payout=payout, order=order, sees_payouts=sees)
            )
    return tuple(shown)


def waiting(tx: Connection, accounts: frozenset[str] | None) -> tuple[Question, ...]:
    """The open questions about lines and payouts of these accounts (None: of all) whose colleague may still answer."""
    found = []
    for one in questions.open_of(tx, accounts):
        _, near = _place(tx, one)
        if one.asked in _may_see(tx, one.account, near):
            found.append(one)
    return tuple(found)


def _known(tx: Connection, question: int) -> Question:
    found = questions.locked(tx, question)
    if found is None:
        raise QuestionUnknown
    return found


def _comment(tx: Connection, actor: Actor, question: Question, text: str, form_key: str) -> int | None:
    """Write the answer where the question is; its id, None where it was written before."""
    if question.payout is not None:
        return payout_comments.write(tx, actor, question.payout, text, form_key)
    assert question.line is not None
    new = comments.add_comment(
        tx,
        line=question.line,
        text=text,
        form_key=form_key,
        at=clock.now(),
        actor_kind=actor.kind,
        actor_id=actor.id,
    )
    if new is not None:
        audit.record(tx, actor, "comment_written", f"line:{question.line}")
    return new


def _subject(tx: Connection, actor: Actor, right: Right, subject: Subject) -> tuple[str, Mapping[int, str]]:
    """The account of the line or payout, and the requests that the line is matched to or near, each with its account, of
    accounts whose requests the actor may see.

    Raises LineUnknown, PayoutUnknown, NotAllowed.
    """
    if subject.payout is not None:
        return payout_comments.allowed_payout(tx, actor, right, subject.payout).account, {}
    assert subject.line is not None
    line = reconciliation_views.lines(tx, [subject.line]).get(subject.line)
    require(tx, actor, right, line.account if line else ALL_ACCOUNTS)
    if line is None or line.file_state != "complete":
        raise LineUnknown
    near = {order.id: order.account for order in orders.orders_of(tx, _near(tx, line)).values()}
    seen = {one: Right.SEE_ORDERS in rights_on(tx, actor, one) for one in set(near.values())}
    return line.account, {order: one for order, one in near.items() if seen[one]}


def _place(tx: Connection, question: Question) -> tuple[str, Mapping[int, str]]:
    """As ``_subject``, of a question."""
    line = reconciliation_views.lines(tx, [question.line]).get(question.line) if question.line else None
    found = orders.orders_of(tx, _near(tx, line))
    return question.account, {order.id: order.account for order in found.values()}


def _near(tx: Connection, line: ShownLine | None) -> list[int]:
    """Our ids of the requests that a line is matched to, the parts of a divided one too; else of the nearest."""
    if line is None:
        return []
    if line.order is not None:
        return [line.order]
    shares = [order for order, _ in reconciliation_views.shares_of(tx, line)]
    return shares or ([line.nearest] if line.nearest is not None else [])


def _may_see(tx: Connection, account: str, near: Mapping[int, str]) -> frozenset[str]:
    """The ids of the users who may be asked. ``near``: the requests of the line, each with its account."""
    found = {user for user, held in rights_of_people(tx, account).items() if Right.SEE_SETTLEMENTS in held}
    for other in set(near.values()):
        found |= {user for user, held in rights_of_people(tx, other).items() if Right.SEE_ORDERS in held}
    return frozenset(found)


def _senders(tx: Connection, near: Mapping[int, str]) -> frozenset[str]:
    return frozenset(
        order.actor_id for order in orders.orders_of(tx, list(near)).values() if order.actor_kind == "user"
    )


def _ids(subject: Subject) -> dict[str, int]:
    return {
        name: number
        for name, number in (("line", subject.line), ("payout", subject.payout))
        if number is not None
    }
