"""The rows of a table, checked for one account at one moment."""

from datetime import UTC, datetime

from pydantic import SecretStr

from services.bulk import cells, rows, table
from services.bulk.columns import REQUESTS
from services.bulk.rows import Bad, Good, Rules
from services.settings.account import Account

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
ACCOUNT = Account(
    key="demo",
    name="Shop",
    environment="sandbox",
    login="l",
    password=SecretStr("p"),
    passphrase=SecretStr("s"),
)
RULES = Rules("fr", 7, "fr")


def checked(raw: bytes, rules: Rules = RULES) -> tuple[list[Good], list[Bad]]:
    read = table.read(raw, REQUESTS, 5000)
    decimal = cells.decide(read, rules.decimal).decimal
    assert decimal is not None
    return rows.check_rows(read, ACCOUNT, rules, decimal, NOW)
