"""Pages of payouts with the sums of what the filter lets through, and one payout by its name."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Protocol

from services.access import Actor
from services.desk import Desk
from services.payouts.states import PayoutState
from services.reconciliation.views import payout_list
from services.reconciliation.views.lists import SHOWN, Cursor, Page, page_of
from services.reconciliation.views.payout_list import Payout, visible_accounts
from services.store import Connection
from services.store.payouts import pages, rows
from services.store.payouts.pages import PayoutFilter as PayoutFilter
from services.store.payouts.pages import PayoutSums
from services.store.payouts.rows import STATES as STATES
from services.store.remembered import remembered

_UNITS = (
    "gross_units", "refunds_units", "fees_units", "reserve_units", "other_units", "net_units", "announced_units", "hipay_units",
    "difference_units",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Totals:
    """What the listed payouts of one currency come to: each of the units is a field of PayoutSums, and as exact."""

    currency: str
    payouts: int
    known: int
    open_lines: int
    units: dict[str, int]
    announced: int
    hipay: int
    difference: int


@dataclass(frozen=True, kw_only=True)
class PayoutPage:
    """``states``: how many payouts are in each state, whichever states are chosen; ``months``: YYYYMM of all that occur, the newest first;
    ``totals``: of the payouts listed, by currency."""

    page: Page[Payout]
    states: dict[PayoutState, int]
    months: tuple[int, ...]
    totals: tuple[Totals, ...]


def page(desk: Desk, actor: Actor, chosen: PayoutFilter, cursor: Cursor | None = None) -> PayoutPage:
    """A page of the payouts that the filter lets through, those to do first, then the newest. Raises NotAllowed."""
    with desk.store.read() as tx:
        chosen = replace(chosen, accounts=visible_accounts(tx, desk, actor, chosen.accounts))
        return remembered(tx, ("payouts", chosen, cursor), lambda: _page(tx, chosen, cursor))


def named(desk: Desk, actor: Actor, name: str) -> Payout | None:
    """The payout of this name (``name_of``) if the actor may see it. Raises NotAllowed where they may see none."""
    account, _, rest = name.partition(":")
    settlement, _, currency = rest.rpartition(":")
    with desk.store.read() as tx:
        if account not in visible_accounts(tx, desk, actor, ()):
            return None
        ids = [row.id for row in rows.named(tx, account, settlement) if row.currency == currency]
        return next(iter(payout_list.made(tx, rows.seen_of(tx, ids))), None)


class Named(Protocol):
    """What names a payout."""

    @property
    def account(self) -> str: ...
    @property
    def settlement_id(self) -> str: ...
    @property
    def currency(self) -> str: ...


def name_of(one: Named) -> str:
    """By what a screen's address names it."""
    return f"{one.account}:{one.settlement_id}:{one.currency}"


def _page(tx: Connection, chosen: PayoutFilter, cursor: Cursor | None) -> PayoutPage:
    everything = pages.sums(tx, replace(chosen, states=(), month=0))
    of_month = [one for one in everything if chosen.month in (0, one.month)]
    listed = [one for one in of_month if not chosen.states or one.state in chosen.states]
    states = Counter[PayoutState]()
    for one in of_month:
        states[one.state] += one.payouts
    return PayoutPage(
        page=_rows(tx, chosen, cursor, sum(one.payouts for one in listed)),
        states=dict(states),
        months=tuple(sorted({one.month for one in everything if one.month}, reverse=True)),
        totals=tuple(
            _totals(currency, [one for one in listed if one.currency == currency])
            for currency in sorted({one.currency for one in listed})
        ),
    )


def _rows(tx: Connection, chosen: PayoutFilter, cursor: Cursor | None, total: int) -> Page[Payout]:
    back = cursor is not None and cursor.back
    after = None if cursor is None else (int(cursor.value), cursor.id)
    found = pages.places(tx, chosen, after, SHOWN + 1, back=back)
    place = {number: (value, number) for value, number in found}
    by_id = {one.row.id: one for one in payout_list.made(tx, rows.of_ids(tx, place))}
    shown = [by_id[number] for _, number in found[:SHOWN]]
    return page_of(shown, total, cursor, len(found) > SHOWN, lambda one: place[one.row.id])


def _totals(currency: str, found: Collection[PayoutSums]) -> Totals:
    return Totals(
        currency=currency,
        payouts=sum(one.payouts for one in found),
        known=sum(one.known for one in found),
        open_lines=sum(one.open_lines for one in found),
        units={name: sum(getattr(one, name) for one in found) for name in _UNITS},
        announced=sum(one.announced for one in found),
        hipay=sum(one.hipay for one in found),
        difference=sum(one.difference for one in found),
    )
