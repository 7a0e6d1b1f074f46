"""Payouts and their states: read from their rows, never from the lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from services.access import Actor, Right, allowed_accounts, require
from services.desk import Desk
from services.payouts import states
from services.payouts.states import PayoutState, Sum
from services.store import Connection
from services.store.payouts import pages, rows, sums
from services.store.payouts.pages import PayoutFilter
from services.store.payouts.rows import PayoutRow
from services.store.settlements import reconciliation_views
from services.store.settlements.files import held_corrections, hipay_list, set_aside_rows
from services.store.settlements.files.set_aside_rows import FileOfRows
from services.store.settlements.files.settlement_files import possible_accounts
from services.store.settlements.lines.line_days import iso


@dataclass(frozen=True, kw_only=True)
class Payout:
    """One settlement in one currency. ``state``: as it may be told now; ``ties``: it counts as tied, itself or by the payouts that it is
    carried to; ``taker``: the id of the settlement that takes up its balance, "" for none. Amounts in 1/10000."""

    row: PayoutRow
    state: PayoutState
    ties: bool
    taker: str

    @property
    def account(self) -> str:
        return self.row.account

    @property
    def settlement_id(self) -> str:
        return self.row.settlement_id

    @property
    def currency(self) -> str:
        return self.row.currency

    @property
    def lines(self) -> int:
        return self.row.lines

    @property
    def open_lines(self) -> int:
        return self.row.open_lines

    @property
    def missing(self) -> int:
        return self.row.missing

    @property
    def known(self) -> bool:
        """Whether it was ever worked out: else its figures say nothing."""
        return bool(self.row.worked_state)

    @property
    def lines_units(self) -> int | None:
        """The sum of its lines: the one that is announced, if one is, else of all lines."""
        return dict(states.sums(self.row))[self.fitting or "whole"] if self.known else None

    @property
    def fitting(self) -> Sum | None:
        return states.fitting_sum(self.row)

    @property
    def announced_units(self) -> int | None:
        return self.row.announced_units

    @property
    def difference_units(self) -> int | None:
        return states.difference(self.row)

    @property
    def gross_units(self) -> int | None:
        return self.row.gross_units if self.known else None

    @property
    def refunds_units(self) -> int | None:
        return self.row.refunds_units if self.known else None

    @property
    def net_units(self) -> int | None:
        """The sum of all its lines but total lines."""
        return self.row.net_units if self.known else None

    @property
    def fees_units(self) -> int | None:
        """With their VAT."""
        return self.row.fees_units + self.row.vat_units if self.known else None

    @property
    def reserve_units(self) -> int | None:
        """What was captured and released."""
        return self.row.reserve_captured_units + self.row.reserve_released_units if self.known else None

    @property
    def other_units(self) -> int | None:
        """What of the net is neither sale, refund, fee nor reserve."""
        row = self.row
        if not self.known:
            return None
        return (
            row.chargebacks_units
            + row.won_units
            + row.adjustments_units
            + row.deferred_units
            + row.other_units
        )

    @property
    def hipay_units(self) -> int | None:
        """What HiPay's API lists, where that is in the payout's own currency."""
        return self.row.hipay_units if self.row.hipay_currency == self.currency else None

    @property
    def first_date(self) -> str:
        return iso(self.row.first_day)

    @property
    def last_date(self) -> str:
        return iso(self.row.last_day)

    @property
    def transfer_date(self) -> str:
        return iso(self.row.transfer_day)

    @property
    def value_date(self) -> str:
        return iso(self.row.value_day)

    @property
    def rows_set_aside(self) -> int:
        """Rows set aside that may belong to it, and that nobody has dealt with."""
        return self.row.rows_without_amount + self.row.rows_not_read

    @property
    def corrections_held(self) -> int:
        return self.row.corrections_waiting


@dataclass(frozen=True, kw_only=True)
class OperationSum:
    """The sum of one operation within a payout."""

    code: str
    words: str  # as the file calls it, where it is not known
    kind: str
    lines: int
    units: int
    missing: int  # lines whose amount is not among the units


@dataclass(frozen=True, kw_only=True)
class ByHipay:
    """What HiPay's API shows of a payout, in 1/10000 of ``currency``; ``iban``: of the bank account that receives it, but for its first and last
    characters."""

    units: int
    currency: str
    date_value: str
    figures: Mapping[str, int]
    iban: str
    bic: str


def list_payouts(
    desk: Desk, actor: Actor, accounts: Sequence[str] = (), chosen: PayoutFilter | None = None
) -> tuple[Payout, ...]:
    """Every payout of the accounts that the filter lets through, those to do first, then the newest. Raises NotAllowed."""
    with desk.store.read() as tx:
        visible = visible_accounts(tx, desk, actor, accounts)
        found = pages.places(tx, replace(chosen or PayoutFilter(), accounts=visible))
        by_id = {one.row.id: one for one in made(tx, rows.of_ids(tx, [number for _, number in found]))}
        return tuple(by_id[number] for _, number in found)


def by_hipay(desk: Desk, actor: Actor, payout: Payout) -> ByHipay | None:
    """None where HiPay's API has not listed it. Raises NotAllowed."""
    with desk.store.read() as tx:
        require(tx, actor, Right.SEE_SETTLEMENTS, payout.account)
        found = hipay_list.listed_alike(tx, payout.account, payout.settlement_id)
    if found is None:
        return None
    return ByHipay(
        units=found.amount,
        currency=found.currency,
        date_value=found.date_value,
        figures=found.figures,
        iban=masked_iban(found.iban),
        bic=found.bic,
    )


def masked_iban(iban: str) -> str:
    """An IBAN by which its owner knows it, and nobody else pays: the country and the check digits, and the last four characters."""
    bare = "".join(iban.split())
    return f"{bare[:4]} … {bare[-4:]}" if len(bare) > 8 else bare and "…"


def operation_sums(desk: Desk, actor: Actor, payout: Payout) -> tuple[OperationSum, ...]:
    """What a payout is made of, by operation. Raises NotAllowed."""
    with desk.store.read() as tx:
        require(tx, actor, Right.SEE_SETTLEMENTS, payout.account)
        found = reconciliation_views.payout_sums(tx, (payout.account,), payout.settlement_id)
    by_operation: dict[tuple[str, str, str], tuple[int, int, int]] = {}
    for row in found:
        if row.settlement_currency == payout.currency:
            key = (row.operation_code, row.operation, row.kind)
            count, units, missing = by_operation.get(key, (0, 0, 0))
            by_operation[key] = count + row.lines, units + row.settled_units, missing + row.missing
    made = [
        OperationSum(code=code, words=words, kind=kind, lines=count, units=units, missing=missing)
        for (code, words, kind), (count, units, missing) in by_operation.items()
    ]
    return tuple(sorted(made, key=lambda one: (one.kind == "control", -one.lines, one.code)))


def files(desk: Desk, actor: Actor, payout: Payout) -> tuple[tuple[int, str, int], ...]:
    """(id, name, valid lines) of the files that have lines of the payout, oldest first. Raises NotAllowed."""
    with desk.store.read() as tx:
        require(tx, actor, Right.SEE_SETTLEMENTS, payout.account)
        return tuple(sums.files(tx, payout.account, payout.settlement_id, payout.currency))


def files_with_rows_set_aside(desk: Desk, actor: Actor, payout: Payout) -> tuple[tuple[int, str], ...]:
    """(id, name) of the files whose rows block the payout's tie-out, oldest first. Raises NotAllowed."""
    with desk.store.read() as tx:
        require(tx, actor, Right.SEE_SETTLEMENTS, payout.account)
        return tuple(
            (file.id, file.name)
            for file in set_aside_rows.open_files(tx)
            if payout.account in possible_accounts(file.account, file.accounts)
            and _blocked(file).get(payout.settlement_id)
        )


def files_with_corrections_held(desk: Desk, actor: Actor, payout: Payout) -> tuple[tuple[int, str], ...]:
    """(id, name) of the files of which corrections of the payout wait, oldest first. Raises NotAllowed."""
    with desk.store.read() as tx:
        require(tx, actor, Right.SEE_SETTLEMENTS, payout.account)
        return tuple(
            (row.file, row.file_name)
            for row in held_corrections.waiting_by_payout(tx)
            if (row.account, row.settlement_id) == (payout.account, payout.settlement_id)
        )


def made(tx: Connection, found: Sequence[PayoutRow]) -> tuple[Payout, ...]:
    """These payouts, with the payouts that their balances are carried to."""
    by_id = {row.id: row for row in found}
    while takers := {row.carried_to for row in by_id.values() if row.carried_to} - by_id.keys():
        read = rows.seen_of(tx, takers)
        if not read:
            break
        by_id |= {row.id: row for row in read}
    return tuple(
        Payout(
            row=row,
            state=states.shown(row),
            ties=states.ties(row, by_id),
            taker=by_id[row.carried_to].settlement_id if row.carried_to in by_id else "",
        )
        for row in found
    )


def _blocked(file: FileOfRows) -> dict[str, int]:
    """The payouts whose tie-out rows of the file block, and how many; a row that names no payout blocks all."""
    of_any = file.aside_open.get("", 0)
    names = {*file.aside_open, *(file.settlements if of_any else ())} - {""}
    return {name: file.aside_open.get(name, 0) + of_any * (name in file.settlements) for name in names}


def visible_accounts(tx: Connection, desk: Desk, actor: Actor, wanted: Sequence[str]) -> tuple[str, ...]:
    """The accounts of the settings whose settlements the actor may see: those of them that are wanted, all where none is
    wanted.

    Never empty: where there is no such account, an account that no row has. Raises NotAllowed.
    """
    allowed = allowed_accounts(tx, actor, Right.SEE_SETTLEMENTS)
    visible = tuple(one for one in desk.settings.all_accounts if allowed is None or one in allowed)
    return tuple(one for one in visible if one in wanted or not wanted) or ("",)
