"""Payout lines in the store, for tests that are not about how they get there."""

from dataclasses import asdict, fields
from io import BytesIO
from typing import Any

import pandas as pd
from sqlalchemy import select

from services.access import SYSTEM, Actor
from services.desk import Desk
from services.errors import DeskError
from services.imports import background, file_accounts, files
from services.imports.issued_again.issue_answers import Answers
from services.settlements.dialect import Chosen
from services.store.schema.orders import orders
from services.store.schema.payout_lines import payout_lines
from services.store.schema.reconciliation import order_positions
from services.store.settlements.files import settlement_files
from services.store.settlements.lines.settlement_lines import is_valid
from services.store.settlements.lines.stored_lines import StoredLine
from tests.support.desk import FILE_ACCOUNT, person
from tests.support.stored_lines import every_line

HEAD = (
    "Account;Settlement ID;Transaction ID;Order;Original amount;Original currency;Amount (Excl. Tax);Tax amount;"
    "Amount (Incl. Tax);Currency;Operation;Settled amount;Settlement currency;Reporting data 1;Date"
)


NEWEST = Answers(every="newest")  # whatever a file issues again, a person says that it is the newest


class Failed(DeskError):
    """A file was not imported; ``failure`` is the code of why."""

    def __init__(self, failure: str) -> None:
        super().__init__(failure)
        self.failure = failure


def account_of(desk: Desk, cell: str) -> str:
    """The key of our account for the Account of a file; "": nobody has assigned it."""
    with desk.store.read() as tx:
        return file_accounts.known(tx, desk.settings.all_accounts).of(cell)


def import_file(
    desk: Desk,
    actor: Actor,
    account: str,
    name: str,
    raw: bytes,
    chosen: Chosen | None = None,
    *,
    answers: Answers = NEWEST,
) -> int:
    """Receive a file and import it here and now; its id. Whose FILE_ACCOUNT is, is said where nobody has. ``answers``: where a
    payout is issued again.

    Raises Failed, and what ``receive`` does.
    """
    if not account_of(desk, FILE_ACCOUNT):
        file_accounts.assign(desk, SYSTEM, FILE_ACCOUNT, account)
    file = files.receive(desk, actor, account, name, BytesIO(raw), chosen, answers=answers)
    background.work_off(desk)
    with desk.store.read() as tx:
        found = settlement_files.get(tx, file)
    assert found is not None
    if found.state != "complete":
        raise Failed(found.failure)
    return file


def csv(*lines: str) -> bytes:
    return "\r\n".join((HEAD, *lines, "")).encode()


def import_line(desk: Desk, **cells: str) -> None:
    """A payout file of one sale of 10 EUR; ``cells`` by the names of HEAD in small letters."""
    names = [name.lower().replace(" ", "_") for name in HEAD.split(";")]
    known = {
        "order": cells.pop("file_order", ""),
        "settlement_id": "77",
        "original_amount": "10.00",
        "original_currency": "EUR",
        "operation": "Sale",
        "settled_amount": "10.00",
        "settlement_currency": "EUR",
        "date": "2026-11-20",
    } | cells
    import_file(
        desk, person(desk, "finance"), "demo", "f.csv", csv(";".join(known.get(name, "") for name in names))
    )


def lines_of(desk: Desk) -> pd.DataFrame:
    """Every line that stands, by its columns in the store, with the business id of its order as ``order_id``."""
    with desk.store.read() as tx:
        valid = set(tx.scalars(select(payout_lines.c.id).where(is_valid())))
        names = {row.id: row.order_id for row in tx.execute(select(orders.c.id, orders.c.order_id))}
        rows = [
            {**asdict(line), "order_id": names.get(line.order or 0)}
            for line in every_line(tx)
            if line.id in valid
        ]
    return pd.DataFrame(rows, columns=[*(field.name for field in fields(StoredLine)), "order_id"])


def positions_of(desk: Desk) -> dict[str, Any]:
    """Where each order stands, by its business id."""
    query = select(order_positions, orders.c.order_id).join(orders, orders.c.id == order_positions.c.order)
    with desk.store.read() as tx:
        return {row.order_id: row for row in tx.execute(query)}
