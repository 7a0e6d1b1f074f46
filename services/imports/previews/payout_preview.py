"""What the payouts of a previewed file will come to once it is imported, by the rules that their rows are worked out by.

It is a statement, and no proof: where something is not known before the import, ``doubt`` says what, and no payout ties.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal

from services.imports.issued_again.file_issues import FileIssue
from services.imports.issued_again.issue_changes import Change, Said, changes_of
from services.imports.previews.file_payouts import FilePayouts, Payout
from services.imports.previews.preview_twice import LinesTwice
from services.payouts import states
from services.payouts.figures import Around, account_sign, figures
from services.reconciliation.matching import order_changes
from services.settlements.sheet import SetAsideRow
from services.store import Connection
from services.store.payouts import acceptances, rows, sums
from services.store.payouts.rows import PayoutFigures, PayoutRow, PayoutState
from services.store.payouts.sums import HipayAmount, LineSum, SetAside
from services.store.settlements.lines import joined_lines, line_days, line_measures
from services.store.settlements.lines.line_totals import TWICE, Sums, counted
from services.store.settlements.outcomes import OPEN

# What is not known before the import: "head": more lines than are looked through; "restored": lines that count again may be counted
# twice; "unfinished": another file of the payout, or orders, are not worked out yet.
Doubt = Literal["", "head", "restored", "unfinished"]


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """A payout in one currency, with the lines of all files. ``state``: of its row, "being_worked_out" at best where there is a ``Doubt``.
    ``matched``: how many of the ``orderly`` lines, those that belong to an order each, find theirs."""

    currency: str
    figures: PayoutFigures
    state: PayoutState
    matched: int
    orderly: int

    @property
    def day(self) -> str:
        """The ISO date of its transfer, else its value date, else that of its last line."""
        its = self.figures
        return line_days.iso(its.transfer_day or its.value_day or its.last_day)

    @property
    def difference(self) -> int | None:
        """As of ``states.difference``."""
        return states.difference(self.figures)


@dataclass(frozen=True, kw_only=True)
class PayoutPreview:
    """``lines``: how many the file has of it. ``outlooks``: by what a person may say of the file's issue of it, as
    ``IssuePreview.effects``; by "" where nobody is asked."""

    account: str
    settlement_id: str
    lines: int
    doubt: Doubt
    outlooks: Mapping[Said, Sequence[Outlook]]


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What the store has of the file's payouts."""

    sums: Mapping[Payout, list[LineSum]]
    rows: Mapping[Payout, Mapping[str, PayoutRow]]  # by currency
    aside: Mapping[Payout, SetAside]
    waiting: Mapping[Payout, int]
    hipay: Mapping[Payout, HipayAmount]
    unfinished: Collection[Payout]
    accepted: Mapping[int, acceptances.ValidAcceptance]


def of_file(
    tx: Connection,
    found: FilePayouts,
    issues: Sequence[FileIssue],
    aside: Sequence[SetAsideRow],
    blocking: Mapping[str, int],
) -> tuple[PayoutPreview, ...]:
    """The file's payouts by account and number; lines without a number are of none. ``aside``: rows set aside; ``blocking``: how many
    of all of them may contain money, by the payout that they name."""
    payouts = sorted(one for one in found.lines if one[1])
    known, of_issue = _known(tx, payouts), {one.payout: one for one in issues}
    changes = {payout: changes_of(of_issue.get(payout)) for payout in payouts}
    after = {
        payout: {said: _after(tx, payout, known, found, change) for said, change in of.items()}
        for payout, of in changes.items()
    }
    likely = {payout: next(iter(of)) for payout, of in changes.items()}
    signs = _signs(tx, known, {payout: after[payout][said] for payout, said in likely.items()})
    again = {account: LinesTwice(tx, account, known.rows, found, changes, likely) for account in signs}
    previews = list[PayoutPreview]()
    for payout in payouts:
        doubt, outlooks = _doubt(payout, known, found, of_issue.get(payout)), dict[Said, Sequence[Outlook]]()
        for said, change in changes[payout].items():
            around = _around(payout, change, known, aside, blocking, signs[payout[0]])
            twice_by = again[payout[0]].count(payout, said)
            outlooks[said] = _outlooks(payout, after[payout][said], known, around, twice_by, doubt)
        previews.append(
            PayoutPreview(
                account=payout[0],
                settlement_id=payout[1],
                lines=found.lines[payout],
                doubt=doubt,
                outlooks=outlooks,
            )
        )
    return tuple(previews)


def _known(tx: Connection, payouts: Collection[Payout]) -> _Known:
    accounts, settlements = {one[0] for one in payouts}, {one[1] for one in payouts}
    stored: dict[Payout, list[LineSum]] = {}
    for one in sums.of_payouts(tx, accounts, settlements):
        stored.setdefault((one.account, one.settlement_id), []).append(one)
    named = {one: {row.currency: row for row in rows.named(tx, *one)} for one in payouts}
    behind = line_measures.under_way(tx) is not None or order_changes.is_behind(tx)
    ids = [row.id for of in named.values() for row in of.values()]
    return _Known(
        sums=stored,
        rows=named,
        aside=sums.set_aside(tx, accounts, settlements),
        waiting=sums.corrections_waiting(tx, accounts, settlements),
        hipay=sums.by_hipay(tx, accounts, settlements),
        unfinished=payouts if behind else sums.not_followed_up(tx),
        accepted=acceptances.valid(tx, ids),
    )


def _after(
    tx: Connection, payout: Payout, known: _Known, found: FilePayouts, change: Change
) -> dict[str, list[LineSum]]:
    """What the payout's lines of all files come to afterwards, by currency."""
    merged: dict[tuple[object, ...], LineSum] = {}
    parts = [(1, known.sums.get(payout, [])), (1, found.sums(payout, change.without))]
    parts += [(1, _stored(tx, change.back)), (-1, _stored(tx, change.gone))]
    for sign, part in parts:
        for one in part:
            key = (one.currency, one.kind, one.operation_code, one.outcome, one.file)
            before = merged.get(
                key, replace(one, lines=0, missing=0, settled_units=0, tax_units=0, unsettled_units=0)
            )
            merged[key] = replace(
                before,
                lines=before.lines + sign * one.lines,
                missing=before.missing + sign * one.missing,
                settled_units=before.settled_units + sign * one.settled_units,
                tax_units=before.tax_units + sign * one.tax_units,
                unsettled_units=before.unsettled_units + sign * one.unsettled_units,
                first_date=min(
                    day for day in (before.first_date or one.first_date, one.first_date or before.first_date)
                ),
                last_date=max(before.last_date, one.last_date),
                last_transfer=max(before.last_transfer, one.last_transfer),
                last_value=max(before.last_value, one.last_value),
            )
    by_currency: dict[str, list[LineSum]] = {}
    for one in merged.values():
        if one.lines:
            by_currency.setdefault(one.currency, []).append(one)
    return by_currency


def _stored(tx: Connection, ids: Collection[int]) -> list[LineSum]:
    """What these stored lines are summed up to."""
    if not ids:
        return []
    lines = joined_lines.joined(tx, joined_lines.of_ids(tx, ids))
    return Sums(counted(lines, lines["was_outcome"], lines["was_reason"])).line_sums()


def _signs(
    tx: Connection, known: _Known, after: Mapping[Payout, Mapping[str, Collection[LineSum]]]
) -> dict[str, int]:
    """How each account will write its payout lines, once the file is imported."""
    shown = {account: Counter(sums.shown_signs(tx, account)) for account in sorted({one[0] for one in after})}
    for payout, by_currency in after.items():
        of = shown[payout[0]]
        of.subtract(row.sign for row in known.rows[payout].values() if row.sign and row.lines)
        of.update(sign for some in by_currency.values() if (sign := figures(some, Around()).sign))
    return {account: account_sign(of) for account, of in shown.items()}


def _around(
    payout: Payout,
    change: Change,
    known: _Known,
    aside: Sequence[SetAsideRow],
    blocking: Mapping[str, int],
    sign: int,
) -> Around:
    """What is known besides the lines, of whatever currency."""
    names = {"", payout[1]}
    rows_aside = sum(blocking.get(name, 0) for name in names)
    without = sum(row.reason == "amount_missing" and row.settlement_id in names for row in aside)
    before, without = known.aside.get(payout, SetAside()), min(without, rows_aside)
    return Around(
        sign=sign,
        set_aside=SetAside(before.without_amount + without, before.not_read + rows_aside - without),
        corrections_waiting=known.waiting.get(payout, 0) + change.waiting,
        hipay=known.hipay.get(payout),
    )


def _outlooks(
    payout: Payout,
    after: Mapping[str, Sequence[LineSum]],
    known: _Known,
    around: Around,
    twice_by: Mapping[str, int],
    doubt: Doubt,
) -> tuple[Outlook, ...]:
    """``twice_by``: how many lines are counted twice, by currency."""
    missing = sum(one.missing for some in after.values() for one in some if one.kind != TWICE)
    outlooks = list[Outlook]()
    for currency, some in sorted(after.items()):
        hipay = around.hipay
        if hipay and hipay.currency != currency and hipay.currency in after:
            hipay = None  # it is about the payout's lines in that other currency
        of = replace(around, missing=missing, hipay=hipay, twice=twice_by.get(currency, 0))
        its = figures(some, of)
        row = known.rows[payout].get(currency)
        accepted = known.accepted.get(row.id) if row else None
        applies = accepted is not None and accepted.applies(asdict(its))
        state = states.state_of(its, currency, accepted=applies)
        outlooks.append(
            Outlook(
                currency=currency,
                figures=its,
                state=states.unfinished(state) if doubt else state,
                matched=sum(one.lines for one in some if one.outcome == "matched"),
                orderly=sum(one.lines for one in some if one.outcome in ("matched", *OPEN)),
            )
        )
    return tuple(outlooks)


def _doubt(payout: Payout, known: _Known, found: FilePayouts, issue: FileIssue | None) -> Doubt:
    if payout in known.unfinished:
        return "unfinished"
    if found.head_only:
        return "head"
    return "restored" if issue is not None and issue.facts.back else ""
