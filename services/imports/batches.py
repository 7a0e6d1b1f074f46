"""Files that a person imports together: begun once by a form, and one result, counted from what the imports really stored."""

import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from services import clock
from services.access import Actor, Right, allowed_accounts
from services.access.payout_files import covers
from services.desk import Desk
from services.payouts import states
from services.payouts.states import PayoutState
from services.store import Connection
from services.store.payouts import rows
from services.store.remembered import remembered
from services.store.settlements import reconciliation_views
from services.store.settlements.files import import_batches
from services.store.settlements.files.import_batches import Refused as Refused
from services.store.settlements.files.settlement_files import possible_accounts
from services.store.settlements.reconciliation_views import ListedFile
from services.text import card_numbers

UNDER_WAY = ("receiving", "waiting", "running")


@dataclass(frozen=True, kw_only=True)
class PayoutOfResult:
    """``ties``: it counts as tied, itself or by the payouts that it is carried to."""

    account: str
    settlement_id: str
    currency: str
    state: PayoutState
    ties: bool


@dataclass(frozen=True, kw_only=True)
class BatchResult:
    """What became of a person's files. ``planned``: how many were to be handed over; ``refused``: those that were not taken, with
    the code and the fields of the error; ``hidden``: how many have rows of accounts that the person may not see. ``lines``: of
    complete files; ``to_resolve``: of these, those that are open."""

    id: int
    planned: int
    refused: Sequence[Refused]
    files: Sequence[ListedFile]
    hidden: int
    lines: int
    to_resolve: int
    payouts: Sequence[PayoutOfResult]

    @property
    def under_way(self) -> int:
        """How many files wait or are imported, or are not followed up."""
        return sum(file.state in UNDER_WAY for file in self.files)

    @property
    def ended(self) -> bool:
        """Whether every file has ended, and every payout is worked out: only then the figures stay."""
        unfinished = any(file.state == "complete" and file.follow_up is not None for file in self.files)
        worked = all(one.state != "being_worked_out" for one in self.payouts)
        return not self.under_way and not unfinished and worked


def begin(desk: Desk, actor: Actor, form_key: str, planned: int) -> int:
    """The batch of this form, written by the first press of its button. Raises NotAllowed."""
    with desk.store.write() as tx:
        allowed_accounts(tx, actor, Right.RECONCILE)
        return import_batches.add(tx, form_key, planned, clock.now(), actor.kind, actor.id)


def refuse(desk: Desk, actor: Actor, batch: int, refused: Sequence[Refused]) -> None:
    """Store which of the actor's files were not taken, and why."""
    refused = [(card_numbers.masked(name[:200]), code, fields) for name, code, fields in refused]
    with desk.store.write() as tx:
        import_batches.refuse(tx, batch, actor.id, refused)


def close(desk: Desk, actor: Actor, batch: int) -> None:
    """Close the result of the actor's batch: it is no longer shown."""
    with desk.store.write() as tx:
        import_batches.close(tx, batch, actor.id, clock.now())


def results(desk: Desk, actor: Actor) -> tuple[BatchResult, ...]:
    """The results that the actor has not closed, oldest first. Raises NotAllowed."""
    with desk.store.read() as tx:
        allowed = allowed_accounts(tx, actor, Right.SEE_SETTLEMENTS)
        return remembered(tx, ("import batches", actor.id, allowed), lambda: _results(tx, actor, allowed))


def _results(tx: Connection, actor: Actor, allowed: frozenset[str] | None) -> tuple[BatchResult, ...]:
    batches = import_batches.open_of(tx, actor.id)
    if not batches:
        return ()
    of = import_batches.files_of(tx, [one.id for one in batches])
    every = {file.id: file for file in reconciliation_views.of_ids(tx, itertools.chain(*of.values()))}
    found = []
    for batch in batches:
        theirs = [every[one] for one in of[batch.id]]
        files = [file for file in theirs if covers(allowed, file)]
        complete = [file for file in files if file.state == "complete"]
        found.append(
            BatchResult(
                id=batch.id,
                planned=batch.planned,
                refused=batch.refused,
                files=files,
                hidden=len(theirs) - len(files),
                lines=sum(file.lines for file in complete),
                to_resolve=import_batches.open_lines(tx, [file.id for file in complete], allowed),
                payouts=_payouts(tx, complete, allowed),
            )
        )
    return tuple(found)


def _payouts(
    tx: Connection, files: Sequence[ListedFile], allowed: Collection[str] | None
) -> tuple[PayoutOfResult, ...]:
    """The payouts of complete files, those first that do not tie."""
    named = {
        (account, settlement)
        for file in files
        for account in possible_accounts(file.account, file.accounts)
        for settlement in file.settlements
        if allowed is None or account in allowed
    }
    theirs = [
        row
        for row in rows.of_settlements(tx, {one for _, one in named})
        if (row.account, row.settlement_id) in named
    ]
    by_id = {row.id: row for row in theirs}
    while missing := {row.carried_to for row in by_id.values() if row.carried_to} - by_id.keys():
        takers = rows.of_ids(tx, sorted(missing))
        if not takers:
            break
        by_id |= {row.id: row for row in takers}
    shown = [
        PayoutOfResult(
            account=row.account,
            settlement_id=row.settlement_id,
            currency=row.currency,
            state=states.shown(row),
            ties=states.ties(row, by_id),
        )
        for row in theirs
    ]
    return tuple(sorted(shown, key=lambda one: (one.ties, states.STATES.index(one.state), one.settlement_id)))
