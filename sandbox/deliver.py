"""Sending the queued notifications, again with growing gaps until one is answered 2xx.

How often and how long HiPay retries is unpublished; the gaps (a setting) are short so that one can watch it.
"""

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

from sandbox.context import Sandbox
from sandbox.model import Delivery

if TYPE_CHECKING:
    import httpx

TIMEOUT = 15.0  # seconds that the merchant may take
AT_ONCE = 16


async def run(box: Sandbox) -> None:
    """Deliver until cancelled.

    Of one order the notifications leave one after the other, in their order; one that must be sent again holds
    none of the later ones back, so that a merchant may well get 118 before 116.
    """
    import httpx

    busy: dict[str, asyncio.Task[None]] = {}
    # The merchant's certificate is not the sandbox's business; redirects are not followed, as with HiPay.
    async with httpx.AsyncClient(timeout=TIMEOUT, verify=False, trust_env=False) as client:  # noqa: S501
        try:
            while True:
                box.wake.clear()
                busy = {orderid: task for orderid, task in busy.items() if not task.done()}
                for delivery in _due(box, set(busy), AT_ONCE - len(busy)):
                    task = asyncio.create_task(_send(box, client, delivery))
                    task.add_done_callback(lambda _: box.wake.set())
                    busy[delivery.orderid] = task
                # Not wait_for: before Python 3.12 it may swallow the cancellation that ends us.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_pause(box)):
                        await box.wake.wait()
        finally:
            for task in busy.values():
                task.cancel()
            await asyncio.gather(*busy.values(), return_exceptions=True)


def _due(box: Sandbox, busy: set[str], most: int) -> list[Delivery]:
    """The oldest delivery of each order whose time has come, of orders that are not being served; `most` of them."""
    first: dict[str, Delivery] = {}
    for delivery in box.store.undelivered.values():
        if len(first) >= most:
            break
        if _is_due(delivery) and delivery.orderid not in busy:
            first.setdefault(delivery.orderid, delivery)
    return list(first.values())


def _pause(box: Sandbox) -> float | None:
    """Seconds until the next delivery is due; those already due wait for a task to end, which wakes the loop."""
    waiting = box.store.undelivered.values()
    if not waiting or any(_is_due(delivery) for delivery in waiting):
        return None
    return max(0.0, min(delivery.due or 0.0 for delivery in waiting) - time.time())


def _is_due(delivery: Delivery) -> bool:
    return delivery.due is not None and delivery.due <= time.time()


async def _send(box: Sandbox, client: "httpx.AsyncClient", delivery: Delivery) -> None:
    import httpx

    headers = {
        "Content-Type": delivery.content_type,
        "X-Allopass-Signature": delivery.signature,
        "User-Agent": "HiPay",
    }
    try:
        answer = await client.post(delivery.url, content=delivery.body.encode(), headers=headers)
        delivery.status = answer.status_code
        delivery.answers.append(str(answer.status_code))
        done = answer.is_success
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        delivery.status = None
        delivery.answers.append(type(error).__name__)
        done = False
    if box.store.deliveries.get(delivery.id) is not delivery:
        return  # the sandbox was reset meanwhile
    delivery.tries += 1
    gaps = box.settings.retry_gaps
    given_up = delivery.tries > len(gaps)
    delivery.due = None if done or given_up else time.time() + gaps[delivery.tries - 1]
    box.store.save(delivery)


def again(box: Sandbox, orderid: str) -> int:
    """Send every notification of an order once more, the same bytes; returns how many."""
    found = [each for each in box.store.deliveries.values() if each.orderid == orderid]
    with box.store.change():
        for delivery in found:
            delivery.due = time.time()
            delivery.tries = 0
            box.store.save(delivery)
    box.wake.set()
    return len(found)
