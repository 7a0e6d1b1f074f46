"""The server's log, without secrets, cookies and query strings."""

import logging
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, SecretStr

from services.settings import Settings
from services.text import card_numbers

_SHORTEST = 6  # a shorter value would blot out ordinary words
_HIDDEN = "•••"
# A request's headers as servers and clients write them at DEBUG, to the end of the line: the cookie is the sign-in.
_CREDENTIALS = re.compile(r"(?i)\b((?:set-)?cookie|authorization)(['\"]?\s*[:,]\s*).+")


class _WithoutSecrets(logging.Formatter):
    """Another formatter's text, traceback included, with every secret, header that is one, and card number replaced."""

    def __init__(self, inner: logging.Formatter, secrets: tuple[str, ...]) -> None:
        super().__init__()
        self._inner, self._secrets = inner, secrets

    def format(self, record: logging.LogRecord) -> str:
        text = self._inner.format(record)
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        return card_numbers.masked(_CREDENTIALS.sub(rf"\1\2{_HIDDEN}", text))


def set_up(settings: Settings) -> None:
    """Send the product's log to the error stream, and keep secrets out of it and out of every other log of this process.

    Called once all servers have made their loggers; a second call changes nothing.
    """
    root = logging.getLogger()
    if not root.handlers:
        logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in ("services", "pages"):
        logging.getLogger(name).setLevel(logging.INFO)
    # Streamlit logs a screen's exception, too, without the id that the reader is shown.
    logging.getLogger("streamlit.error_util").disabled = True
    access = logging.getLogger("uvicorn.access")
    if _without_query not in access.filters:
        access.addFilter(_without_query)
    secrets = tuple(sorted(set(secret_values(settings)), key=len, reverse=True))
    loggers = [
        root,
        *(found for found in logging.Logger.manager.loggerDict.values() if isinstance(found, logging.Logger)),
    ]
    for handler in {handler for logger in loggers for handler in logger.handlers}:
        if not isinstance(handler.formatter, _WithoutSecrets):
            handler.setFormatter(_WithoutSecrets(handler.formatter or logging.Formatter(), secrets))


def secret_values(settings: Settings) -> Iterator[str]:
    """Every secret that the operator has set, as it may stand in a text."""
    for secret in _secrets_in(settings.model_dump() | {"accounts": dict(settings.accounts)}):
        if len(secret) >= _SHORTEST:
            yield secret
        password = urlsplit(secret).password if "://" in secret else None
        if password and len(password) >= _SHORTEST:
            yield from {password, unquote(password)}


def _secrets_in(value: Any) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        yield from _secrets_in(dict(value))
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _secrets_in(inner)


def _without_query(record: logging.LogRecord) -> bool:
    """uvicorn's access line is (client, method, path, version, status): its path loses what follows the question mark."""
    if isinstance(record.args, tuple) and len(record.args) == 5:
        client, method, path, version, status = record.args
        record.args = (client, method, str(path).split("?")[0], version, status)
    return True
