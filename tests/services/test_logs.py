"""Secrets and query strings stay out of the server's log."""

import io
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from services import logs
from services.settings import Settings
from tests.support.desk import CLIENT, PROVIDER, settings_for

CANARY = "canary-1f0c"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    account = {
        "name": "Shop",
        "environment": "stage",
        "login": "user",
        "password": f"{CANARY}-password",
        "passphrase": f"{CANARY}-passphrase",
        "previous_passphrase": f"{CANARY}-previous",
    }
    return settings_for(
        tmp_path,
        accounts={"shop": account},
        smtp_url=f"smtps://me:{CANARY}%2Fmail@mail.example.com",
        database_url=f"postgresql://u:{CANARY}-db@db/desk",
        auth={
            **PROVIDER,
            "cookie_secret": f"{CANARY}-cookie-0123456789abcdef",
            "other": {**CLIENT, "client_secret": f"{CANARY}-client"},
        },
    )


@pytest.fixture
def log(settings: Settings) -> Iterator[io.StringIO]:
    """What a handler of another program's making would write."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logger = logging.getLogger("someone.else")
    logger.addHandler(handler)
    logs.set_up(settings)
    yield stream
    logger.removeHandler(handler)


def test_no_secret_is_written_whatever_writes_it(settings: Settings, log: io.StringIO) -> None:
    logger = logging.getLogger("someone.else")
    for secret in logs.secret_values(settings):
        logger.error("said: %s", secret)
        try:
            raise ValueError(secret)
        except ValueError:
            logger.exception("raised")
    logger.error("decoded %s/mail", CANARY)
    assert "said: •••" in log.getvalue()
    assert "ValueError: •••" in log.getvalue()
    assert CANARY not in log.getvalue()


def test_the_access_log_loses_query_strings(log: io.StringIO) -> None:
    line = ("127.0.0.1:9", "GET", "/phone-return/accept/abc?hash=secret", "1.1", 303)
    record = logging.LogRecord("uvicorn.access", logging.INFO, "", 0, '%s - "%s %s HTTP/%s" %d', line, None)
    assert logging.getLogger("uvicorn.access").filter(record)
    assert "hash" not in record.getMessage()
    assert "/phone-return/accept/abc HTTP" in record.getMessage()


@pytest.mark.parametrize(
    "line",
    [
        "< cookie: _streamlit_user=canary-1f0c; b=2",
        "> Set-Cookie: _streamlit_user=canary-1f0c; Path=/",
        "return_value=(b'HTTP/1.1', 200, b'OK', [(b'date', b'x'), (b'set-cookie', b'canary-1f0c')])",
        "{'Authorization': 'Basic canary-1f0c'}",
    ],
)
def test_the_headers_that_open_doors_are_not_written(log: io.StringIO, line: str) -> None:
    logging.getLogger("someone.else").error("%s\nthe next line", line)
    assert CANARY not in log.getvalue()
    assert "•••\nthe next line" in log.getvalue()
