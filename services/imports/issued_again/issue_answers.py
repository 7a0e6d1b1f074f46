"""What a person said of a file's issues of payouts: which is the newest, and which pairs are other lines."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.imports.issued_again.issues import Told

Payout = tuple[str, str]  # account and settlement id


@dataclass(frozen=True)
class Answers:
    """``told``: of each payout; ``every``: of every other payout for which it is asked. ``apart``: a stored line's id and the
    number of a line of the file, of which a person said that they are other lines."""

    told: tuple[tuple[Payout, Told], ...] = ()
    every: Told | None = None
    apart: tuple[tuple[int, int], ...] = ()

    def of(self, payout: Payout) -> Told | None:
        return dict(self.told).get(payout, self.every)

    def to_json(self) -> dict[str, Any]:
        """As it is stored with the file."""
        return {
            "told": [[*payout, told] for payout, told in self.told],
            "every": self.every or "",
            "apart": [list(pair) for pair in self.apart],
        }

    @staticmethod
    def of_json(stored: Mapping[str, Any]) -> "Answers":
        return Answers(
            tuple(((account, payout), told) for account, payout, told in stored.get("told", ())),
            stored.get("every") or None,
            tuple((before, line) for before, line in stored.get("apart", ())),
        )


NOTHING_SAID = Answers()
