"""How a payout file is read: as chosen for it, else as remembered for its account, else as detected."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from services.access import Actor, Right, audit, require
from services.accounts.configured import require_account
from services.desk import Desk
from services.imports import file_accounts
from services.imports.file_accounts import Part
from services.imports.file_rights import require_importable
from services.settlements.codes import EvidenceChoice
from services.settlements.dialect import Chosen, Detection
from services.settlements.errors import (
    DoubtfulColumns,
    MissingColumns,
    SettlementFileError,
    UndecidedReading,
)
from services.settlements.untrusted_file import UntrustedFile
from services.store import Connection, Store
from services.store.settlements import matching_rules
from services.store.settlements.files import settlement_files
from services.text.headings import spelling


class Undecided(UndecidedReading):
    """``account``: the one for which the answer is to be remembered."""

    def __init__(self, questions: tuple[EvidenceChoice, ...], account: str) -> None:
        super().__init__(questions)
        self.account = account


@dataclass(frozen=True)
class Reading:
    """``parts``: its rows by Account; ``home``: the account of most of them; ``chosen``: what was chosen for the file, or the
    part of the remembered choice that applies to it."""

    detection: Detection
    parts: tuple[Part, ...]
    home: str
    chosen: Chosen


def decide(
    store: Store,
    keys: Collection[str],
    given: UntrustedFile,
    account: str,
    chosen: Chosen | None,
    progress: Callable[[int], None] | None = None,
    allowed: Collection[str] | None = None,
) -> Reading:
    """How a file that was added for an account is read. ``chosen`` None: nobody has chosen anything.

    ``keys``: our accounts; ``progress``: as of ``UntrustedFile.detect``; ``allowed``: the accounts whose rows the file may have, None
    for all. Raises NotAllowed for a row of another account, before that account's remembered reading is used, and what
    ``UntrustedFile.detect`` raises.
    """
    used = chosen or Chosen()
    try:
        detection = given.detect(used, progress)
    except SettlementFileError:
        with store.read() as tx:
            remembered = None if chosen else remembered_in(tx, account)
        if remembered is None:
            raise
        used, detection = remembered, given.detect(remembered, progress)
    with store.read() as tx:
        parts = file_accounts.known(tx, keys).parts(detection.accounts, account)
        require_importable(allowed, [part.account for part in parts])
        home = file_accounts.home(parts, account)
        remembered = None if chosen else remembered_in(tx, home)
    if remembered is not None and remembered != used and _differs(remembered, detection):
        used, detection = _as_remembered(given, remembered, progress)
    return Reading(detection, parts, home, used)


def _as_remembered(
    given: UntrustedFile, remembered: Chosen, progress: Callable[[int], None] | None
) -> tuple[Chosen, Detection]:
    """Read as remembered; without the remembered encoding and delimiter if the file has others."""
    try:
        return remembered, given.detect(remembered, progress)
    except SettlementFileError:
        without = replace(remembered, encoding=None, delimiter=None)
        return without, given.detect(without, progress)


def _differs(remembered: Chosen, detection: Detection) -> bool:
    """Whether the file would be read otherwise by the remembered choice than it was detected."""
    plain, found = ("encoding", "delimiter", "decimal", "date"), detection.dialect
    if any((wanted := getattr(remembered, name)) and wanted != getattr(found, name) for name in plain):
        return True
    if remembered.columns:
        wanted_columns = {spelling(name): column or None for name, column in remembered.columns}
        for header in detection.headers:
            named = zip(header.labels, header.columns, strict=True)
            if any(wanted_columns.get(spelling(name), column) != column for name, column in named):
                return True
    return remembered.debits is not None and (found.debits or {}).get("settled_amount") != remembered.debits


def remembered_reading(desk: Desk, actor: Actor, account: str) -> Chosen | None:
    """How a person chose that this account's files are read, None for no choice. Raises NotAllowed."""
    with desk.store.read() as tx:
        require(tx, actor, Right.SEE_SETTLEMENTS, account)
        return remembered_in(tx, account)


def remembered_in(tx: Connection, account: str) -> Chosen | None:
    row = matching_rules.matching(tx, account)
    return chosen_from(row.reading) if row else None


def chosen_from(stored: Mapping[str, Any]) -> Chosen | None:
    """A choice from its stored form; None if nothing was chosen."""
    names = {one.name for one in fields(Chosen)}
    known = {name: value for name, value in stored.items() if name in names}
    return Chosen(**known) if known else None


def remember(desk: Desk, actor: Actor, account: str, chosen: Chosen) -> bool:
    """Remember how the account's files are read from now on; an empty choice forgets it. Files of the account that failed
    because their columns were not known are imported again. Whether it changed.

    Raises AccountUnknown, NotAllowed.
    """
    require_account(desk, account)
    reading: dict[str, Any] = {name: value for name, value in asdict(chosen).items() if value is not None}
    # the place of the header, the sheets and the quotes belong to one file, not to an account
    for name in ("header_line", "sheets", "quotes"):
        reading.pop(name, None)
    with desk.store.write() as tx:
        require(tx, actor, Right.RECONCILE, account)
        if matching_rules.lock_matching(tx, account).reading == reading:
            return False
        matching_rules.save_matching(tx, account, reading=reading)
        for code in (DoubtfulColumns.code, MissingColumns.code) if chosen.columns else ():
            for file in settlement_files.failed_with(tx, code):
                if file.account == account and not file.chosen:
                    settlement_files.retry(tx, file)
        audit.record(tx, actor, "account.reading", f"account:{account}", fields=sorted(reading))
    desk.wake.set()
    return True
