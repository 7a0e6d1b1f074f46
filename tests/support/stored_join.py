"""What must hold of the stored join whatever has happened: it is what the pure functions make of everything at once."""

from dataclasses import asdict
from typing import Any

import pandas as pd
import pyarrow as pa
from sqlalchemy import func, select

from services.desk import Desk
from services.reconciliation.matching import positions, rejoin
from services.reconciliation.matching.match import RESULT, match
from services.store.schema.orders import orders
from services.store.schema.payout_lines import line_totals, payout_lines
from services.store.schema.reconciliation import order_positions
from services.store.schema.settlement_files import settlement_files
from services.store.settlements import order_keys
from services.store.settlements.lines import joined_lines, settlement_lines
from services.store.settlements.lines.line_totals import TOTAL
from tests.support.payout_rows import assert_payouts_are_current
from tests.support.stored_lines import every_line


def assert_join_is_current(desk: Desk) -> None:
    """Lines, sums and positions are those of a join of all standing lines with all orders, made anew."""
    with desk.store.read() as tx:
        lines = joined_lines.joined(tx, settlement_lines.is_valid()).sort_values("id", ignore_index=True)
        rules, lookup = rejoin.rules_of(tx), rejoin.full_lookup(tx)
        for account, some in lines.groupby("account"):
            theirs = some.reset_index(drop=True)
            found = match(theirs, lookup, rules.get(str(account)))
            for name in RESULT:
                before, after = theirs[f"was_{name}"], found[name].to_pandas()
                differ = (
                    before.fillna(0) != after.fillna(0) if name in ("order", "nearest") else before != after
                )
                assert not differ.any(), (
                    name,
                    theirs[differ.to_numpy()].to_dict("records"),
                    after[differ.to_numpy()].tolist(),
                )
        ids = list(tx.scalars(select(orders.c.id).order_by(orders.c.id)))
        assert set(order_keys.all_keys(tx)["order"].to_pylist()) == set(ids)
        expected = positions.compute(tx, ids)
        stored = {row.order: row for row in tx.execute(select(order_positions))}
        assert set(stored) == set(ids)
        for row in pa.table(expected).to_pylist():
            kept = stored[row["order"]]
            assert {name: getattr(kept, str(name)) for name in row} == row
        assert sums(desk) == _summed(lines)
    assert_payouts_are_current(desk)


def sums(desk: Desk) -> dict[tuple[Any, ...], tuple[int, int, int, int]]:
    """The kept sums of complete files, by the columns of TOTAL."""
    with desk.store.read() as tx:
        query = select(line_totals).join(settlement_files, settlement_files.c.id == line_totals.c.file)
        return {
            tuple(getattr(row, name) for name in TOTAL): (
                row.lines,
                row.settled_units,
                row.moved_units,
                row.missing,
            )
            for row in tx.execute(query.where(settlement_files.c.state == "complete"))
        }


def _summed(lines: pd.DataFrame) -> dict[tuple[Any, ...], tuple[int, int, int, int]]:
    found: dict[tuple[Any, ...], tuple[int, int, int, int]] = {}
    for row in lines.to_dict("records"):
        key = tuple(
            row["was_outcome"]
            if name == "outcome"
            else ""
            if name == "operation" and row["operation_code"]
            else "twice"
            if name == "kind" and row["was_reason"] == "twice_by_hand"
            else row[name]
            for name in TOTAL
        )
        bare = pd.isna(row["settled_amount_units"])
        units = 0 if bare else int(row["settled_amount_units"])
        count, settled, moved, missing = found.get(key, (0, 0, 0, 0))
        found[key] = (count + 1, settled + units, moved + abs(units), missing + bare)
    return found


def join_contents(desk: Desk) -> Any:
    """All that the join has stored, ids left out."""
    with desk.store.read() as tx:
        lines = sorted(
            repr(
                {
                    **{
                        name: cell
                        for name, cell in asdict(line).items()
                        if name not in ("id", "file", "replaced_by", "decision")
                    },
                    "valid": line.replaced_by is None,
                    "decided": line.decision is not None,
                }
            )
            for line in every_line(tx)
        )
        kept = sorted(map(repr, tx.execute(select(*(c for c in order_positions.c if c.name != "paid_at")))))
        totals = sorted(map(repr, tx.execute(select(*(c for c in line_totals.c if c.name != "file")))))
    return lines, kept, totals


def count_visible_lines(desk: Desk) -> int:
    """How many lines are seen."""
    with desk.store.read() as tx:
        return int(
            tx.scalar(select(func.count()).select_from(payout_lines).where(settlement_lines.is_valid())) or 0
        )
