"""Alarms about payouts that do not tie: each ends by itself once the payout ties, or its difference is accepted.

Of the payouts that an earlier version had stored, an account has one alarm of each kind, which counts them: an upgrade does not
raise one for every payout of the past.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from services.accounts.payout_limits import limits
from services.desk import Desk
from services.payouts import states
from services.reconciliation.decisions import payout_acceptances
from services.store import Connection, alarms, line_rewrite, meta
from services.store.alarm_conditions import Condition
from services.store.alarm_kinds import AlarmKind
from services.store.alarms import StoredAlarm
from services.store.payouts import rows
from services.store.payouts.rows import PayoutRow, PayoutState

_AT_ONCE: dict[PayoutState, AlarmKind] = {
    "counted_twice": "payout_counted_twice",
    "differs": "payout_differs",
    "hipay_differs": "payout_hipay_differs",
}
_NOT_TIED: AlarmKind = "payout_not_tied"
PAYOUT_KINDS: tuple[AlarmKind, ...] = (*_AT_ONCE.values(), _NOT_TIED)
_BEFORE = (
    "payouts_before"  # in meta, written by a migration: the last payout that an earlier version had stored
)


def conditions(tx: Connection, desk: Desk, now: datetime) -> Iterator[Condition]:
    """The conditions of the configured accounts. Of a payout that is being worked out, what is open stays open."""
    every = rows.states_of(tx, frozenset(desk.settings.all_accounts))
    tied = states.tied(every)
    untied = [one.id for one in every if one.id not in tied and states.shown(one) != "accepted"]
    listed = rows.of_ids(tx, untied)
    found = _found(tx, listed, now)
    behind = {row.id: row.account for row in listed if states.shown(row) == "being_worked_out"}
    opened = list(alarms.open_of_kinds(tx, PAYOUT_KINDS).values())
    if not found and not opened:
        return
    ended = {
        identity.rpartition(":")[0]: number for number, identity in alarms.closed_of_kinds(tx, PAYOUT_KINDS)
    }
    last = int(meta.text(tx, _BEFORE) or 0)
    former: defaultdict[tuple[AlarmKind, str], int] = defaultdict(int)
    for kind, row in found:
        if row.id <= last:
            former[kind, row.account] += 1
        else:
            yield _condition(kind, f"{kind}:{row.id}", row.account, _detail(kind, row), ended)
    for (kind, account), count in former.items():
        yield _condition(kind, f"{kind}:before:{account}", account, {"payouts": count}, ended)
    for alarm in opened:
        if _is_kept(alarm, behind, last, former):
            yield Condition(
                kind=_kind(alarm),
                identity=alarm.identity,
                account=alarm.account,
                order=None,
                detail=alarm.detail,
            )


def ended(tx: Connection, opened: Iterable[StoredAlarm]) -> frozenset[int]:
    """The ids of those of these alarms whose payout ties by now, or is accepted: the next round closes them."""
    about = {
        alarm.id: int(alarm.detail["payout"])
        for alarm in opened
        if alarm.kind in PAYOUT_KINDS and "payout" in alarm.detail
    }
    found = rows.of_ids(tx, set(about.values())) if about else []
    over = {row.id for row in found if states.shown(row) in ("tied", "accepted")}
    return frozenset(alarm for alarm, payout in about.items() if payout in over)


def note_former(desk: Desk) -> None:
    """Remember which payouts an earlier version had stored, where the migration could not: it had still to move their lines."""
    with desk.store.read() as tx:
        if meta.text(tx, _BEFORE) or line_rewrite.under_way(tx) is not None:
            return
    with desk.store.write() as tx:
        meta.text_once(tx, _BEFORE, str(rows.newest(tx)))


def _found(tx: Connection, listed: list[PayoutRow], now: datetime) -> list[tuple[AlarmKind, PayoutRow]]:
    """The payouts to raise an alarm for. ``listed``: those that do not tie, and are not accepted."""
    days = {account: limits(tx, account).untied_days for account in {row.account for row in listed}}
    found: list[tuple[AlarmKind, PayoutRow]] = []
    for row in listed:
        state = states.shown(row)
        if state == "being_worked_out":
            continue
        paid = _day(row)
        if state in _AT_ONCE:
            found.append((_AT_ONCE[state], row))
        elif paid is not None and paid + timedelta(days=days[row.account]) <= now:
            found.append((_NOT_TIED, row))
    return found


def _is_kept(
    alarm: StoredAlarm,
    behind: Mapping[int, str],
    last: int,
    former: Mapping[tuple[AlarmKind, str], int],
) -> bool:
    """Whether a payout of the alarm is being worked out, so that nobody knows whether the alarm has ended."""
    if "payouts" in alarm.detail:
        known = (_kind(alarm), alarm.account) in former
        return not known and any(
            number <= last and account == alarm.account for number, account in behind.items()
        )
    return alarm.detail.get("payout") in behind


def _condition(
    kind: AlarmKind, base: str, account: str, detail: dict[str, Any], ended: Mapping[str, int]
) -> Condition:
    """Its identity names the alarm about the same that ended last, so that one that comes again is raised again."""
    identity = f"{base}:{ended.get(base, 0)}"
    return Condition(kind=kind, identity=identity, account=account, order=None, detail=detail)


def _detail(kind: AlarmKind, row: PayoutRow) -> dict[str, Any]:
    detail = {"payout": row.id, "settlement": row.settlement_id, "currency": row.currency}
    if kind == "payout_differs":
        return {**detail, "units": payout_acceptances.amount(row)}
    if kind == "payout_counted_twice":
        return {**detail, "lines": row.twice}
    if kind == _NOT_TIED:
        paid = _day(row)
        return {**detail, "since": paid.isoformat()} if paid else detail
    announced = row.net_units if row.announced_units is None else row.announced_units
    shown = {"after_units": row.hipay_units} if row.hipay_currency == row.currency else {}
    return {**detail, "before_units": announced, **shown}


def _kind(alarm: StoredAlarm) -> AlarmKind:
    return next(kind for kind in PAYOUT_KINDS if kind == alarm.kind)


def _day(row: PayoutRow) -> datetime | None:
    """The day of the bank's transfer, else the last day that the payout names."""
    number = row.transfer_day or row.value_day or row.last_day
    if not number:
        return None
    return datetime(number // 10_000, number // 100 % 100, number % 100, tzinfo=UTC)
