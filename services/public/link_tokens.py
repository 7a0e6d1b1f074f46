"""A link as people send it on: mail programs and messengers take a full stop, a bracket or a quotation mark for part of it.

The token is still compared as a whole and exactly; only what cannot be part of one is left out before.
"""

import re
from collections.abc import Callable, Iterator
from typing import TypeVar

from starlette.requests import Request

T = TypeVar("T")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,128}")  # what secrets.token_urlsafe writes
_LAST = 2  # signs of a token's own that may be glued to it, as in _emphasis_


def lookup(text: str, find: Callable[[str], T | None]) -> tuple[str, T | None]:
    """The token in a part of an address, and what it finds; the text itself and None where it finds nothing."""
    for token in dict.fromkeys(_spellings(text)):
        if (found := find(token)) is not None:
            return token, found
    return text, None


def _spellings(text: str) -> Iterator[str]:
    run = _TOKEN.search(text)
    if run is None:
        return
    token = run[0]
    yield token
    for _ in range(_LAST):
        if token[-1:] in ("_", "-"):
            token = token[:-1]
            yield token


def clean(request: Request, before: int, token: str) -> str:
    """The address with the token alone, relative to the one the browser used, whatever stands before us. ``before``: the
    slashes of the path up to the token."""
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    return "../" * (raw.partition(b"?")[0].count(b"/") - before) + f"./{token}"
