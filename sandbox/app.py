"""The sandbox as one ASGI application."""

from functools import partial
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from sandbox import control, door, finance, gateway, html, mailbox, payment_page
from sandbox.context import Sandbox
from sandbox.faults import breakable
from sandbox.files import Dialect
from sandbox.refusals import Refusal, as_response
from sandbox.settlements import Settlement

_LOGO = Path(__file__).with_name("logo.png")  # of an invented shop, for its e-mails
_FOR_BROWSERS = ("/mailbox", "/control", "/payment")


def application(box: Sandbox) -> ASGIApp:
    async def health(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def logo(request: Request) -> Response:
        return FileResponse(_LOGO, media_type="image/png")

    settlements = partial(_settlements, box)
    dialect = partial(_dialect, box)
    apis = [*gateway.routes(box), *finance.routes(settlements, dialect, _guard, partial(_files_given, box))]
    everything: list[BaseRoute] = [
        Route("/health", health),
        Route("/logo.png", logo),
        *apis,
        Mount("/rest", routes=apis),
        *payment_page.routes(box),
        *mailbox.routes(box),
        *control.routes(box),
    ]
    app = Starlette(routes=everything, exception_handlers={HTTPException: _refused})
    app.router.redirect_slashes = False
    return door.guarded(breakable(app, box.faults), box.url)


def _guard(request: Request) -> Response | None:
    """The finance API's credentials: the same, its refusal wrapped as that API wraps them."""
    try:
        gateway.authenticate(request)
    except Refusal as refusal:
        return finance.error(refusal.status, refusal.code, refusal.message, refusal.description)
    return None


def _settlements(box: Sandbox) -> list[Settlement]:
    return list(box.store.settlements.values())


def _dialect(box: Sandbox) -> Dialect:
    return Dialect(**box.settings.file_dialect)


def _files_given(box: Sandbox) -> bool:
    return box.settings.settlement_files


async def _refused(request: Request, error: Exception) -> Response:
    """A wrong method is HiPay's 1010001; an unknown path has no code of HiPay's, so its status is used instead."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 405:
        answer = as_response(Refusal(1010001))
        if isinstance(error, HTTPException) and error.headers:
            answer.headers.update(error.headers)
        return answer
    if status == 404 and request.url.path.startswith(_FOR_BROWSERS):
        return html.page("missing.html", 404, what="This page")
    text = error.detail if isinstance(error, HTTPException) else "Internal error"
    return JSONResponse({"code": status, "message": text, "description": text}, status)
