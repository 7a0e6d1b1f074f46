"""The dashboard as an ASGI application: ``streamlit run app.py``, ``python app.py`` or ``uvicorn app:app``.

The router lies inside ``pages/``. If it lay next to that folder, Streamlit would run each file of it at an address of its
own, without the router and its sign-in.
"""

import logging
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

ROOT = Path(__file__).resolve().parent
if str(ROOT) not in sys.path:  # uvicorn started from another folder
    sys.path.insert(0, str(ROOT))

from services import private_files  # noqa: E402

private_files.set_umask()

from pages.components.open_screens import OpenScreens, record_given_files  # noqa: E402
from services import health  # noqa: E402
from services.entrypoints.dashboard_lifespan import (  # noqa: E402
    ready_message,
    refuse_open_door,
    refuse_other_address,
    running,
)
from services.entrypoints.programs import NotStarted, dashboard, taken_ports  # noqa: E402
from services.opening import desk_or_exit  # noqa: E402
from services.settings import Settings  # noqa: E402
from services.web import start_link  # noqa: E402
from services.web.guard import Guard  # noqa: E402
from services.web.uploads import Uploads  # noqa: E402

if st.get_option("server.trustedUserHeaders"):
    sys.exit(
        "server.trustedUserHeaders lets any request say who it comes from: remove it, and let people sign in by [auth]."
    )


def check_address(settings: Settings) -> None:
    refuse_open_door(settings)
    # Under `streamlit run` the address comes from its flags and its config.toml.
    if "streamlit.web.cli" in sys.modules:
        refuse_other_address(settings, st.get_option("server.address"), st.get_option("server.port"))


desk = desk_or_exit(check_address)
configured_token = desk.settings.dashboard_token
token = configured_token.get_secret_value() if configured_token else start_link.new_token()
opens_by_link = start_link.needed(desk.settings)


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    # On the main thread: a child process ends with the thread that started it.
    with ExitStack() as stack:
        try:
            stack.enter_context(running(desk))
        except NotStarted as refusal:
            sys.stderr.write(f"{refusal}\n")
            sys.stderr.flush()
            os._exit(1)  # Starlette would print the sentence inside a traceback; nothing else runs yet
        # `services.run` hides this message, since it prints the same; a link made here must be printed here.
        if (
            __name__ == "__main__"
            or not st.get_option("logger.hideWelcomeMessage")
            or (opens_by_link and not configured_token)
        ):
            home = start_link.home(desk.settings, "" if configured_token else token)
            sys.stdout.write(ready_message(desk.settings, [("Dashboard", home)]))
            sys.stdout.flush()
        yield


def phone_return(request: Request) -> Response:
    """Redirect the operator, back from HiPay's page after a telephone payment, to an address without secrets."""
    from services.orders.staff_return import staff_return

    path = staff_return(desk, request.path_params["token"])
    return RedirectResponse(path, 303, {"Referrer-Policy": "no-referrer"})


def on_script_error(error: Exception) -> bool:
    from pages.shell.failure import show_failure

    return show_failure(error)


record_given_files()
app = st.App(
    ROOT / "pages" / "main.py",
    secrets={"auth": desk.settings.auth.for_streamlit()} if desk.settings.auth else None,
    lifespan=lifespan,
    routes=[
        *health.routes(desk),
        Route("/phone-return/{kind}/{token}", phone_return, methods=["GET"]),
    ],
    middleware=[
        Middleware(
            Guard,
            desk=desk,
            uploads=Uploads(OpenScreens()),
            index=Path(st.__file__).with_name("static") / "index.html",
            base=st.get_option("server.baseUrlPath") or "",
            link=start_link.StartLink(desk.settings, token) if opens_by_link else None,
        )
    ],
    on_script_error=on_script_error,
)

if __name__ == "__main__":
    # The server handles these signals: it shuts down and then raises them again, which must do nothing more.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _signal, _frame: None)
    if taken := taken_ports((dashboard(desk.settings),)):
        sys.exit("\n".join(taken))
    # Streamlit would print an address without the link, and warn that a port other than config.toml's needs a restart.
    logging.getLogger("streamlit.config").disabled = True
    app.run(
        config={
            "server.address": desk.settings.dashboard_host,
            "server.port": desk.settings.dashboard_port,
            "logger.hideWelcomeMessage": True,
        }
    )
