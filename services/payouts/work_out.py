"""Work out the payouts that are behind, in short steps: from the stored sums, never from the lines.

A step reads some rows with their versions, works them out, and writes each only if its version has not grown since. So a step may
run anywhere, at any time and twice, and one that is killed leaves its rows behind, which therefore do not tie.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict

from services.payouts import counted_twice, states
from services.payouts.chain import carry
from services.payouts.figures import Around, account_sign, figures
from services.store import Connection, Store
from services.store.payouts import acceptances, rows, sums, versions
from services.store.payouts.rows import PayoutFigures, PayoutRow, PayoutState
from services.store.payouts.sums import LineSum, SetAside
from services.store.settlements import matching_rules
from services.store.settlements.lines import line_measures
from services.store.settlements.lines.line_totals import TWICE

AT_ONCE = 100  # payouts in one transaction
GAP_SECONDS = 0.01  # between two transactions, for other writers
_AT_DECISION = 3  # steps after a person's decision; the worker does what is left
Worked = tuple[PayoutRow, PayoutFigures, PayoutState]


def waiting(store: Store) -> bool:
    """Whether a payout is behind, and can be worked out."""
    with store.read() as tx:
        return line_measures.under_way(tx) is None and bool(rows.behind(tx, 1))


def catch_up(store: Store, limit: int | None = None, between: Callable[[], object] = lambda: None) -> bool:
    """Work out payouts that are behind, in at most so many steps; whether there were any. ``between`` is called between two steps."""
    done = 0
    while limit is None or done < limit:
        if done:
            time.sleep(GAP_SECONDS)
            between()
        if not step(store):
            break
        done += 1
    return done > 0


def after_decision(store: Store) -> None:
    """Work out what a person's decision has changed, if it is little, so that the person sees it at once."""
    catch_up(store, _AT_DECISION)


def step(store: Store, at_once: int = AT_ONCE) -> bool:
    """Work out some payouts; False where none is behind, or the sums are not all there yet."""
    with store.read() as tx:
        if line_measures.under_way(tx) is not None:
            return False
        found = rows.behind(tx, at_once)
        twice = sums.twice(tx, [row.id for row in found])
    if not found:
        return False
    if twice:  # some of these lines may be gone
        with store.write() as tx:
            versions.lock(tx, {row.account for row in found})
            counted_twice.verify(tx, list(twice))
    with store.read() as tx:
        worked = _worked_out(tx, rows.of_ids(tx, [row.id for row in found]))
    with store.write() as tx:
        _write(tx, worked)
    return True


def _write(tx: Connection, worked: Sequence[Worked]) -> None:
    """Store what these rows were worked out to, and let others be behind that depend on them."""
    versions.lock(tx, {row.account for row, _, _ in worked})
    done = {row.id for row in rows.write(tx, worked)}
    versions.grow_carried(
        tx,
        {
            (row.account, row.currency)
            for row, new, _ in worked
            if row.id in done and _carries(row) != _carries(new)
        },
    )
    for account in sorted({row.account for row, new, _ in worked if row.id in done and row.sign != new.sign}):
        _renew_sign(tx, account)


def _carries(figures: PayoutFigures) -> tuple[int, int] | None:
    """The balance that a payout carries over, and from which day; others may carry the same."""
    if figures.announced_by != "deferred":
        return None
    return figures.net_units - (figures.carried_units or 0), figures.last_day


def _renew_sign(tx: Connection, account: str) -> None:
    """Store how the account writes its payout lines; if that has changed, all of its payouts are behind."""
    sign = account_sign(sums.shown_signs(tx, account))
    before = matching_rules.lock_matching(tx, account).payout_sign
    if sign != before:
        matching_rules.save_matching(tx, account, payout_sign=sign)
        versions.grow_account(tx, account)


def _worked_out(tx: Connection, found: Sequence[PayoutRow]) -> list[Worked]:
    if not found:
        return []
    accounts, settlements = {row.account for row in found}, {row.settlement_id for row in found}
    by_key: defaultdict[tuple[str, str, str], list[LineSum]] = defaultdict(list)
    missing = Counter[tuple[str, str]]()
    for one in sums.of_payouts(tx, accounts, settlements):
        by_key[sums.key_of(one)].append(one)
        if one.kind != TWICE:
            missing[one.account, one.settlement_id] += one.missing
    aside = sums.set_aside(tx, accounts, settlements)
    waits = sums.corrections_waiting(tx, accounts, settlements)
    hipay = sums.by_hipay(tx, accounts, settlements)
    twice = sums.twice(tx, [row.id for row in found])
    signs = sums.payout_signs(tx, accounts)
    unfinished = sums.not_followed_up(tx)
    accepted = acceptances.valid(tx, [row.id for row in found])
    new: list[tuple[PayoutRow, PayoutFigures]] = []
    for row in found:
        payout = (row.account, row.settlement_id)
        theirs = by_key.get((*payout, row.currency), ())
        listed = hipay.get(payout)
        if listed and listed.currency != row.currency and (*payout, listed.currency) in by_key:
            listed = None  # it is about the payout's lines in that other currency
        worked = figures(
            theirs,
            Around(
                sign=signs.get(row.account, 0),
                missing=missing[payout],
                set_aside=aside.get(payout, SetAside()),
                corrections_waiting=waits.get(payout, 0),
                hipay=listed,
                twice=twice.get(row.id, 0),
            ),
        )
        new.append((row, worked))
    worked_out: list[Worked] = []
    for row, its in zip(found, carry(tx, new), strict=True):
        acceptance = accepted.get(row.id)
        applies = acceptance is not None and acceptance.applies(asdict(its))
        state = states.state_of(its, row.currency, accepted=applies)
        payout = (row.account, row.settlement_id)
        worked_out.append((row, its, states.unfinished(state) if payout in unfinished else state))
    return worked_out
