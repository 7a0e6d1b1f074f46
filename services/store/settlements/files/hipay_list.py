"""HiPay's payouts as its API lists them, with the file of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict, Unpack

from sqlalchemy import Connection, and_, case, exists, func, select, update

from services.store.locks import insert_or
from services.store.payouts import leading_zeros, versions
from services.store.schema.fetching import hipay_settlements
from services.store.schema.payout_lines import line_totals
from services.store.schema.settlement_files import settlement_files
from services.store.settlements.files.settlement_files import FileState

# A file in one of these states will not become lines by itself.
_LOST = ("failed", "cancelled")


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedPayout:
    """A row of ``hipay_settlements``; its columns are described in the schema. ``amount`` in 1/10000 of ``currency``."""

    account: str
    settlement_id: str
    amount: int
    currency: str
    date_value: str
    figures: Mapping[str, int]
    recent: bool
    first_seen_at: datetime
    seen_at: datetime
    file: int | None
    sha256: str
    file_figures: Mapping[str, int]
    fetched_at: datetime | None
    failure: str
    failure_detail: Mapping[str, str]
    failed_at: datetime | None
    iban: str
    bic: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PayoutWithFile(ListedPayout):
    """``absent``: no file with its lines is stored or about to be. ``file_…``: of its newest file, None without one."""

    absent: bool
    file_state: FileState | None
    file_name: str | None
    file_failure: str | None
    file_failure_detail: Mapping[str, str] | None


class ListedFigures(TypedDict):
    """What HiPay's list says of a payout; ``amount`` in 1/10000 of ``currency``; ``iban`` and ``bic``: of the bank account that receives
    it, "" for none."""

    amount: int
    currency: str
    date_value: str
    figures: Mapping[str, int]
    iban: str
    bic: str


def list_settlement(
    tx: Connection, key: Mapping[str, str], *, recent: bool, at: datetime, **values: Unpack[ListedFigures]
) -> None:
    """Store what HiPay's list says of a payout. ``recent`` is stored with a new payout only."""
    before = listed(tx, key["account"], key["settlement_id"])
    if before is None or (before.amount, before.currency) != (values["amount"], values["currency"]):
        alike = leading_zeros.alike(key["settlement_id"])
        versions.grow_settlements(tx, [key["account"]], alike, complete=False)
    statement = insert_or(tx, hipay_settlements).values(
        **key, recent=recent, first_seen_at=at, seen_at=at, **values
    )
    tx.execute(statement.on_conflict_do_update(index_elements=list(key), set_={**values, "seen_at": at}))


def listed(tx: Connection, account: str, settlement_id: str) -> ListedPayout | None:
    s = hipay_settlements.c
    query = select(hipay_settlements).where(s.account == account, s.settlement_id == settlement_id)
    row = tx.execute(query).first()
    return None if row is None else ListedPayout(**row._mapping)


def listed_alike(tx: Connection, account: str, settlement_id: str) -> ListedPayout | None:
    """What HiPay lists of a payout, whose id in the file may have lost its leading zeros."""
    found = (listed(tx, account, one) for one in leading_zeros.alike(settlement_id))
    return leading_zeros.the_only_one({one.settlement_id: one for one in found if one}, settlement_id)


def was_listed(tx: Connection, account: str) -> bool:
    s = hipay_settlements.c
    return tx.scalar(select(s.settlement_id).where(s.account == account).limit(1)) is not None


def _in_lines() -> Any:
    """The condition on a listed payout that a complete file, whoever brought it, has lines of it; also under its id without leading
    zeros, which a spreadsheet drops."""
    s, t, f = hipay_settlements.c, line_totals.c, settlement_files.c
    complete = and_(f.id == t.file, f.state == "complete")
    ids = (s.settlement_id, func.ltrim(s.settlement_id, "0"))
    return (
        exists()
        .where(t.account == s.account, t.settlement_id.in_(ids), complete)
        .correlate(hipay_settlements)
    )


def _fetched() -> Any:
    """The condition that its file was fetched, and is or will be read."""
    s, f = hipay_settlements.c, settlement_files.c
    return exists().where(f.id == s.file, f.state.not_in(_LOST)).correlate(hipay_settlements)


def absent() -> Any:
    return and_(~_fetched(), ~_in_lines())


def to_fetch(tx: Connection, account: str, *, recent_only: bool, since: datetime) -> list[str]:
    """The ids of the payouts whose file is not here, and those whose figures have changed since it was fetched; oldest first.

    Only those that HiPay has listed from ``since`` on. ``recent_only``: none that was old when it was first listed, nor one
    whose file was fetched and could not be read.
    """
    s = hipay_settlements.c
    query = select(hipay_settlements, absent().label("absent")).where(
        s.account == account, s.seen_at >= since
    )
    query = query.order_by(s.date_value, s.settlement_id)
    return [
        row.settlement_id
        for row in tx.execute(query)
        if (row.fetched_at and row.file_figures != row.figures)
        or (row.absent and (not recent_only or (row.recent and row.fetched_at is None)))
    ]


class FetchResult(TypedDict, total=False):
    """How the last try to fetch the file of a listed payout ended."""

    file: int | None
    sha256: str
    file_figures: Mapping[str, int]
    fetched_at: datetime
    failure: str
    failure_detail: Mapping[str, str]
    failed_at: datetime | None


def change_settlement(
    tx: Connection, account: str, settlement_id: str, **values: Unpack[FetchResult]
) -> None:
    s = hipay_settlements.c
    tx.execute(
        update(hipay_settlements)
        .where(s.account == account, s.settlement_id == settlement_id)
        .values(**values)
    )


def settlements(tx: Connection, account: str, limit: int) -> tuple[list[PayoutWithFile], int, int]:
    """HiPay's payouts, those whose file is absent first, then the newest; how many there are, and how many are absent."""
    s, f = hipay_settlements.c, settlement_files.c
    away = absent()
    query = (
        select(
            hipay_settlements,
            away.label("absent"),
            f.state.label("file_state"),
            f.name.label("file_name"),
            f.failure.label("file_failure"),
            f.failure_detail.label("file_failure_detail"),
        )
        .outerjoin(settlement_files, f.id == s.file)
        .where(s.account == account)
        .order_by(case((away, 0), else_=1), s.date_value.desc(), s.settlement_id.desc())
        .limit(limit)
    )
    counted = select(func.count(), func.sum(case((away, 1), else_=0))).where(s.account == account)
    total, missing = tx.execute(counted.select_from(hipay_settlements)).one()
    found = [PayoutWithFile(**{**row._mapping, "absent": bool(row.absent)}) for row in tx.execute(query)]
    return found, int(total or 0), int(missing or 0)


def without_file(tx: Connection, seen_before: datetime) -> list[ListedPayout]:
    """The recent payouts of every account that were listed before a time and whose file is not here."""
    s = hipay_settlements.c
    query = select(hipay_settlements).where(s.recent.is_(True), s.first_seen_at < seen_before, absent())
    query = query.order_by(s.account, s.date_value, s.settlement_id)
    return [ListedPayout(**row._mapping) for row in tx.execute(query)]
