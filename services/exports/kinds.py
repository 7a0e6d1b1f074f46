"""What can be exported: each kind with what it is narrowed to, the right that it needs, and who writes it."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO

from pydantic import TypeAdapter

from services.access import Actor, Right
from services.desk import Desk
from services.i18n import Translator
from services.orders import history_export
from services.reconciliation.views import list_exports
from services.spreadsheets.write import Form, Progress
from services.store import Connection
from services.store.orders.orders import Filter
from services.store.payouts.pages import PayoutFilter
from services.store.settlements.lines.line_filter import LineFilter
from services.store.settlements.lines.line_pages import Sort
from services.store.settlements.position_pages import OrderFilter, OrderSort


@dataclass(frozen=True, kw_only=True)
class PaymentRequests:
    chosen: Filter


@dataclass(frozen=True, kw_only=True)
class Lines:
    chosen: LineFilter
    sort: Sort = "newest"


@dataclass(frozen=True, kw_only=True)
class SettledOrders:
    chosen: OrderFilter
    sort: OrderSort = "newest"
    late: bool = False


@dataclass(frozen=True, kw_only=True)
class Payouts:
    """The fields are those of ``PayoutFilter``; stored requests of before have the first two only."""

    accounts: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    month: int = 0
    number: str = ""
    units: int | None = None


Wanted = PaymentRequests | Lines | SettledOrders | Payouts
Write = Callable[[Desk, Actor, Any, Form, Translator, BinaryIO, Progress], int]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """``file``: the English msgid of the file's name. ``count``: how many rows there will be, None where only the export
    finds out; it raises NotAllowed."""

    of: type[Any]
    file: str
    right: Right
    action: str
    count: Callable[[Connection, Desk, Actor, Any], int | None]
    write: Write


KINDS = {
    "history": Kind(
        of=PaymentRequests,
        file="payment-requests",
        right=Right.SEE_ORDERS,
        action="history_exported",
        count=lambda tx, desk, actor, one: history_export.count_history(tx, actor, one.chosen),
        write=lambda desk, actor, one, *to: history_export.write_history(desk, actor, one.chosen, *to),
    ),
    "lines": Kind(
        of=Lines,
        file="payout-lines",
        right=Right.SEE_SETTLEMENTS,
        action="lines_exported",
        count=lambda tx, desk, actor, one: list_exports.count_lines(tx, desk, actor, one.chosen),
        write=lambda desk, actor, one, *to: list_exports.write_lines(desk, actor, one.chosen, one.sort, *to),
    ),
    "orders": Kind(
        of=SettledOrders,
        file="orders-settled",
        right=Right.SEE_SETTLEMENTS,
        action="orders_exported",
        count=lambda tx, desk, actor, one: list_exports.count_orders(
            tx, desk, actor, one.chosen, late=one.late
        ),
        write=lambda desk, actor, one, *to: list_exports.write_orders(
            desk, actor, one.chosen, one.sort, *to, late=one.late
        ),
    ),
    "payouts": Kind(
        of=Payouts,
        file="payouts",
        right=Right.SEE_SETTLEMENTS,
        action="payouts_exported",
        count=lambda tx, desk, actor, one: None,
        write=lambda desk, actor, one, form, t, out, _: list_exports.write_payouts(
            desk, actor, PayoutFilter(**asdict(one)), form, t, out
        ),
    ),
}


def name_of(wanted: Wanted) -> str:
    return next(name for name, kind in KINDS.items() if isinstance(wanted, kind.of))


def stored(wanted: Wanted) -> dict[str, Any]:
    found: dict[str, Any] = TypeAdapter(type(wanted)).dump_python(wanted, mode="json")
    return found


def read(kind: str, chosen: dict[str, Any]) -> Wanted:
    """The inverse of ``stored``. Exports that were asked for before an upgrade name one ``file`` instead of ``files``."""
    given = chosen.get("chosen")
    if kind == "lines" and isinstance(given, dict) and given.get("file") is not None:
        chosen = {**chosen, "chosen": {**given, "files": [given["file"]]}}
    found: Wanted = TypeAdapter(KINDS[kind].of).validate_python(chosen)
    return found
