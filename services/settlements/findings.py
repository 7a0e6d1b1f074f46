"""The findings of a file's reading that a person should know. They are stored with it, since nobody may have previewed it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from services.settlements.blocks import Block
from services.settlements.columns import WEIGHTY, may_weigh
from services.settlements.damaged_cells import DamagedCell
from services.settlements.dialect import Detection, Evidence
from services.settlements.settlement_operations import ORDER_KINDS
from services.settlements.sheet import SetAsideRow

SHOWN = 1_000  # damaged cells and lines that are named, and set-aside rows that are stored
_OPERATIONS = 100  # words of unknown operations that are named


@dataclass(frozen=True, kw_only=True)
class Findings:
    """`missing` and `duplicates`: canonical columns; `extra`: names in the file; of all its sheets.

    `left_out`, `hidden`: sheets that were not read. `set_aside`: how many rows were set aside, of whatever kind. `damaged`: the
    first of `damaged_count` ids that a spreadsheet has changed. `unpriced`: the first of `unpriced_count` lines of an order
    (sales, refunds, chargebacks) that have no original amount: they settle nothing. `assumed`: the assumption about the
    dates. `undated`: the first of `undated_count` cells of date columns other than the collection's that are no date.
    `open_end`: the line of the last row, if no line end closes it and nothing shows that it is whole.
    """

    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    duplicates: tuple[str, ...] = ()
    unused: tuple[tuple[str, str, str], ...] = ()
    left_out: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    unknown_operations: tuple[str, ...] = ()
    damaged: tuple[DamagedCell, ...] = ()
    damaged_count: int = 0
    unpriced: tuple[int, ...] = ()
    unpriced_count: int = 0
    undated: tuple[DamagedCell, ...] = ()
    undated_count: int = 0
    assumed: Evidence | None = None
    set_aside: int = 0
    open_end: int = 0

    @property
    def overlooked(self) -> tuple[str, ...]:
        """Columns that were not read and may contain an amount, a currency, a reference or the operation."""
        known = (name for name, column, _ in self.unused if column in WEIGHTY)
        return _different((*known, *filter(may_weigh, self.extra)))

    def to_json(self) -> dict[str, Any]:
        """As it is stored with the file."""
        values = asdict(self)
        values["aside"] = values.pop("set_aside")  # the stored name
        return values


def findings_from_json(stored: Mapping[str, Any]) -> Findings:
    """From the stored form; empty for a file that was read before findings were stored."""
    names = ("missing", "extra", "duplicates", "left_out", "hidden", "unknown_operations", "unpriced")
    assumed = stored.get("assumed")
    return Findings(
        **{name: tuple(stored.get(name, ())) for name in names},
        unused=tuple((name, column, other) for name, column, other in stored.get("unused", ())),
        damaged=tuple(DamagedCell(**cell) for cell in stored.get("damaged", ())),
        damaged_count=stored.get("damaged_count", 0),
        unpriced_count=stored.get("unpriced_count", 0),
        set_aside=stored.get("aside", 0),
        undated=tuple(DamagedCell(**cell) for cell in stored.get("undated", ())),
        undated_count=stored.get("undated_count", 0),
        open_end=stored.get("open_end", 0),
        assumed=Evidence(**assumed) if assumed else None,
    )


@dataclass
class SetAsideCollector:
    """Collects the set-aside rows while a file is read. `blocking`: how many may contain money, by the payout that they name."""

    blocking: Counter[str] = field(default_factory=Counter)
    _blocking: list[SetAsideRow] = field(default_factory=list)
    _others: list[SetAsideRow] = field(default_factory=list)

    def note(self, rows: Sequence[SetAsideRow]) -> None:
        for row in rows:
            if row.blocking:
                self.blocking[row.settlement_id] += 1
            rows_so_far = self._blocking if row.blocking else self._others
            if len(rows_so_far) < SHOWN:
                rows_so_far.append(row)

    @property
    def rows(self) -> tuple[SetAsideRow, ...]:
        """The first SHOWN rows, in the file's order, those that may contain money before totals."""
        first = [*self._blocking, *self._others[: SHOWN - len(self._blocking)]]
        return tuple(sorted(first, key=lambda row: row.line))


@dataclass(kw_only=True)
class FindingsCollector:
    """Collects the findings of a file while its blocks are read."""

    detection: Detection
    _operations: set[str] = field(default_factory=set)
    _damaged: list[DamagedCell] = field(default_factory=list)
    _count: int = 0
    _set_aside: int = 0
    _unpriced: list[int] = field(default_factory=list)
    _unpriced_count: int = 0
    _undated: list[DamagedCell] = field(default_factory=list)
    _undated_count: int = 0

    def note(self, block: Block) -> None:
        lines = block.lines
        self._undated_count += len(block.undated)
        self._undated += block.undated[: SHOWN - len(self._undated)]
        if len(self._operations) < _OPERATIONS:
            unknown = lines["operation"].filter(pc.equal(lines["operation_code"], ""))
            self._operations.update(pc.unique(unknown).to_pylist())
        self._count += len(block.damaged)
        self._set_aside += len(block.set_aside)
        self._damaged += block.damaged[: SHOWN - len(self._damaged)]
        of_order = pc.is_in(lines["kind"], pa.array(ORDER_KINDS, pa.large_string()))
        bare = lines["line"].filter(pc.and_(of_order, pc.is_null(lines["original_amount_units"])))
        self._unpriced_count += len(bare)
        self._unpriced += bare.slice(0, SHOWN - len(self._unpriced)).to_pylist()

    def findings(self, *, open_end: bool = False) -> Findings:
        """`open_end`: nothing shows that the last row is whole."""
        headers, why = self.detection.headers, self.detection.dialect.why("date")
        return Findings(
            missing=_different(column for header in headers for column in header.missing),
            extra=_different(name for header in headers for name in header.extra),
            duplicates=_different(column for header in headers for column in header.duplicates),
            unused=tuple(dict.fromkeys(one for header in headers for one in header.unused)),
            left_out=self.detection.left_out,
            hidden=self.detection.hidden,
            unknown_operations=tuple(sorted(self._operations)[:_OPERATIONS]),
            damaged=tuple(self._damaged),
            damaged_count=self._count,
            set_aside=self._set_aside,
            unpriced=tuple(self._unpriced),
            unpriced_count=self._unpriced_count,
            undated=tuple(self._undated),
            undated_count=self._undated_count,
            open_end=self.detection.open_end if open_end else 0,
            assumed=why if why.code.startswith("assumed") else None,
        )


def _different(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))
