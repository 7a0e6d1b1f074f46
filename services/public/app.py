"""The public application: its routes, its limits, and its answers when something of ours fails."""

import logging
import secrets
import threading
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import PurePath
from typing import TypeVar

import anyio
import anyio.to_thread
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Lifespan

from services.desk import Desk
from services.health import routes
from services.public import link_page, notifications, return_pages
from services.public.guard import guarded
from services.public.write_batcher import WriteBatcher
from services.store import Connection, StoreError, StoreFull
from services.store.orders.notifications import waiting

T = TypeVar("T")
log = logging.getLogger("services.public")

BODY_MAX = 1_000_000
_PAGES: dict[str, Callable[[Request], Response]] = {
    "return_page": return_pages.unavailable,
    "own_link": link_page.unavailable,
}


def application(
    desk: Desk, *, patience: float = 10.0, lifespan: Lifespan[Starlette] | None = None
) -> ASGIApp:
    """The ASGI application over ``desk``. ``patience``: seconds an answer may wait for the store before it is 503."""
    # SQLite lets one writer in at a time: more threads would only wait inside the database.
    writers = anyio.CapacityLimiter(1 if desk.store.sqlite else 8)
    readers = anyio.CapacityLimiter(8)
    write_batcher = WriteBatcher(desk)
    page_openers = anyio.CapacityLimiter(16)  # they wait for HiPay, not for the store

    async def in_thread(limiter: anyio.CapacityLimiter, work: Callable[[], T]) -> T:
        """Run ``work`` in a thread. After ``patience`` nobody waits for it, and it still ends by itself."""
        with anyio.fail_after(patience):
            return await anyio.to_thread.run_sync(work, abandon_on_cancel=True, limiter=limiter)

    async def store_notification(work: Callable[[Connection], bool]) -> bool:
        """Store a notification. After ``patience`` HiPay gets a 503 and sends it again; stored twice, it is stored once."""
        with anyio.fail_after(patience):
            return bool(await write_batcher(work))

    async def notify(request: Request) -> Response:
        return await notifications.accept(desk, request, notifications.PAYMENT, store_notification)

    async def notify_finance(request: Request) -> Response:
        return await notifications.accept(desk, request, notifications.FINANCE, store_notification)

    async def return_page(request: Request) -> Response:
        visit = return_pages.visit(request)
        answer = await in_thread(readers, partial(return_pages.answer, desk, visit))
        if answer.reads:
            try:
                await in_thread(writers, partial(return_pages.schedule_read, desk, answer.token))
            except (StoreError, TimeoutError):
                log.warning(
                    "a read of the order could not be scheduled at a return visit: polling reads it later"
                )
        return answer.response

    async def preview(request: Request) -> Response:
        return await in_thread(
            readers, partial(return_pages.preview, desk, return_pages.preview_request(request))
        )

    async def own_link(request: Request) -> Response:
        if request.method != "POST":
            return await in_thread(readers, partial(link_page.answer, desk, request))
        asking = threading.Event()
        try:
            return await in_thread(page_openers, partial(link_page.answer, desk, request, asking))
        except TimeoutError:
            if not asking.is_set():
                raise
            log.warning(
                "own_link: HiPay has not answered within %g s; the next visit gets its page", patience
            )
            return link_page.unavailable(request)

    async def health(_request: Request) -> Response:
        def read() -> None:
            with desk.store.read() as tx:
                waiting(tx, 1)

        with anyio.fail_after(2):
            await in_thread(readers, read)
        return JSONResponse({"status": "ok"})

    async def unavailable(request: Request, error: Exception) -> Response:
        full = isinstance(error, StoreFull)
        reason = "the store has no room on its disk" if full else "the store did not answer"
        log.error("%s: %s (%s)", _endpoint(request), reason, type(error).__name__)
        if page := _PAGES.get(_endpoint(request)):
            return page(request)
        return PlainTextResponse("Unavailable", 503, headers={"retry-after": "30"})

    async def gone(_request: Request, _error: Exception) -> Response:
        return Response(status_code=400)  # nobody is there to read it

    async def failed(request: Request, error: Exception) -> Response:
        error_id = secrets.token_hex(4)
        # Only its place and kind: an exception's own text may contain what a customer or HiPay sent.
        frames = traceback.extract_tb(error.__traceback__)[-6:]
        place = " < ".join(f"{PurePath(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))
        log.error("error %s: %s in %s: %s", error_id, type(error).__name__, _endpoint(request), place)
        return PlainTextResponse(f"Error {error_id}", 500)

    app = Starlette(
        routes=[
            Route("/notify/{account}", notify, methods=["POST"]),
            Route("/notify-finance/{account}", notify_finance, methods=["POST"]),
            Route("/return/preview/{kind}", preview),
            Route("/return/{account}/{kind}/{token:path}", return_page),
            Route("/p/{token:path}", own_link, methods=["GET", "POST"]),
            Route("/health", health),
            *routes(desk),
        ],
        exception_handlers={
            StoreError: unavailable,
            TimeoutError: unavailable,
            ClientDisconnect: gone,
            Exception: failed,
        },
        lifespan=lifespan,
        max_body_size=BODY_MAX,
    )
    app.router.redirect_slashes = False
    return guarded(app, desk.settings)


def _endpoint(request: Request) -> str:
    return str(getattr(request.scope.get("endpoint"), "__name__", "-"))
