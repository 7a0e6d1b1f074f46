"""What a person may want to check again before sending. A warning never forbids.

SendingWarning
├── StillOpen            the same customer was asked for the same amount, and can still pay it, or is paying it
├── FormerPayable        the order that this one was duplicated from can still be paid, or is being paid
├── ReferenceUsed        other orders have this invoice number
├── LooksLikeCard        a reference or the order id may be a card number
├── AddressMistyped      the domain differs by one slip from a well-known one
├── AddressInternationalised
├── AmountUnusual        far above what the account usually asks for
└── InvoiceNumberMissing
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median_low
from typing import ClassVar

from services import clock
from services.access import Actor, Right, require, rights_on
from services.desk import Desk
from services.orders.drafts import Accepted
from services.orders.email_typos import suggestion
from services.store.order_states import UNDER_WAY
from services.store.orders import sending
from services.store.orders.records import Order
from services.text import card_numbers

HABIT, HABIT_LEAST, HABIT_FACTOR = 200, 20, 10
NAMED = 3  # orders that a warning names; the rest is counted


@dataclass(frozen=True)
class OrderNamed:
    """An order that a warning names; ``id``: its row, for the link."""

    id: int
    order_id: str
    created_at: datetime
    sender: str


@dataclass(frozen=True)
class SendingWarning:
    code: ClassVar[str] = "warning"


@dataclass(frozen=True)
class StillOpen(SendingWarning):
    """``under_way``: a payment of it is pending, unconfirmed, or reserved on the card."""

    code = "still_open"
    order: OrderNamed
    under_way: bool = False


@dataclass(frozen=True)
class FormerPayable(SendingWarning):
    """``until``: its end; ``can_be_called_off``: it has our own link."""

    code = "former_payable"
    order: OrderNamed
    until: datetime
    can_be_called_off: bool
    under_way: bool


@dataclass(frozen=True)
class ReferenceUsed(SendingWarning):
    """``orders``: the newest of ``total``."""

    code = "reference_used"
    reference: str
    orders: tuple[OrderNamed, ...]
    total: int


@dataclass(frozen=True)
class LooksLikeCard(SendingWarning):
    """A number may rightly be all digits, so this only warns. The warning does not repeat the number."""

    code = "looks_like_card"


@dataclass(frozen=True)
class AddressMistyped(SendingWarning):
    code = "address_mistyped"
    suggestion: str


@dataclass(frozen=True)
class AddressInternationalised(SendingWarning):
    """``ascii_form``: the address that the mail goes to."""

    code = "address_internationalised"
    ascii_form: str


@dataclass(frozen=True)
class AmountUnusual(SendingWarning):
    """In units of 1/10000: ``usual`` is the median of the account's last orders in the currency."""

    code = "amount_unusual"
    amount: int
    usual: int
    currency: str


@dataclass(frozen=True)
class InvoiceNumberMissing(SendingWarning):
    code = "invoice_number_missing"


def warnings(
    desk: Desk, actor: Actor, accepted: Accepted, duplicated_from: int | None = None
) -> tuple[SendingWarning, ...]:
    """The warnings for the order, gravest first. Raises NotAllowed."""
    reference, found = accepted.references[0], list[SendingWarning]()
    with desk.store.read() as tx:
        require(tx, actor, Right.SEND, accepted.account)
        twin = sending.still_open(
            tx,
            accepted.account,
            accepted.email,
            (accepted.first_name, accepted.last_name),
            accepted.amount,
            accepted.currency,
            clock.now(),
        )
        former = sending.still_asked_for(tx, duplicated_from, clock.now()) if duplicated_from else None
        if former is not None and Right.SEE_ORDERS not in rights_on(tx, actor, former.account):
            former = None
        used, total = sending.with_reference(tx, accepted.account, reference, NAMED) if reference else ([], 0)
        amounts = sending.last_amounts(tx, accepted.account, accepted.currency, HABIT)
    if former is not None:
        under_way = former.payment in UNDER_WAY
        found.append(
            FormerPayable(_named(former), former.expires_at, former.link_token is not None, under_way)
        )
    if twin is not None and (former is None or twin.id != former.id):
        found.append(StillOpen(_named(twin), twin.payment in UNDER_WAY))
    if used:
        found.append(ReferenceUsed(reference, tuple(_named(row) for row in used), total))
    if looks_like_card(accepted):
        found.append(LooksLikeCard())
    if meant := suggestion(accepted.email):
        found.append(AddressMistyped(meant))
    if accepted.internationalised:
        found.append(AddressInternationalised(accepted.email))
    if (usual := exceeded_habit(accepted.amount, amounts)) is not None:
        found.append(AmountUnusual(accepted.amount, usual, accepted.currency))
    if not reference:
        found.append(InvoiceNumberMissing())
    return tuple(found)


def looks_like_card(accepted: Accepted) -> bool:
    """Whether a reference or the order id, which may be all digits by right, may be a card number."""
    return any(map(card_numbers.found, (*accepted.references, accepted.order_id)))


def exceeded_habit(amount: int, amounts: Sequence[int]) -> int | None:
    """The median of ``amounts`` where ``amount`` is far above it and there are enough to speak of a habit, else None."""
    if len(amounts) < HABIT_LEAST:
        return None
    usual = median_low(amounts)
    return usual if amount > HABIT_FACTOR * usual else None


def _named(row: Order) -> OrderNamed:
    return OrderNamed(row.id, row.order_id, row.created_at, row.sender_name)
