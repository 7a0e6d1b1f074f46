"""Payout lines in the store, for tests that are not about reading files."""

from typing import Any

from services import clock
from services.desk import Desk
from services.store import settlements as rows
from services.store.schema_settlements import LINE_AMOUNTS, LINE_TEXTS


def import_line(desk: Desk, **texts: str) -> None:
    """A payout file of one line, as an import leaves it."""
    with desk.store.write() as tx:
        file = rows.add_file(
            tx, b"x", account="demo", name="f.csv", sha256=str(texts), reading={}, uploaded_at=clock.now(),
            actor_kind="user", actor_id="test",
        )  # fmt: skip
        line: dict[str, Any] = {**dict.fromkeys(LINE_TEXTS, ""), **dict.fromkeys(LINE_AMOUNTS, 0), **texts}
        line |= {"account": "", "order": line["file_order"], "line": 1, "file": file, "kind": "sale"}
        rows.add_lines(tx, [{**line, "account_key": "demo", "identity": str(texts), "key": str(texts)}])
        rows.complete_file(tx, file)
