"""The person of a request, by the sign-in cookie of their browser, and what they may do now."""

import json
import re
from collections.abc import Mapping

import anyio.to_thread
from itsdangerous import BadData, URLSafeTimedSerializer

from services.access import NotSignedIn, Right, sign_in
from services.desk import Desk

_COOKIE = (
    "_streamlit_user"  # signed by Streamlit with the provider's cookie_secret, each part's name for salt
)
_COOKIE_AGE = 31 * 24 * 3600  # Streamlit's thirty days, and one
_PARTS = re.compile(r"chunks-(\d{1,2})")  # what stands in it when the claims are longer than one cookie
_LOCAL = "local"  # the session of the one local user, which no cookie names


class People:
    def __init__(self, desk: Desk) -> None:
        self._desk, self._auth = desk, desk.settings.auth

    def session(self, cookies: Mapping[str, str]) -> str:
        """The session that the browser's cookies stand for, whether or not it lives; "" for none and for a forged one."""
        if self._auth is None:
            return _LOCAL
        try:
            text = self._signed(cookies, _COOKIE)
            if parts := _PARTS.fullmatch(text):
                text = "".join(
                    self._signed(cookies, f"{_COOKIE}_{number + 1}") for number in range(int(parts[1]))
                )
            return sign_in.session_of(self._desk, json.loads(text))
        except (BadData, ValueError, TypeError, AttributeError, NotSignedIn):
            return ""

    async def rights(self, session: str) -> tuple[str, frozenset[Right]]:
        """Who holds the session, and what they may do at this moment: nothing once it has ended or they are disabled."""
        if session == _LOCAL:
            return _LOCAL, frozenset(Right)
        return await anyio.to_thread.run_sync(sign_in.held_by, self._desk, session)

    def _signed(self, cookies: Mapping[str, str], name: str) -> str:
        assert self._auth is not None
        secret = self._auth.cookie_secret.get_secret_value()
        return str(
            URLSafeTimedSerializer(secret, salt=name).loads(cookies.get(name, ""), max_age=_COOKIE_AGE)
        )
