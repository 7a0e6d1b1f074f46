"""A table of payment requests, read and checked before anything is sent: the good rows with their warnings, and the bad ones."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from services import clock
from services.access import Actor, Right, require
from services.accounts.configured import require_account
from services.bulk import cells, chosen_columns, rows, table
from services.bulk.chosen_columns import Choices
from services.bulk.columns import REQUESTS
from services.bulk.rows import Bad, Good, Rules
from services.bulk.table import Table
from services.desk import Desk
from services.orders.email_typos import suggestion
from services.orders.errors import OrderIdTaken
from services.orders.warnings import (
    HABIT,
    AddressInternationalised,
    AddressMistyped,
    AmountUnusual,
    InvoiceNumberMissing,
    LooksLikeCard,
    ReferenceUsed,
    StillOpen,
    exceeded_habit,
    looks_like_card,
)
from services.settlements.amounts import Decision
from services.store import Connection
from services.store.orders import batches, sending

MOST_ROWS = 5_000


@dataclass(frozen=True)
class RequestsPreview:
    """``table``: without its lines, since a cell may have a card number. ``decision.decimal`` None: the file does not show
    which decimal sign its amounts have, and no row was checked."""

    table: Table
    decision: Decision
    good: tuple[Good, ...] = ()
    bad: tuple[Bad, ...] = ()

    @property
    def totals(self) -> dict[str, int]:
        """The sum of the good rows by currency, in units of 1/10000."""
        sums: Counter[str] = Counter()
        for row in self.good:
            sums[row.accepted.currency] += row.accepted.amount
        return dict(sums)


def preview(
    desk: Desk,
    actor: Actor,
    account: str,
    raw: bytes,
    rules: Rules,
    choices: Choices | None = None,
    sheets: Path | None = None,
) -> RequestsPreview:
    """Read and check a table; nothing is stored. ``choices``: the columns chosen now, which take precedence over the stored
    choices; ``sheets`` as in ``table.read``. Raises the errors of ``table.read``, NotAllowed, AccountUnknown."""
    require_account(desk, account)
    with desk.store.read() as tx:
        require(tx, actor, Right.SEND, account)
    read = table.read(
        raw, REQUESTS, MOST_ROWS, chosen_columns.of_table(desk.store, account, "requests", choices), sheets
    )
    decision, shown = cells.decide(read, rules.decimal), replace(read, lines=())
    if decision.decimal is None:
        return RequestsPreview(shown, decision)
    now = clock.now()
    good, bad = rows.check_rows(read, desk.account(account), rules, decision.decimal, now)
    with desk.store.read() as tx:
        good, taken = _compared_with_stored(tx, read, account, good, now)
    return RequestsPreview(
        shown, decision, tuple(good), tuple(sorted([*bad, *taken], key=lambda row: row.line.number))
    )


def _compared_with_stored(
    tx: Connection, read: Table, account: str, good: list[Good], now: datetime
) -> tuple[list[Good], list[Bad]]:
    """The rows whose order id is free, with warnings about related stored orders; and those whose order id is taken."""
    taken = batches.taken_order_ids(tx, account, {row.draft.order_id for row in good if row.draft.order_id})
    used = batches.used_references(tx, account, {row.accepted.references[0] for row in good} - {""})
    waiting = batches.still_open(tx, account, {_same(row) for row in good}, now)
    habits = {
        currency: sending.last_amounts(tx, account, currency, HABIT)
        for currency in {row.accepted.currency for row in good}
    }
    warned: list[Good] = []
    bad: list[Bad] = []
    seen: set[tuple[str, int, str]] = set()
    referred: set[str] = set()
    for row in good:
        if row.draft.order_id in taken:
            bad.append(rows.refuse(read, row, "order_id", OrderIdTaken(row.draft.order_id)))
            continue
        reference = row.accepted.references[0]
        applies = {
            InvoiceNumberMissing.code: not reference,
            LooksLikeCard.code: looks_like_card(row.accepted),
            AddressMistyped.code: suggestion(row.accepted.email) is not None,
            AmountUnusual.code: exceeded_habit(row.accepted.amount, habits[row.accepted.currency])
            is not None,
            AddressInternationalised.code: row.accepted.internationalised,
            "same_in_file": _same(row) in seen,
            "reference_in_file": reference in referred,
            StillOpen.code: _same(row) in waiting,
            ReferenceUsed.code: reference in used,
        }
        seen.add(_same(row))
        referred |= {reference} - {""}
        warned.append(replace(row, warnings=tuple(code for code, yes in applies.items() if yes)))
    return warned, bad


def _same(row: Good) -> tuple[str, int, str]:
    """Two requests with the same one look like the same request. Letter case does not distinguish two addresses."""
    return row.accepted.email.lower(), row.accepted.amount, row.accepted.currency
