"""Files in, stored results out: a made-up year in several dialects, files and orders, agrees with the oracle to the cent."""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

import services.imports.files
from benchmarks.settlement_files import COLUMNS, Dialect, write
from benchmarks.settlement_orders import OrderFiller
from benchmarks.settlement_shapes import Line, Order, Year
from services.access import Actor
from services.desk import Desk
from services.imports import file_accounts
from services.imports.loading import process
from services.payouts import work_out
from services.reconciliation.matching import order_changes
from services.reconciliation.views import payout_list
from services.store import schema
from services.store.schema.payout_lines import LINE_AMOUNTS, line_totals
from services.store.schema.reconciliation import order_positions
from services.store.schema.settlement_files import settlement_files
from tests.support.payouts import NEWEST
from tests.support.stored_lines import every_line
from tests.unit.reconciliation import oracle
from tests.unit.settlements.writing import FRENCH

_FILE_TEXTS = (
    "file_account", "account_name", "date", "date_value", "invoice_reference", "settlement_id", "transaction_id",
    "file_order", "product_name", "invoiced", "settled", "original_currency", "currency", "operation",
    "settlement_currency", "original_settlement_id", "customer_id", "merchant_operation_id", "reporting_data_1",
    "reporting_data_2", "reporting_data_3", "reporting_data_4", "reporting_data_5", "collect_mode", "transfer",
    "operation_date",
)  # fmt: skip
PLAIN = Dialect()
OFFICE = Dialect(
    delimiter=",",
    encoding="cp1252",
    decimal=",",
    thousands=" ",
    dates="%d/%m/%Y",
    headers=tuple(FRENCH),
    above="Relevé de règlement\r\n\r\n",
    below="Total;;;\r\n",
)
UNSIGNED = Dialect(
    delimiter="\t", encoding="utf-16", decimal=",", thousands=".", dates="%d.%m.%Y", signed=False
)
# Half months of the year: most of them stand in two files.
PARTS: tuple[Callable[[Line], bool], ...] = (
    lambda line: line.period < 10,
    lambda line: 6 <= line.period < 18,
    lambda line: line.period >= 14,
)
Raw = tuple[bytes, Dialect]


def made(year: Year, folder: Path, dialects: Sequence[Dialect]) -> tuple[list[Raw], list[Order], list[Line]]:
    """The parts of the year, each in its dialect, the year's orders, and its lines with their truth."""
    files = [
        (folder / f"{n}.csv", dialect, part)
        for n, (dialect, part) in enumerate(zip(dialects, PARTS, strict=True))
    ]
    orders, lines = [], []
    for one in write(year, files):
        if isinstance(one, Order):
            orders.append(one)
        else:
            lines.append(one[0])
    return [(path.read_bytes(), dialect) for path, dialect, _ in files], orders, lines


def fill(desk: Desk, orders: Sequence[Order]) -> None:
    with OrderFiller(desk.store) as filler:
        for order in orders:
            filler.add(order)


def bring_in(desk: Desk, actor: Actor, files: Sequence[Raw]) -> None:
    file_accounts.assign(desk, actor, Year.number, "demo")
    for number, (raw, _) in enumerate(files):
        services.imports.files.receive(desk, actor, "demo", f"{number}.csv", BytesIO(raw), answers=NEWEST)
        assert process.work_off(desk.store, "test", desk.settings.all_accounts)
    with desk.store.read() as tx:
        assert set(tx.scalars(select(settlement_files.c.state))) == {"complete"}


def read(file: Raw) -> list[oracle.Row]:
    raw, dialect = file
    return oracle.read(
        raw,
        COLUMNS,
        encoding=dialect.encoding,
        delimiter=dialect.delimiter,
        decimal=dialect.decimal,
        thousands=dialect.thousands,
        dates=dialect.dates,
        signed=dialect.signed,
        header=dialect.above.count("\n") + 1,
    )


def amount(units: int) -> Decimal:
    return Decimal(units) / 10_000


def known(order: Order) -> oracle.Known:
    paid = order.payments
    return oracle.Known(
        order.order_id,
        order.references,
        order.currency,
        amount(order.amount),
        order.account,
        order.pages,
        [one.reference for one in paid],
        [name for one in paid for name, _ in (*one.captures, *one.refunds) if name],
        amount(sum(units for one in paid for _, units in one.captures)),
        sum(len(one.captures) for one in paid),
        order.channel == "imported",
    )


def units(value: Decimal | None) -> int | None:
    return None if value is None else int(value * 10_000)


def must_agree(desk: Desk, actor: Actor, rows: list[oracle.Row], orders: Sequence[Order]) -> list[str]:
    """The stored lines, orders and payouts are those that the oracle makes of these lines; the outcome of each line."""
    ours = [known(order) for order in orders if order.account == "demo"]
    verdicts = oracle.join(rows, ours)
    near = oracle.suggested(rows, verdicts, ours)
    outcomes = ["suggested" if one else verdict.outcome for one, verdict in zip(near, verdicts, strict=True)]

    expected = Counter(
        (
            *row.texts.values(),
            *map(units, (row.original, row.without, row.tax, row.incl, row.settled)),
            outcome,
            verdict.order,
            one,
        )
        for row, outcome, verdict, one in zip(rows, outcomes, verdicts, near, strict=True)
    )
    found = Counter(stored_lines(desk))
    assert (list(expected - found), list(found - expected)) == ([], [])

    places = oracle.positions(rows, verdicts, ours)
    assert stored_positions(desk) == {
        name: (
            one.status,
            *map(
                units,
                (one.gross, one.refunds, one.chargebacks, one.won, one.open, one.fees, one.vat, one.net),
            ),
            one.settlements,
            one.first,
            one.last,
            one.first_transfer,
            one.last_transfer,
            one.opened,
            one.lines,
        )
        for name, one in places.items()
    }

    work_out.catch_up(desk.store)
    assert {
        (one.settlement_id, one.currency): (one.lines_units, one.announced_units, one.state)
        for one in payout_list.list_payouts(desk, actor)
    } == {
        key: (units(total), units(payout), state)
        for key, (total, payout, state) in oracle.payouts(rows, ours).items()
    }

    sums: defaultdict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for row, outcome in zip(rows, outcomes, strict=True):
        one = sums[row["Settlement ID"], row["Settlement currency"], outcome]
        settled = units(row.settled) or 0
        one[:] = one[0] + 1, one[1] + settled, one[2] + abs(settled)
    assert kept_sums(desk) == {key: tuple(one) for key, one in sums.items()}
    return outcomes


def stored_lines(desk: Desk) -> list[tuple[Any, ...]]:
    """Of each standing line what the file said, its outcome, its order and the one it comes near ("" for none)."""
    with desk.store.read() as tx:
        complete = set(
            tx.scalars(select(settlement_files.c.id).where(settlement_files.c.state == "complete"))
        )
        ours = schema.orders.orders.c
        names = {row.id: row.order_id for row in tx.execute(select(ours.id, ours.order_id))}
        return [
            (
                *(getattr(line, name) for name in (*_FILE_TEXTS, *LINE_AMOUNTS)),
                line.outcome,
                names.get(line.order or 0, ""),
                names.get(line.nearest or 0, "") if line.outcome == "suggested" else "",
            )
            for line in every_line(tx)
            if line.file in complete and line.replaced_by is None
        ]


def stored_positions(desk: Desk) -> dict[str, tuple[Any, ...]]:
    one = order_positions.c
    query = select(
        schema.orders.orders.c.order_id,
        one.status,
        one.gross_units,
        one.refunds_units,
        one.chargebacks_units,
        one.won_units,
        one.open_units,
        one.fees_units,
        one.vat_units,
        one.net_units,
        one.settlement_ids,
        one.first_date,
        one.last_date,
        one.first_transfer,
        one.last_transfer,
        one.open,
        one.lines,
    ).join(schema.orders.orders, schema.orders.orders.c.id == one.order)
    with desk.store.read() as tx:
        rows = tx.execute(query.where(one.account == "demo")).all()
    return {row[0]: (*row[1:10], {name for name in row[10].split(", ") if name}, *row[11:]) for row in rows}


def kept_sums(desk: Desk) -> dict[tuple[str, str, str], tuple[int, int, int]]:
    found: defaultdict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    with desk.store.read() as tx:
        for row in tx.execute(select(line_totals)):
            one = found[row.settlement_id, row.settlement_currency, row.outcome]
            one[:] = one[0] + row.lines, one[1] + row.settled_units, one[2] + row.moved_units
    return {key: (one[0], one[1], one[2]) for key, one in found.items()}


@pytest.mark.parametrize(
    ("dialects", "turns"),
    [((PLAIN, OFFICE, UNSIGNED), (0, 1, 2)), ((OFFICE, UNSIGNED, PLAIN), (2, 0, 1)), ((UNSIGNED, PLAIN, OFFICE), (1, 2, 0))],
    ids=["as they came", "the newest first", "the oldest last"],
)  # fmt: skip
def test_a_year_in_several_files(
    desk: Desk, finance: Actor, tmp_path: Path, dialects: tuple[Dialect, ...], turns: tuple[int, ...]
) -> None:
    files, orders, lines = made(Year(1_500, seed=sum(turns[:2])), tmp_path, dialects)
    fill(desk, orders)
    bring_in(desk, finance, [files[turn] for turn in turns])
    outcomes = must_agree(desk, finance, oracle.stored(read(file) for file in files), orders)
    # and both with what the generator meant
    assert Counter(outcomes) == Counter(line.outcome for line in lines)


def test_orders_that_come_after_their_lines_find_them(desk: Desk, finance: Actor, tmp_path: Path) -> None:
    files, orders, _ = made(Year(900, seed=7), tmp_path, (PLAIN, PLAIN, PLAIN))
    early = [order for order in orders if order.number % 3 == 0]
    fill(desk, early)
    bring_in(desk, finance, files)
    late = OrderFiller(desk.store, first=len(early) + 1)
    with late:
        for order in orders:
            if order.number % 3:
                late.add(order)
    while order_changes.catch_up(desk):
        pass
    must_agree(desk, finance, oracle.stored(read(file) for file in files), orders)


def test_a_corrected_file_replaces_the_lines_that_changed(desk: Desk, finance: Actor, tmp_path: Path) -> None:
    files, orders, _ = made(Year(900, seed=11), tmp_path, (PLAIN, PLAIN, PLAIN))
    fill(desk, orders)
    raw, dialect = files[0]
    corrected = _corrected(raw, random.Random(5))
    bring_in(desk, finance, [(raw, dialect), (corrected, dialect)])
    must_agree(desk, finance, read((corrected, dialect)), orders)


def _corrected(raw: bytes, chance: random.Random) -> bytes:
    """Every thirtieth sale came to another amount."""
    lines = raw.decode().split("\r\n")
    for place, line in enumerate(lines):
        if ";Sale;" in line and chance.random() < 1 / 30:
            cells = line.split(";Sale;")
            settled, rest = cells[1].split(";", 1)
            lines[place] = f"{cells[0]};Sale;{Decimal(settled) + 1};{rest}"
    return "\r\n".join(lines).encode()
