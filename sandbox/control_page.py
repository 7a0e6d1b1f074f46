"""The control page: the sandbox at a glance, with a button for everything that the control API does."""

from collections import Counter

from starlette.responses import Response

from sandbox import bookkeeping, commands, faults, hosted, html, money, operations, payments
from sandbox.context import Sandbox
from sandbox.corrections import CHANGES
from sandbox.model import Transaction
from sandbox.settings import LOGIN, PASSPHRASE, PASSWORD
from sandbox.settlements import SCENARIOS
from sandbox.statuses import MESSAGES, REASONS

SHOWN = 200  # orders, newest first


def show(box: Sandbox) -> Response:
    orders = []
    waiting = Counter(each.orderid for each in box.store.undelivered.values())
    for order in list(reversed(box.store.orders.values()))[:SHOWN]:
        page = box.last_page(order)
        attempts = box.transactions(order)
        last = attempts[-1] if attempts else None
        orders.append(
            {
                "id": order.id,
                "customer": payments.holder(page) or page.fields.get("email", ""),
                "amount": money.display(page.amount, page.currency, "en"),
                "condition": hosted.condition(box, page),
                "status": f"{last.status} {MESSAGES[last.status]}" if last else "no attempt",
                "tone": _tone(last),
                "attempts": len(attempts),
                "url": hosted.url(box, page),
                "moto": page.eci == "1",
                "captured": bool(last and last.captured),
                "charged_back": bool(last and last.charged_back),
                "operations": _operations(box, attempts),
                "waiting": waiting[order.id],
            }
        )
    return html.page(
        "control.html",
        orders=orders,
        hidden=max(0, len(box.store.orders) - SHOWN),
        now=f"{box.now():%Y-%m-%d %H:%M:%S} UTC",
        moved=round(box.store.clock.offset_seconds),
        settings=box.settings,
        faults=box.faults.active,
        kinds=[kind for kind in faults.KINDS if kind not in {"off", "refuse"}],
        scenarios=SCENARIOS,
        changes=tuple(CHANGES.items()),
        unsettled=len(bookkeeping.unsettled(box)),
        settlements=[commands.settlement(box, each) for each in reversed(box.store.settlements.values())],
        mails=len(box.store.messages),
        deliveries=list(reversed(box.store.deliveries.values()))[:25],
        reasons=[(code, message) for code, (_, message) in REASONS.items()],
        account=(LOGIN, PASSWORD, PASSPHRASE),
    )


def _operations(box: Sandbox, attempts: list[Transaction]) -> list[dict[str, object]]:
    """The captures and refunds that the bank can still answer for."""
    every = [box.store.operations[each] for attempt in attempts for each in attempt.operations]
    return [
        {
            "id": each.id,
            "name": f"{each.type.lower()} {money.display(each.amount, each.currency, 'en')}",
            "requested": operations.requested(each),
        }
        for each in every
        if operations.refusable(each)
    ]


def _tone(last: Transaction | None) -> str:
    if last is None:
        return ""
    if last.status in {165, 173}:
        return "wait"
    return {"completed": "good", "pending": "wait"}.get(last.state, "bad")
