"""Finds the token in a link as people pass it on: mail programs add a full stop, a bracket or a quotation mark to it.

Only characters that no token has are removed; the rest is compared exactly.
"""

import re
from collections.abc import Callable, Iterator
from typing import TypeVar

from starlette.requests import Request

T = TypeVar("T")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,128}")  # what secrets.token_urlsafe writes
_LAST = 2  # characters at the end that a token may have, but that may also be added, as in _emphasis_


def lookup(text: str, find: Callable[[str], T | None]) -> tuple[str, T | None]:
    """The token in a part of an address, and what ``find`` returns for it; the text itself and None where nothing is found."""
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
    """The address that ends with the token, relative to the browser's own, since a proxy may add a path before ours.
    ``before``: the number of slashes in the path up to the token."""
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    return "../" * (raw.partition(b"?")[0].count(b"/") - before) + f"./{token}"
