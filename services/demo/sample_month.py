"""Makes a month of sample activity in the sandbox, so that every screen has real data to show.

Everything goes through the application's own services and the sandbox's HTTP, as in a month of work: orders are created and
mailed, customers pay, are refused, wait or forget, some are refunded or charged back, and HiPay settles each week. The
sandbox's clock is set back a month and moved forward day by day; in the end it is reset. An interrupted attempt leaves its
orders, but not the clock in the past: ``sample_state.reset_clock`` runs at every start.

    SampleRefused
    ├── SampleOnlyInSandbox
    └── SampleMade           made before, or being made now
"""

import random
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from services import clock
from services.access import WORKER, Actor, Right, audit, require
from services.demo import sample_state
from services.demo.sample_shop import Shop
from services.desk import Desk
from services.errors import DeskError
from services.hipay.errors import HiPayError
from services.hipay.sandbox import SandboxControl
from services.money import from_units, quantised
from services.orders import create, open_page
from services.orders.drafts import Channel, Draft, propose_order_id
from services.orders.states import UNPAID
from services.store import meta
from services.store.orders import orders
from services.store.orders.records import Order

DAYS = 30
CLOCK_SECONDS = 0.3  # a little longer than every process caches the sandbox's time
PATIENCE_SECONDS = 60
Progress = Callable[[float, str], None]

_PEOPLE = (
    ("Élodie", "Marchand", "fr"), ("Thomas", "Lefèvre", "fr"), ("Inès", "Benali", "fr"), ("Hugo", "Garnier", "fr"),
    ("Charlotte", "Whitfield", "en"), ("Oliver", "Bennett", "en"), ("Giulia", "Ferrari", "it"), ("Marco", "Conti", "it"),
    ("Beatriz", "Almeida", "pt"), ("Lukas", "Brandt", "de"), ("Anneliese", "Vogel", "de"), ("Zofia", "Kowalczyk", "pl"),
    ("Sanne", "de Vries", "nl"), ("Lucía", "Navarro", "es"),
)  # fmt: skip
_GOODS = (
    "Table en chêne, acompte", "Fauteuil Louis XVI, solde", "Lampe de bureau", "Rideaux sur mesure", "Canapé trois places",
    "Tapis berbère 200 × 300", "Livraison et montage", "Miroir ancien",
)  # fmt: skip
_REFUSALS = (4010103, 4010204, 4010305)


class SampleRefused(DeskError):
    code: ClassVar[str] = "sample_refused"


class SampleOnlyInSandbox(SampleRefused):
    code = "sample_only_in_sandbox"


class SampleMade(SampleRefused):
    code = "sample_made"


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """One customer's order. ``fate``: its outcome; ``units`` in 1/10000."""

    day: int
    person: tuple[str, str, str]
    units: int
    currency: str
    goods: str
    channel: Channel
    fate: str
    invoice: bool


def make(desk: Desk, actor: Actor, progress: Progress) -> None:
    """Make the month. ``progress`` is called with the fraction done and an English text. Raises SampleRefused, NotAllowed."""
    if not desk.settings.demo:
        raise SampleOnlyInSandbox
    account = next(iter(desk.settings.all_accounts))
    with desk.store.write() as tx:
        require(tx, actor, Right.SEND, account)
        if not meta.claim_task(tx, "sample", stale_before=time.time() - 600, now=time.time()):
            raise SampleMade
    try:
        with SandboxControl(desk.settings.sandbox_url) as sandbox:
            _month(desk, actor, account, sandbox, progress)
            sandbox.move_clock()
        time.sleep(CLOCK_SECONDS)
        _drain(desk)
        _fetch_payouts(desk, account)
        with desk.store.write() as tx:
            meta.finish_task(tx, "sample")
            audit.record(tx, actor, "sample_made", f"account:{account}")
    except BaseException:
        with suppress(HiPayError):  # the sandbox does not answer: the next start resets its clock
            sample_state.reset_clock(desk)
        raise
    progress(1.0, "")


def _month(desk: Desk, actor: Actor, account: str, sandbox: SandboxControl, progress: Progress) -> None:
    start = datetime.now(UTC) - timedelta(days=DAYS)
    plans, paid = list(_plans(random.Random(2026))), []  # noqa: S311 - the same month each time
    shop = Shop(account)
    for day in range(DAYS):
        today = [plan for plan in plans if plan.day == day]
        settles, lists = day % 7 == 6 or day == DAYS - 1, day == DAYS - 3
        if not today and not settles and not lists:
            continue
        sandbox.move_clock(to=start + timedelta(days=day, minutes=37 * (day % 12)))
        time.sleep(CLOCK_SECONDS)
        progress(day / DAYS, "The samples are being made…")
        made = [(plan.fate, _send(desk, actor, account, plan)) for plan in today]
        if lists:
            made += [("accept", order_id) for order_id in _send_list(desk, actor, shop)]
        _until(desk, [order_id for _, order_id in made], lambda order: order.availability != "requested")
        reserved_or_paid = []
        for fate, order_id in made:
            order = _order(desk, order_id)
            if fate != "forgotten" and order.link_token:
                open_page.open_hipay_page(desk, order.link_token)
            if _pay(sandbox, order, fate):
                reserved_or_paid.append(order_id)
                paid += [(fate, order_id)] if fate != "held" else []
        _check_now(desk, actor, [order_id for _, order_id in made])
        _until(desk, reserved_or_paid, lambda order: order.payment not in (*UNPAID, "unconfirmed"))
        if settles:
            shop.sell(desk, sandbox, day)
            _after_sales(desk, actor, sandbox, paid)
            paid = []
            sandbox.settle()
    shop.import_list(desk, actor)
    shop.save_template(desk, actor)


def _plans(dice: random.Random) -> Iterator[_Plan]:
    fates = (
        ["accept"] * 20
        + ["refused_then_paid"] * 2
        + ["refunded", "part_refunded", "charged_back", "held", "forgotten", "refused"]
    )
    for day in range(DAYS):
        for _ in range(dice.choice((0, 1, 2, 2))):
            currency = dice.choice(("EUR",) * 9 + ("GBP",))
            yield _Plan(
                day=day,
                person=dice.choice(_PEOPLE),
                units=dice.randrange(15_00, 1900_00, 5) * 100,
                currency=currency,
                goods=dice.choice(_GOODS),
                channel=dice.choice(("link",) * 5 + ("phone",)),
                fate=dice.choice(fates),
                invoice=dice.random() > 0.08,
            )


def _send(desk: Desk, actor: Actor, account: str, plan: _Plan) -> int:
    now = clock.now()
    first, last, language = plan.person
    amount = str(quantised(from_units(plan.units), plan.currency))
    local = (
        unicodedata.normalize("NFKD", f"{first}.{last}".lower().replace(" ", ""))
        .encode("ascii", "ignore")
        .decode()
    )
    draft = Draft(
        channel=plan.channel,
        account=account,
        first_name=first,
        last_name=last,
        email=f"{local}@example.com",
        amount=amount,
        currency=plan.currency,
        description=plan.goods,
        order_id=propose_order_id(now),
        references=(f"F-{now:%Y%m}-{now.microsecond % 9000 + 1000}" if plan.invoice else "",),
        language=language,
        expires_at=now + timedelta(days=3 if plan.fate == "forgotten" else 7),
        locale="en_GB",
        capture="later" if plan.fate == "held" else "now",
    )
    return create.create(desk, actor, draft, create.new_form_key())


def _send_list(desk: Desk, actor: Actor, shop: Shop) -> list[int]:
    """Send the list. Returns its orders, once each row has one."""
    business_ids, made = shop.send_list(desk, actor), list[int]()

    def all_made() -> bool:
        with desk.store.read() as tx:
            found = (orders.order_by_business_id(tx, shop.account, one) for one in business_ids)
            made[:] = [order.id for order in found if order is not None]
        return len(made) == len(business_ids)

    _work_until(desk, all_made)
    return made


def _pay(sandbox: SandboxControl, order: Order, fate: str) -> bool:
    """Act as the customer. Returns whether money was collected or reserved."""
    page = [order.order_id]
    if fate == "forgotten":
        return False
    if fate in ("refused", "refused_then_paid"):
        sandbox.pay(page, outcome="decline", reason=_REFUSALS[order.id % len(_REFUSALS)])
    if fate == "refused":
        return False
    sandbox.pay(page, payment_product=("visa", "mastercard", "cb")[order.id % 3])
    return True


def _after_sales(desk: Desk, actor: Actor, sandbox: SandboxControl, paid: list[tuple[str, int]]) -> None:
    """Refund and charge back some of these orders, at the end of the week."""
    for fate, order_id in paid:
        order = _order(desk, order_id)
        if fate == "charged_back":
            sandbox.chargeback(order.order_id)
        if fate in ("refunded", "part_refunded"):
            part = order.amount // 2 // 100 * 100 if fate == "part_refunded" else order.amount
            with desk.store.read() as tx:
                reference = next(
                    e.data["reference"]
                    for e in orders.events_of(tx, order_id)
                    if e.kind == "payment" and e.data["captured"]
                )
            with desk.hipay(order.account) as hipay:
                hipay.maintain(
                    reference,
                    "refund",
                    amount_units=part,
                    currency=order.currency,
                    operation_id=f"R-{order.order_id}",
                )
    _check_now(desk, actor, [order_id for _, order_id in paid])
    _drain(desk)


def _until(desk: Desk, order_ids: list[int], condition: Callable[[Order], bool]) -> None:
    """Work until every order meets the condition."""
    _work_until(desk, lambda: all(condition(_order(desk, order_id)) for order_id in order_ids))


def _work_until(desk: Desk, done: Callable[[], bool]) -> None:
    """Work until ``done``: the dashboard's own worker may have leased a step that is not finished yet."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while True:
        _drain(desk)
        if done():
            return
        if time.monotonic() > give_up:
            raise SampleRefused
        time.sleep(0.02)


def _order(desk: Desk, order_id: int) -> Order:
    with desk.store.read() as tx:
        order = orders.order(tx, order_id)
    assert order is not None
    return order


# What follows loads all that reads payout files, which a dashboard does not need to start.


def _drain(desk: Desk) -> None:
    from services.demo.drain import drain

    drain(desk)


def _fetch_payouts(desk: Desk, account: str) -> None:
    """Fetch and import the month's payout files from HiPay."""
    from services.imports import background
    from services.imports.received import fetch_requests

    fetch_requests.request_fetch(desk, WORKER, account, create.new_form_key())

    def all_here() -> bool:
        background.fetch_next(desk)  # where no worker does
        found = fetch_requests.read_fetching(desk, WORKER, account)
        return found.under_way is None and all(one.here != "reading" for one in found.payouts)

    _work_until(desk, all_here)


def _check_now(desk: Desk, actor: Actor, order_ids: list[int]) -> None:
    from services.orders import history

    history.check_now(desk, actor, order_ids)
