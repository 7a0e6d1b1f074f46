"""What the bank shows of one payout: the fourth amount beside its lines, its announcement and HiPay's."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.access import Actor, Right, require, rights_on
from services.bank import at_bank
from services.bank.at_bank import Bank
from services.bank.states import AtBank
from services.desk import Desk
from services.reconciliation.views.payout_list import masked_iban
from services.store.bank import statements
from services.store.bank.accounts import BankAccount
from services.store.bank.entries import StoredEntry
from services.store.payouts import rows
from services.store.settlements.lines.line_days import iso


@dataclass(frozen=True, kw_only=True)
class Movement:
    """An entry of the bank. ``units``: signed, in 1/10000; days as ISO dates; ``bank_account``: masked; ``texts``: only for who has the right
    *bank*."""

    units: int
    booked: str
    value: str
    bank_account: str
    texts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class BankLeg:
    """``movements``: what paid it, or of several possible ones each, or of a returned one the credit and what took it back. ``units``: what the bank
    credited, None for nothing, or not only for this payout; ``difference``: by how many units that is more than the payout. ``others``: payouts in
    the same transfer."""

    state: AtBank
    units: int | None
    difference: int
    others: int
    movements: tuple[Movement, ...]


def of_payout(desk: Desk, actor: Actor, payout: int) -> BankLeg | None:
    """None where no statement was ever read, and of a payout of which no state is told. Raises NotAllowed."""
    with desk.store.read() as tx:
        row = rows.get(tx, payout)
        require(tx, actor, Right.SEE_SETTLEMENTS, row.account if row else "")
        if not statements.any_stored(tx):
            return None
        found = at_bank.read(tx)
        state = found.states.get(payout)
        if state is None:
            return None
        by_id = {one.id: one for one in found.accounts}
        entries = [found.entries[one] for one in _entries(found, payout)]
        shown = {one.id for one in found.accounts if Right.BANK in rights_on(tx, actor, one.account)}
    group = next((one for one in found.matching.groups if payout in one.payouts), None)
    alone = group is not None and len(group.payouts) == 1
    return BankLeg(
        state=state,
        units=sum(one.units for one in entries) if alone else None,
        difference=group.difference if group else 0,
        others=len(group.payouts) - 1 if group else 0,
        movements=tuple(_movements(entries, by_id, shown)),
    )


def _entries(found: Bank, payout: int) -> tuple[int, ...]:
    group = next((one for one in found.matching.groups if payout in one.payouts), None)
    if group is not None:
        return group.entries
    return found.matching.returned.get(payout) or found.matching.possible.get(payout, ())


def _movements(
    entries: Iterable[StoredEntry], accounts: dict[int, BankAccount], shown: set[int]
) -> Iterable[Movement]:
    for one in entries:
        account = accounts[one.bank_account]
        yield Movement(
            units=one.units,
            booked=iso(one.booking_day),
            value=iso(one.value_day),
            bank_account=masked_iban(account.iban or account.written),
            texts=one.texts if one.bank_account in shown else (),
        )
