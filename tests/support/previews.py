"""A payout file looked at as the screens do, its refusals raised."""

import tempfile
from pathlib import Path

from services.access import Actor, Right, require
from services.desk import Desk
from services.imports.previews.preview import Preview, preview
from services.settlements.dialect import Chosen
from services.settlements.untrusted_file import UntrustedFile


def preview_of(
    desk: Desk, actor: Actor, account: str, file: Path | bytes, chosen: Chosen | None = None
) -> Preview:
    with desk.store.read() as tx:
        require(tx, actor, Right.RECONCILE, account)
    with tempfile.TemporaryDirectory() as folder:
        given = UntrustedFile(file, Path(folder))
        return preview(desk.store, desk.settings.all_accounts, account, given, chosen)
