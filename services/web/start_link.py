"""Without an identity provider: the link that the start prints, and the cookie that a browser gets for it.

Every user of this machine can open a loopback address, and so can any page that a browser shows. So with real accounts and
no provider a browser must show the token of the link once. Each start makes a new token, unless the operator has set one:
cookies of an earlier token are refused.
"""

import hmac
import secrets
from collections.abc import Mapping
from html import escape
from urllib.parse import parse_qsl, quote, urlencode

from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Scope

from services.i18n import DASHBOARD_LANGUAGES, translator
from services.settings import Settings

PARAMETER = "desk-token"  # no name that HiPay or a screen gives to anything
_PAGE = (
    '<!doctype html><html lang="{language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>E-Terminal Desk</title><style>body{{font:1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:4rem auto;"
    "padding:0 1rem;color:#1c2530}}code{{background:#f3f5f8;padding:.1rem .3rem}}section+section{{margin-top:2.5rem}}"
    "</style><h1>E-Terminal Desk</h1>{sections}"
)


def needed(settings: Settings) -> bool:
    """Whether only the link of the start opens the dashboard: there are real accounts, and no identity provider."""
    return settings.auth is None and not settings.demo


def new_token() -> str:
    return secrets.token_urlsafe(32)


def link(settings: Settings, token: str) -> str:
    return f"{settings.dashboard_url}/?{urlencode({PARAMETER: token})}"


def home(settings: Settings, made: str) -> str:
    """The address that opens the dashboard. ``made``: the token of this start, empty where the operator has set one."""
    if not needed(settings):
        return settings.dashboard_url
    return link(settings, made) if made else f"{link(settings, '')}(ETERMINAL_DASHBOARD_TOKEN)"


class StartLink:
    """Lets a browser in that has opened the link. ``token``: the one in the link."""

    def __init__(self, settings: Settings, token: str) -> None:
        self._token = token.encode()
        self._cookie = (
            f"desk_{settings.dashboard_port}"  # a browser sends a host's cookies to every port of it
        )
        self._key = hmac.digest(self._token, b"cookie", "sha256").hex()

    def answer(self, scope: Scope, cookies: Mapping[str, str], language: str) -> Response | None:
        """The redirect that sets the cookie, or the refusal; None for a browser that has the cookie of this token."""
        if exchanged := self._exchanged(scope):
            return exchanged
        known = hmac.compare_digest(cookies.get(self._cookie, "").encode(), self._key.encode())
        return None if known else _refusal(language)

    def _exchanged(self, scope: Scope) -> Response | None:
        """The redirect to the address without its token, with the cookie; None for no token or a wrong one."""
        asked = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        shown = next((value for name, value in asked if name == PARAMETER), "")
        if (
            scope["type"] != "http"
            or scope["method"] != "GET"
            or not hmac.compare_digest(shown.encode(), self._token)
        ):
            return None
        rest = urlencode([(name, value) for name, value in asked if name != PARAMETER])
        path = quote(f"/{scope['path'].lstrip('/')}")  # one slash: two would name another host
        response = RedirectResponse(
            f"{path}?{rest}" if rest else path, 303, {"referrer-policy": "no-referrer"}
        )
        # Lax: HiPay's page leads back after a telephone payment.
        response.set_cookie(self._cookie, self._key, httponly=True, samesite="lax")
        return response


def _refusal(language: str) -> Response:
    """How to open the dashboard, in each language of the screens, the browser's first."""
    sections = "".join(
        _section(code) for code in (language, *(code for code in DASHBOARD_LANGUAGES if code != language))
    )
    return HTMLResponse(_PAGE.format(language=language, sections=sections), 403)


def _section(language: str) -> str:
    t = translator(language)
    texts = (
        t("Open the dashboard by the link that it printed when it started."),
        t(
            "It stands in the terminal or in the log of the service, and holds “{name}”. Each start prints a new one.",
            name=PARAMETER,
        ),
    )
    return f'<section lang="{language}">{"".join(f"<p>{escape(text)}</p>" for text in texts)}</section>'
