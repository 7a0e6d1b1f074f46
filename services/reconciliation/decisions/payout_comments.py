"""Comments on a payout: they change nothing, and colleagues read them."""

from typing import ClassVar

from services import clock
from services.access import ALL_ACCOUNTS, Actor, Right, audit, require
from services.desk import Desk
from services.reconciliation.decisions.errors import DecisionRefused
from services.reconciliation.decisions.history import check_comment
from services.store import Connection
from services.store.payouts import comments, rows
from services.store.payouts.rows import PayoutRow
from services.store.settlements.comments import Comment as Comment


class PayoutUnknown(DecisionRefused):
    code: ClassVar[str] = "decision_payout_unknown"


def comment(desk: Desk, actor: Actor, payout: int, text: str, form_key: str) -> None:
    """Write a comment on a payout, once for each ``form_key``. Raises CommentRefused, PayoutUnknown, TextError, NotAllowed."""
    words = check_comment(text)
    with desk.store.write() as tx:
        allowed_payout(tx, actor, Right.RECONCILE, payout)
        write(tx, actor, payout, words, form_key)


def of_payout(desk: Desk, actor: Actor, payout: int) -> tuple[Comment, ...]:
    """The comments on a payout, oldest first. Raises PayoutUnknown, NotAllowed."""
    with desk.store.read() as tx:
        allowed_payout(tx, actor, Right.SEE_SETTLEMENTS, payout)
        return tuple(comments.of_payout(tx, payout))


def write(tx: Connection, actor: Actor, payout: int, text: str, form_key: str) -> int | None:
    """Write a comment and its audit row; its id, None where it was written before."""
    new = comments.add(
        tx,
        payout=payout,
        text=text,
        form_key=form_key,
        at=clock.now(),
        actor_kind=actor.kind,
        actor_id=actor.id,
    )
    if new is not None:  # a person's text may name somebody: the comment stores it, the audit does not
        audit.record(tx, actor, "comment_written", f"payout:{payout}")
    return new


def allowed_payout(tx: Connection, actor: Actor, right: Right, payout: int) -> PayoutRow:
    """The payout, if the actor has the right on its account. Raises PayoutUnknown, NotAllowed."""
    found = rows.get(tx, payout)
    require(tx, actor, right, found.account if found else ALL_ACCOUNTS)
    if found is None:
        raise PayoutUnknown
    return found
