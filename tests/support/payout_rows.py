"""Whether payouts are what they would be worked out to now."""

from dataclasses import asdict, fields

from sqlalchemy import select

from services.desk import Desk
from services.payouts import counted_twice, work_out
from services.store.payouts import rows, twice
from services.store.payouts.rows import PayoutFigures
from services.store.schema.payout_lines import payout_lines
from services.store.schema.payouts import payouts


def assert_payouts_are_current(desk: Desk) -> None:
    """Each row that is not behind has the figures and the state that it would be worked out to: nothing that it depends on has changed
    without its version."""
    names = [one.name for one in fields(PayoutFigures)]
    with desk.store.read() as tx:
        found = [one for one in rows.of_ids(tx, tx.scalars(payouts.select())) if not one.behind]
        for row, figures, state in work_out._worked_out(tx, found):
            was = {name: getattr(row, name) for name in names}
            assert (was, row.worked_state) == (asdict(figures), state), row.settlement_id
        current = {row.id for row in found}
        for account in {row.account for row in found}:
            every = set(tx.scalars(select(payout_lines.c.transaction_id).distinct()))
            lines = twice.lines(tx, account, every)
            counted = counted_twice.count(lines, counted_twice.moved_at_hipay(tx, account, lines))
            stored = twice.stored(tx, account, every)
            for one in {*counted, *stored}:
                assert one[0] not in current or counted.get(one) == stored.get(one), one
