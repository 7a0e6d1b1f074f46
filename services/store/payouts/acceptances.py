"""Accepted differences of payouts, each valid for the figures that the person saw."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import Connection, insert, select, update

from services.store.in_list import among
from services.store.order_states import ActorKind
from services.store.people_names import with_undoer
from services.store.schema.payout_decisions import payout_acceptances
from services.store.schema.payouts import payouts

_one = payout_acceptances.c

# What the difference is: claimed from HiPay, of another day, given up, or made by ourselves.
AcceptanceKind = Literal["claim", "timing", "write_off", "our_error"]
KINDS: tuple[AcceptanceKind, ...] = get_args(AcceptanceKind)
# The columns of payouts that the person saw, and for which alone the acceptance applies.
FIGURES = (
    "net_units", "apart_units", "announced_units", "parts_units", "hipay_units", "hipay_currency", "twice",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ValidAcceptance:
    """``figures``: FIGURES of the payout as the person saw them; with others the acceptance does not apply."""

    id: int
    kind: AcceptanceKind
    figures: dict[str, Any]

    def applies(self, figures: Mapping[str, Any]) -> bool:
        """Whether the payout has the accepted figures. ``figures``: FIGURES, and any others."""
        return same_figures(self.figures, figures)


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredAcceptance:
    """``reference`` and ``day`` (YYYYMMDD): of a claim, else "" and 0. ``who`` and ``undoer``: names, "" where there is none.
    ``undone_at`` None: nobody has undone it."""

    id: int
    kind: AcceptanceKind
    figures: dict[str, Any]
    reference: str
    day: int
    reason: str
    at: datetime
    who: str
    undone_at: datetime | None
    undone_by: str | None
    undoer: str
    undo_reason: str


def same_figures(accepted: Mapping[str, Any], figures: Mapping[str, Any]) -> bool:
    return all(figures[name] == accepted.get(name) for name in FIGURES)


def valid(tx: Connection, payouts: Iterable[int]) -> dict[int, ValidAcceptance]:
    """By payout, the acceptance that nobody has undone, whether or not it still applies."""
    query = select(_one.payout, _one.id, _one.kind, _one.figures)
    query = query.where(among(tx, _one.payout, payouts), _one.undone_at.is_(None))
    return {row.payout: ValidAcceptance(row.id, row.kind, row.figures) for row in tx.execute(query)}


def accepted_payouts(tx: Connection) -> set[tuple[str, str]]:
    """(account, settlement id) of the payouts with an acceptance that nobody has undone, whether or not it still applies."""
    query = select(payouts.c.account, payouts.c.settlement_id).join(
        payout_acceptances, _one.payout == payouts.c.id
    )
    return {(row.account, row.settlement_id) for row in tx.execute(query.where(_one.undone_at.is_(None)))}


def has_form_key(tx: Connection, form_key: str) -> bool:
    """Whether an acceptance was already written from this form."""
    return tx.execute(select(_one.id).where(_one.form_key == form_key)).first() is not None


def of_payout(tx: Connection, payout: int) -> list[StoredAcceptance]:
    """All acceptances of a payout, oldest first."""
    own = (
        "id",
        "kind",
        "figures",
        "reference",
        "day",
        "reason",
        "at",
        "undone_at",
        "undone_by",
        "undo_reason",
    )
    query = select(*(_one[name] for name in own)).where(_one.payout == payout)
    query = with_undoer(query, payout_acceptances)
    return [StoredAcceptance(**row._asdict()) for row in tx.execute(query.order_by(_one.id))]


def add(
    tx: Connection,
    *,
    payout: int,
    kind: AcceptanceKind,
    figures: Mapping[str, Any],
    reference: str,
    day: int,
    reason: str,
    form_key: str,
    at: datetime,
    actor_kind: ActorKind,
    actor_id: str,
) -> int:
    """Write an acceptance; its id. A payout has one valid acceptance."""
    statement = insert(payout_acceptances).values(
        payout=payout,
        kind=kind,
        figures={name: figures[name] for name in FIGURES},
        reference=reference,
        day=day,
        reason=reason,
        form_key=form_key,
        at=at,
        actor_kind=actor_kind,
        actor_id=actor_id,
    )
    return int(tx.execute(statement.returning(_one.id)).scalar_one())


def undo(tx: Connection, payout: int, *, at: datetime, by: str, reason: str) -> int | None:
    """Undo the valid acceptance of a payout; its id, None where there is none."""
    here = update(payout_acceptances).where(_one.payout == payout, _one.undone_at.is_(None))
    return tx.execute(here.values(undone_at=at, undone_by=by, undo_reason=reason).returning(_one.id)).scalar()
