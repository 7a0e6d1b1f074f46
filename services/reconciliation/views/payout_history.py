"""What people wrote, accepted and asked of a payout, and what can be accepted now."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.access import Actor, Right
from services.accounts.payout_limits import limits
from services.desk import Desk
from services.payouts import states
from services.reconciliation.decisions import payout_acceptances
from services.reconciliation.decisions.payout_comments import allowed_payout
from services.store import Connection
from services.store.payouts import acceptances, comments, questions, searches
from services.store.payouts.acceptances import StoredAcceptance
from services.store.payouts.rows import PayoutRow, PayoutState
from services.store.payouts.searches import WithdrawnSum
from services.store.remembered import remembered

EntryKind = Literal["comment", "accepted", "undone", "question", "question_withdrawn"]


@dataclass(frozen=True, kw_only=True)
class PayoutEntry:
    """One act. ``text``: the comment, the reason, the question; "" once it was erased. ``asked``: whom; ``acceptance``: of what
    was accepted, ``applies``: to the figures of now."""

    at: datetime
    who: str
    kind: EntryKind
    text: str
    asked: str = ""
    acceptance: StoredAcceptance | None = None
    applies: bool = False


@dataclass(frozen=True, kw_only=True)
class PayoutHistory:
    """``entries``: oldest first. ``acceptance``: the one that nobody has undone, whether or not it ``applies``. ``amount``: of the
    difference in 1/10000 without its sign, None where nothing says it; ``write_off_units``: up to which it may be written off.
    ``acceptable``: something differs that nobody has accepted. ``withdrawn``: its lines that newer issues no longer have."""

    row: PayoutRow
    state: PayoutState
    entries: tuple[PayoutEntry, ...]
    acceptance: StoredAcceptance | None
    applies: bool
    amount: int | None
    write_off_units: int
    acceptable: bool
    withdrawn: tuple[WithdrawnSum, ...]


def of_payout(desk: Desk, actor: Actor, payout: int) -> PayoutHistory:
    """Raises PayoutUnknown, NotAllowed."""
    with desk.store.read() as tx:
        row = allowed_payout(tx, actor, Right.SEE_SETTLEMENTS, payout)
        accepted = acceptances.of_payout(tx, payout)
        valid = next((one for one in accepted if one.undone_at is None), None)
        state = states.shown(row)
        return PayoutHistory(
            row=row,
            state=state,
            entries=_entries(tx, row, accepted),
            acceptance=valid,
            applies=valid is not None and payout_acceptances.applies(valid, row),
            amount=payout_acceptances.amount(row),
            write_off_units=limits(tx, row.account).write_off_units,
            acceptable=not row.behind and state in payout_acceptances.DIFFERS,
            withdrawn=remembered(
                tx, ("withdrawn", payout), lambda: tuple(searches.withdrawn_sums(tx, payout))
            ),
        )


def _entries(tx: Connection, row: PayoutRow, accepted: list[StoredAcceptance]) -> tuple[PayoutEntry, ...]:
    found = [
        PayoutEntry(at=one.at, who=one.who, kind="comment", text=one.text)
        for one in comments.of_payout(tx, row.id)
    ]
    for one in accepted:
        applies = payout_acceptances.applies(one, row)
        found.append(
            PayoutEntry(
                at=one.at, who=one.who, kind="accepted", text=one.reason, acceptance=one, applies=applies
            )
        )
        if one.undone_at is not None:
            found.append(PayoutEntry(at=one.undone_at, who=one.undoer, kind="undone", text=one.undo_reason))
    for asked in questions.of_payout(tx, row.id):
        withdrawn = asked.ended_at is not None and asked.answered is None
        kind: EntryKind = "question_withdrawn" if withdrawn else "question"
        found.append(
            PayoutEntry(at=asked.at, who=asked.asker_name, kind=kind, text=asked.text, asked=asked.asked_name)
        )
    return tuple(sorted(found, key=lambda entry: entry.at))
