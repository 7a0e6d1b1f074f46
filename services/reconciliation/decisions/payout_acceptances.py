"""A person accepts the difference of a payout, says what it is and why, and may undo that.

AcceptanceRefused
├── NothingToAccept        nothing of the payout differs
├── PayoutBehind           its figures are being worked out
├── PayoutFiguresChanged   they are not those that were shown
├── ClaimWithoutReference  a claim needs HiPay's reference
├── ClaimDay               … and the day on which it was made, today at the latest
├── WriteOffTooLarge       the difference is above what may be written off
└── WriteOffUnknown        there is no amount to write off

An acceptance applies while the payout's figures are those that the person saw (``acceptances.FIGURES``). With other figures it
does not apply, and the payout is to do again; only an undo ends it.
"""

from datetime import date
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from services import clock
from services.access import Actor, Right, audit
from services.accounts.payout_limits import limits
from services.desk import Desk
from services.mail.addresses import clean_header_text
from services.payouts import states, work_out
from services.reconciliation.decisions.checks import check_reason
from services.reconciliation.decisions.errors import AlreadyUndone, ConflictingDecision, DecisionRefused
from services.reconciliation.decisions.payout_comments import allowed_payout
from services.store import Connection, version_guard
from services.store.payouts import acceptances, rows, versions
from services.store.payouts.acceptances import FIGURES, StoredAcceptance
from services.store.payouts.acceptances import KINDS as KINDS
from services.store.payouts.acceptances import AcceptanceKind as AcceptanceKind
from services.store.payouts.rows import PayoutRow, PayoutState

REFERENCE_MAX = 60
DIFFERS: tuple[PayoutState, ...] = ("counted_twice", "differs", "hipay_differs")  # what can be accepted


class AcceptanceRefused(DecisionRefused):
    code: ClassVar[str] = "payout_acceptance"


class NothingToAccept(AcceptanceRefused):
    code = "payout_acceptance_nothing"


class PayoutBehind(AcceptanceRefused):
    code = "payout_acceptance_behind"


class PayoutFiguresChanged(AcceptanceRefused):
    code = "payout_acceptance_figures"


class ClaimWithoutReference(AcceptanceRefused):
    code = "payout_acceptance_reference"


class ClaimDay(AcceptanceRefused):
    code = "payout_acceptance_day"


class WriteOffTooLarge(AcceptanceRefused):
    """Units of 1/10000 of ``currency``."""

    code = "payout_acceptance_write_off"

    def __init__(self, units: int, most_units: int, currency: str) -> None:
        self.difference_units, self.most_units, self.currency = units, most_units, currency


class WriteOffUnknown(AcceptanceRefused):
    code = "payout_acceptance_write_off_unknown"


def figures(row: PayoutRow) -> dict[str, Any]:
    """What of a payout a person sees, and accepts."""
    return {name: getattr(row, name) for name in FIGURES}


def accept(
    desk: Desk,
    actor: Actor,
    payout: int,
    kind: AcceptanceKind,
    shown: dict[str, Any],
    reason: str,
    form_key: str,
    *,
    reference: str = "",
    day: date | None = None,
) -> None:
    """Accept the payout's difference, once for each ``form_key``. ``shown``: ``figures`` as the person saw them; ``reference``
    and ``day``: of a claim.

    Raises PayoutUnknown, AcceptanceRefused, ReasonMissing, TextError, NotAllowed.
    """
    reason_text = check_reason(reason)
    with desk.store.write() as tx:
        row = _locked(tx, actor, payout)
        if acceptances.has_form_key(tx, form_key):
            return
        claim = _claim(desk, row.account, reference, day) if kind == "claim" else ("", 0)
        if row.behind:
            raise PayoutBehind
        if row.worked_state not in DIFFERS:
            raise NothingToAccept
        if figures(row) != shown:
            raise PayoutFiguresChanged
        if kind == "write_off":
            _check_write_off(tx, row)
        acceptances.undo(tx, payout, at=clock.now(), by=actor.id, reason=reason_text)  # of other figures
        acceptances.add(
            tx,
            payout=payout,
            kind=kind,
            figures=shown,
            reference=claim[0],
            day=claim[1],
            reason=reason_text,
            form_key=form_key,
            at=clock.now(),
            actor_kind=actor.kind,
            actor_id=actor.id,
        )
        versions.grow_ids(tx, [payout])
        # a person's text may name somebody: the acceptance stores it, the audit does not
        audit.record(tx, actor, "payout.accepted", f"payout:{payout}", kind=kind, state=row.worked_state)
    work_out.after_decision(desk.store)


def undo(desk: Desk, actor: Actor, payout: int, reason: str, *, shown: int) -> None:
    """The payout differs again, if it does. ``shown``: the acceptance that the person saw.

    Raises PayoutUnknown, AlreadyUndone, ConflictingDecision (it was accepted anew since), ReasonMissing, TextError, NotAllowed.
    """
    reason_text = check_reason(reason)
    with desk.store.write() as tx:
        _locked(tx, actor, payout)
        valid = acceptances.valid(tx, [payout]).get(payout)
        if valid is not None and valid.id != shown:
            by = next(row for row in acceptances.of_payout(tx, payout) if row.id == valid.id)
            raise ConflictingDecision(by.who, by.at)
        if acceptances.undo(tx, payout, at=clock.now(), by=actor.id, reason=reason_text) is None:
            last = next(reversed(acceptances.of_payout(tx, payout)), None)
            if last is None or (last.undone_by, last.undo_reason) != (actor.id, reason_text):
                raise AlreadyUndone(last.undoer if last else "", (last and last.undone_at) or clock.now())
            return
        versions.grow_ids(tx, [payout])
        audit.record(tx, actor, "payout.acceptance_undone", f"payout:{payout}")
    work_out.after_decision(desk.store)


def of_payout(desk: Desk, actor: Actor, payout: int) -> tuple[StoredAcceptance, ...]:
    """Every acceptance of the payout, oldest first. Raises PayoutUnknown, NotAllowed."""
    with desk.store.read() as tx:
        allowed_payout(tx, actor, Right.SEE_SETTLEMENTS, payout)
        return tuple(acceptances.of_payout(tx, payout))


def applies(acceptance: StoredAcceptance, row: PayoutRow) -> bool:
    """Whether nobody has undone it and the payout has the accepted figures."""
    return acceptance.undone_at is None and acceptances.same_figures(acceptance.figures, figures(row))


def amount(row: PayoutRow) -> int | None:
    """By how much the payout differs, without its sign, whatever with; None where nothing says by how much."""
    if row.hipay_units is not None and row.hipay_currency != row.currency:
        return None
    announced = row.net_units if row.announced_units is None else row.announced_units
    found = [abs(states.difference(row) or 0)]
    if row.parts_units is not None:
        found.append(abs(row.parts_units - announced))
    if states.hipay_differs(row, row.currency) and row.hipay_units is not None:
        found.append(abs(row.hipay_units - announced))
    return max(found) or None


def _check_write_off(tx: Connection, row: PayoutRow) -> None:
    units, most = amount(row), limits(tx, row.account).write_off_units
    if units is None:
        raise WriteOffUnknown
    if units > most:
        raise WriteOffTooLarge(units, most, row.currency)


def _claim(desk: Desk, account: str, reference: str, day: date | None) -> tuple[str, int]:
    """The reference and the day of a claim as they are stored."""
    text = clean_header_text(reference, "reference", REFERENCE_MAX, digits=True)
    if not text:
        raise ClaimWithoutReference
    today = clock.now().astimezone(ZoneInfo(desk.account(account).timezone)).date()
    if day is None or day > today:
        raise ClaimDay
    return text, day.year * 10_000 + day.month * 100 + day.day


def _locked(tx: Connection, actor: Actor, payout: int) -> PayoutRow:
    """The payout's row, which nobody else changes before this transaction ends. Raises NotAllowed, PayoutUnknown."""
    version_guard.require_current(tx)
    versions.lock(tx, {allowed_payout(tx, actor, Right.RECONCILE, payout).account})
    found = rows.get(tx, payout)
    assert found is not None
    return found
