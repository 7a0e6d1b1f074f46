"""Which lines of payouts will be counted twice once a previewed file is imported."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from services.imports.issued_again.issue_changes import Change, Said
from services.imports.previews.file_payouts import FilePayouts, Payout
from services.payouts import counted_twice
from services.store import Connection
from services.store.payouts import twice
from services.store.payouts.rows import PayoutRow


class LinesTwice:
    """Which lines of an account's payouts will be counted twice, the file's own and the stored ones together."""

    def __init__(
        self,
        tx: Connection,
        account: str,
        rows: Mapping[Payout, Mapping[str, PayoutRow]],
        found: FilePayouts,
        changes: Mapping[Payout, Mapping[Said, Change]],
        likely: Mapping[Payout, Said],
    ) -> None:
        self._account, self._changes, self._likely = account, changes, likely
        ours = [payout for payout in changes if payout[0] == account]
        keys = {(payout[1], currency) for payout in ours for currency in rows[payout]} | found.currencies(
            account
        )
        # payouts that are not stored yet have numbers below zero
        self._numbers = {key: -place for place, key in enumerate(sorted(keys), 1)}
        self._numbers |= {
            (payout[1], currency): row.id for payout in ours for currency, row in rows[payout].items()
        }
        self._own = found.repeated(account, self._numbers)
        stored = [number for number in self._numbers.values() if number > 0]
        transactions = {one.transaction_id for one in self._own}
        transactions |= twice.of_payouts(tx, stored).get(account, set()) if stored else set()
        self._stored = twice.lines(tx, account, transactions) if transactions else []
        every = [*self._stored, *self._own]
        self._moved = counted_twice.moved_at_hipay(tx, account, every) if every else {}
        self._likely_count = self._counted(ours[0], likely[ours[0]])

    def count(self, payout: Payout, said: Said) -> dict[str, int]:
        """By currency, if that is said of the file's issue of the payout, and of others what is likely."""
        count = self._likely_count if said == self._likely[payout] else self._counted(payout, said)
        return {
            currency: count[number]
            for (settlement, currency), number in self._numbers.items()
            if settlement == payout[1]
        }

    def _counted(self, payout: Payout, said: Said) -> Counter[int]:
        if not self._own and not self._stored:
            return Counter()
        of_payout = {
            one: of[said if one == payout else self._likely[one]] for one, of in self._changes.items()
        }
        chosen = of_payout.values()
        gone = {line for change in chosen for line in change.gone}
        gone |= {-line for change in chosen for line in change.without}
        own = [replace(line, issue=of_payout[self._account, line.settlement_id].issue) for line in self._own]
        lines = [line for line in (*self._stored, *own) if line.id not in gone]
        again = Counter[int]()
        for (number, _), count in counted_twice.count(lines, self._moved).items():
            again[number] += count
        return again
