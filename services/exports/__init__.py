"""Exports: a person asks for one, a process of its own makes it, and it is kept for a day under the person's rights.

``request`` and ``again`` ask for one, ``kept`` lists the person's, ``content`` is the file, ``drop`` cancels or deletes.
``services.exports.supervisor`` starts the process that makes them, ``services.exports.process``.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

from services import clock
from services.access import AccessError, Actor, allowed_accounts, audit
from services.desk import Desk
from services.exports import kinds
from services.exports.errors import ExportEmptied, ExportGone, ExportNotReady, ExportRightsChanged
from services.exports.kinds import KINDS, Wanted
from services.i18n import translator
from services.reconciliation.views.list_exports import XLSX_ROWS
from services.spreadsheets.write import XLSX, Form
from services.store import Connection, kept_exports
from services.store.kept_exports import Export, ExportState

KEPT = timedelta(days=1)
MOST_UNZIPPED = (
    200_000  # rows of a CSV; a longer one comes in a ZIP, since it is in memory while it is downloaded
)
_REFUSED: Any = {"state": "failed", "failure": ExportRightsChanged.code}


@dataclass(frozen=True, kw_only=True)
class KeptExport:
    """One in a person's list. ``wanted``: None where it can no longer be asked for again. ``rows``: written so far, of
    ``total`` where that is known. ``cut``: it has as many rows as a spreadsheet gets, and its list may have more. ``size`` in bytes."""

    id: int
    kind: str
    form: Form
    state: ExportState
    wanted: Wanted | None
    rows: int
    total: int | None
    cut: bool
    size: int
    created_at: datetime
    kept_until: datetime
    failure: str
    failure_detail: dict[str, Any]
    file_name: str
    media_type: str

    @property
    def under_way(self) -> bool:
        return self.state in ("waiting", "running")


def request(desk: Desk, actor: Actor, wanted: Wanted, form: Form, language: str) -> None:
    """Ask for an export; the same that is still being made is not made twice. Raises NotAllowed, NoRoom."""
    desk.room.require()
    with desk.store.write() as tx:
        _add(tx, desk, actor, wanted, form, language)


def again(desk: Desk, actor: Actor, export: int, language: str) -> None:
    """Ask for the same once more. Raises ExportGone, NotAllowed, NoRoom."""
    desk.room.require()
    with desk.store.write() as tx:
        found = _shown(_theirs(tx, actor, export))
        if found.wanted is None:
            raise ExportGone
        _add(tx, desk, actor, found.wanted, found.form, language)
        if found.state == "failed":
            kept_exports.drop(tx, export)


def kept(desk: Desk, actor: Actor) -> tuple[KeptExport, ...]:
    """The actor's own exports of the last day, newest first."""
    with desk.store.read() as tx:
        found = kept_exports.of_person(tx, actor.id, clock.now())
        return tuple(
            _shown(row) if _may_have(tx, actor, row) else replace(_shown(row), **_REFUSED) for row in found
        )


def content(desk: Desk, actor: Actor, export: int) -> bytes:
    """The file. Raises ExportGone, ExportNotReady, ExportRightsChanged, NotAllowed."""
    with desk.store.read() as tx:
        found = _theirs(tx, actor, export)
        if found.state != "ready":
            raise ExportNotReady
        allowed_accounts(tx, actor, KINDS[found.kind].right)
        if not _may_have(tx, actor, found):
            raise ExportRightsChanged
        return b"".join(kept_exports.content(tx, export))


def drop(desk: Desk, actor: Actor, export: int) -> None:
    """Cancel one that is being made, or delete one that is kept. Raises ExportGone."""
    with desk.store.write() as tx:
        _theirs(tx, actor, export)
        kept_exports.drop(tx, export)


def sweep(desk: Desk) -> None:
    """Delete the exports whose time is over."""
    with desk.store.write() as tx:
        kept_exports.drop_old(tx, clock.now())


def empty_all(tx: Connection) -> None:
    """Delete what every export contains and was asked for: a customer was erased, and may be in it."""
    kept_exports.empty_all(tx, ExportEmptied.code, clock.now())


def _add(tx: Connection, desk: Desk, actor: Actor, wanted: Wanted, form: Form, language: str) -> None:
    name, now = kinds.name_of(wanted), clock.now()
    kind, chosen = KINDS[name], kinds.stored(wanted)
    allowed_accounts(tx, actor, kind.right)
    total = kind.count(tx, desk, actor, wanted)
    key = json.dumps([actor.kind, actor.id, name, form, language, chosen], sort_keys=True)
    new = kept_exports.add(
        tx,
        key,
        kind=name,
        form=form,
        language=language,
        chosen=chosen,
        rows_total=total,
        created_at=now,
        kept_until=now + KEPT,
        actor_kind=actor.kind,
        actor_id=actor.id,
    )
    if new:
        detail = {"rows": total} if name == "history" else {}
        audit.record(tx, actor, kind.action, f"user:{actor.id}", **detail)


def _theirs(tx: Connection, actor: Actor, export: int) -> Export:
    """Raises ExportGone."""
    found = kept_exports.get(tx, export, actor.id, clock.now())
    if found is None:
        raise ExportGone
    return found


def _may_have(tx: Connection, actor: Actor, row: Export) -> bool:
    """Whether the actor still has the right on every account on which they had it when it was made."""
    if row.state != "ready":
        return True
    try:
        allowed = allowed_accounts(tx, actor, KINDS[row.kind].right)
    except AccessError:
        return False
    return allowed is None or (row.accounts is not None and allowed.issuperset(row.accounts))


def _shown(row: Export) -> KeptExport:
    packed = row.form == "csv" and row.state == "ready" and row.rows_done > MOST_UNZIPPED
    ending = "zip" if packed else row.form
    t = translator(row.language)
    return KeptExport(
        id=row.id,
        kind=row.kind,
        form=cast(Form, row.form),
        state=row.state,
        wanted=kinds.read(row.kind, row.chosen) if row.chosen else None,
        rows=row.rows_done,
        total=row.rows_total,
        cut=row.form == "xlsx" and row.kind != "history" and row.rows_done == XLSX_ROWS,
        size=row.size,
        created_at=row.created_at,
        kept_until=row.kept_until,
        failure=row.failure,
        failure_detail=row.failure_detail,
        file_name=f"{t(KINDS[row.kind].file)}.{ending}",
        media_type={"xlsx": XLSX, "csv": "text/csv", "zip": "application/zip"}[ending],
    )
