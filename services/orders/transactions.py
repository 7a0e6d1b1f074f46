"""An order's transactions: what reads of HiPay have confirmed, and what notifications have reported since (unconfirmed).

A read overrides what notifications reported of its transaction before. Amounts and effect are those of the newest
confirmed observation; a field that it lacks (an older form of HiPay's API has fewer) has the value of the one before.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.hipay.statuses import Effect, status

_WAITING = frozenset(
    {
        Effect.PENDING, Effect.REVIEW, Effect.AUTHORISED, Effect.CAPTURE_REQUESTED, Effect.CAPTURED,
        Effect.CAPTURE_REFUSED,
    }
)  # fmt: skip
_OVER = frozenset({Effect.CANCELLED, Effect.EXPIRED, Effect.REFUSED})
_SILENT = frozenset({Effect.INFORMATION, Effect.UNKNOWN})  # do not say whether money is reserved
AMOUNTS = ("authorised", "captured", "refunded")


@dataclass(frozen=True)
class Event:
    """A recorded fact. ``data`` is JSON; that of ``payment`` and ``payment_told`` is an observation."""

    kind: str
    at: datetime
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Transaction:
    """One attempt that reached a bank. Amounts in units of 1/10000, totals so far; ``at``: HiPay's time of the newest
    observation, "" where it names none; ``captures``: the total after each capture that the bank has not refused since."""

    reference: str
    status: int = 0
    authorised: int = 0
    captured: int = 0
    refunded: int = 0
    charged_back: int = 0
    at: str = ""
    effect: Effect = Effect.UNKNOWN  # of the newest observation that has one
    effects: frozenset[Effect] = frozenset()  # of all observations
    captures: tuple[int, ...] = ()
    operations: frozenset[str] = frozenset()  # the ids that HiPay shows of captures, refunds and the rest

    def updated(self, data: dict[str, Any]) -> "Transaction":
        """This transaction after a newer observation."""
        code = int(data["status"])
        effect = status(code).effect
        authorised, captured, refunded = (
            getattr(self, name) if data.get(name) is None else int(data[name]) for name in AMOUNTS
        )
        total, claim = data.get("charged_back"), claimed(data)
        return Transaction(  # each field: half the time of ``replace``
            reference=self.reference,
            authorised=authorised,
            captured=captured,
            refunded=refunded,
            status=code,
            at=str(data.get("at") or "") or self.at,
            charged_back=max(self.charged_back, claim) if total is None else int(total),
            effect=self.effect if effect in _SILENT else effect,
            effects=self.effects | {effect},
            captures=_stacked(self.captures, captured),
            operations=self.operations | _operations(data),
        )

    @property
    def void(self) -> bool:
        """Whether its authorisation was refused, cancelled or expired before anything was captured."""
        return not self.captured and self.effect in _OVER

    @property
    def waits(self) -> bool:
        """Whether the bank or the merchant has yet to decide."""
        return not self.void and self.effect in _WAITING

    @property
    def under_way(self) -> bool:
        """Whether it has reserved or collected money, or still can."""
        return bool(self.captured or self.charged_back or (self.authorised and not self.void) or self.waits)


@dataclass(frozen=True)
class Unconfirmed:
    """A transaction as its unconfirmed observations report it. ``absent_at``: since when HiPay's answers lack it; ``data``:
    the newest observation."""

    transaction: Transaction
    absent_at: datetime | None
    data: dict[str, Any]


@dataclass
class _Observed:
    unsourced: list[dict[str, Any]] = field(default_factory=list)  # read or notified: versions before sources
    reads: list[dict[str, Any]] = field(default_factory=list)
    unconfirmed: list[dict[str, Any]] = field(default_factory=list)  # since the newest read
    absent_at: datetime | None = None


class TransactionLog:
    """The observations of an order's transactions, added in the order of their recording."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._ones: dict[str, _Observed] = {}
        for event in events:
            self.add(event)

    def add(self, event: Event) -> None:
        if event.kind not in ("payment", "payment_told", "payment_absent", "payment_dismissed"):
            return
        one = self._ones.setdefault(str(event.data["reference"]), _Observed())
        if event.kind == "payment_told":
            if not _older(event.data, one.reads):  # a read has answered a late one before it came
                one.unconfirmed.append(event.data)
        elif event.kind == "payment_absent":
            one.absent_at = event.at
        elif event.kind == "payment_dismissed":
            one.unconfirmed, one.absent_at = [], None
        else:
            self.add_payment(event.data)

    def add_payment(self, data: dict[str, Any]) -> None:
        """Add the data of a ``payment``."""
        one = self._ones.setdefault(str(data["reference"]), _Observed())
        if "source" not in data:
            one.unsourced.append(data)
            return
        if not _older(data, one.reads):  # a late read answers no notification
            one.unconfirmed, one.absent_at = [], None
        one.reads.append(data)

    def read_count(self, reference: str) -> int:
        """How many recorded reads show the transaction."""
        return len(self._ones[reference].reads) if reference in self._ones else 0

    def awaits_read(self, reference: str) -> bool:
        """Whether no read has answered the newest notification of the transaction."""
        return reference in self._ones and bool(self._ones[reference].unconfirmed)

    def transaction(self, reference: str) -> Transaction | None:
        """The transaction as far as it is confirmed."""
        one = self._ones.get(reference)
        return _confirmed(reference, one) if one is not None and (one.unsourced or one.reads) else None

    def confirmed(self) -> tuple[Transaction, ...]:
        """Every confirmed transaction, by reference."""
        every = (self.transaction(reference) for reference in sorted(self._ones))
        return tuple(one for one in every if one is not None)

    def known_by(self) -> Iterator[tuple[str, frozenset[str], int]]:
        """Of every confirmed transaction, by reference: that, the ids of its operations, and how many captures it has. As of
        ``confirmed``, in a third of the time."""
        for reference, one in sorted(self._ones.items()):
            if one.unsourced:
                found = _confirmed(reference, one)
                yield reference, found.operations, len(found.captures)
            elif one.reads:
                captured, captures = 0, tuple[int, ...]()
                for data in _timed(one.reads):
                    captured = captured if data.get("captured") is None else int(data["captured"])
                    captures = _stacked(captures, captured)
                yield reference, frozenset().union(*map(_operations, one.reads)), len(captures)

    def unconfirmed(self) -> tuple[Unconfirmed, ...]:
        """The transactions that are under way by what notifications reported since their newest read."""
        found = []
        for reference, one in sorted(self._ones.items()):
            known = self.transaction(reference)
            claimed_state = _folded(known or Transaction(reference=reference), one.unconfirmed)
            if one.unconfirmed and claimed_state.under_way:
                found.append(Unconfirmed(claimed_state, one.absent_at, one.unconfirmed[-1]))
        return tuple(found)

    def unsourced(self) -> tuple[Unconfirmed, ...]:
        """The transactions of which only observations without a source are recorded: they count, and no read has shown them."""
        return tuple(
            Unconfirmed(_joined(reference, one.unsourced), one.absent_at, one.unsourced[-1])
            for reference, one in sorted(self._ones.items())
            if one.unsourced and not one.reads and not one.unconfirmed
        )


def claimed(data: dict[str, Any]) -> int:
    """The amount of a chargeback that HiPay reports without a total: its operation's amount, else all that was captured."""
    if data.get("charged_back") or status(int(data["status"])).effect is not Effect.CHARGED_BACK:
        return 0
    return int(data.get("operation_amount") or data.get("captured") or 0)


def _confirmed(reference: str, one: _Observed) -> Transaction:
    return _folded(_joined(reference, one.unsourced), one.reads)


def _folded(start: Transaction, observations: list[dict[str, Any]]) -> Transaction:
    """``start`` after these observations, by HiPay's time."""
    for data in _timed(observations):
        start = start.updated(data)
    return start


def _timed(observations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The observations by HiPay's time; one without a time is as new as the newest before it."""
    if len(observations) < 2:
        return observations
    timed, newest = list[tuple[str, dict[str, Any]]](), ""
    for data in observations:
        at = str(data.get("at") or "") or newest
        timed.append((at, data))
        newest = max(newest, at)
    return [data for _, data in sorted(timed, key=lambda pair: pair[0])]


def _older(data: dict[str, Any], reads: list[dict[str, Any]]) -> bool:
    if not reads:  # nearly always
        return False
    return _before(data, max((str(one.get("at") or "") for one in reads), default=""))


def _before(data: dict[str, Any], at: str) -> bool:
    own = str(data.get("at") or "")
    return bool(own and at and own < at)


def _joined(reference: str, unsourced: list[dict[str, Any]]) -> Transaction:
    """The transaction after observations without a source: the largest amounts, in whatever order they came."""
    if not unsourced:
        return Transaction(reference=reference)
    effects = frozenset(status(int(data["status"])).effect for data in unsourced)
    totals = [
        (str(data.get("at") or ""), int(data["charged_back"]))
        for data in unsourced
        if data.get("charged_back") is not None
    ]
    claims = [(str(data.get("at") or ""), claim) for data in unsourced if (claim := claimed(data))]
    total_at, total = max(totals, default=("", 0))
    claimed_at, claim = max(claims, default=("", 0))
    captures = sorted({int(data["captured"]) for data in unsourced if data.get("captured")})
    decides = next(
        (one for one in (Effect.REFUSED, *sorted(_OVER), *sorted(_WAITING)) if one in effects), Effect.UNKNOWN
    )
    authorised, captured, refunded = (max(int(data.get(name) or 0) for data in unsourced) for name in AMOUNTS)
    return Transaction(
        reference=reference,
        status=int(unsourced[-1]["status"]),
        authorised=authorised,
        captured=captured,
        refunded=refunded,
        charged_back=max(total, claim) if claimed_at > total_at or not total_at else total,
        effect=decides,
        effects=effects,
        captures=tuple(captures),
        operations=frozenset().union(*map(_operations, unsourced)),
    )


def _operations(data: dict[str, Any]) -> frozenset[str]:
    return frozenset(str(one) for one in (*data.get("operation_ids", ()), data.get("operation_id")) if one)


def _stacked(captures: tuple[int, ...], captured: int) -> tuple[int, ...]:
    valid = tuple(total for total in captures if total <= captured)
    return valid if not captured or captured in valid else (*valid, captured)
