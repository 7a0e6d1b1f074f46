"""Movements and settlements to test with."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from sandbox.files import Dialect
from sandbox.money import exponent
from sandbox.settlements import OPERATIONS, Movement, settle

AT = datetime(2026, 3, 12, 6, 0, tzinfo=UTC)


def movement(kind="capture", amount="100.00", currency="EUR", transaction="800006445363", **changes):
    fields = {
        "orderid": "A-1",
        "requested_at": AT - timedelta(days=3),
        "at": AT - timedelta(days=2),
        "product": "visa",
        "customer_id": "C42",
        "operation_id": "op-1",
        "reporting": ("INV-2026-001", "", "", "", ""),
    }
    return Movement(kind, transaction, amount=Decimal(amount), currency=currency, **(fields | changes))


def run(movements, **options):
    options = {"first_id": 500, "at": AT, "account": "1234567", "account_name": "Maison Été"} | options
    return settle(movements, **options)


def lines(settlement, *operations):
    return [row for row in settlement.rows if row["Operation"] in operations]


def amounts(settlement, *operations):
    return [str(row["Settled amount"]) for row in lines(settlement, *operations)]


# Text as a merchant may type it: no control characters but line ends, nothing that Windows-1252 lacks.
texts = st.text(st.sampled_from("aZ09 é€ß;,\t\"'.-=\n\r"), max_size=12)
currencies = st.sampled_from(["EUR", "EUR", "GBP", "JPY", "KWD", "NZD"])


@st.composite
def movements(draw):
    currency = draw(currencies)
    at = AT - timedelta(hours=draw(st.integers(0, 100)))
    return Movement(
        kind=draw(st.sampled_from(sorted(OPERATIONS))),
        transaction=f"80000644536{draw(st.integers(0, 4))}",
        orderid="A-" + draw(texts),
        amount=Decimal(draw(st.integers(1, 10**9))).scaleb(-exponent(currency)),
        currency=currency,
        requested_at=at,
        at=at,
        product=draw(texts),
        customer_id=draw(texts),
        operation_id=draw(texts),
        reporting=tuple(draw(texts) for _ in range(5)),
    )


dialects = st.builds(
    lambda signs, **fields: Dialect(decimal=signs[0], thousands=signs[1], **fields),
    signs=st.sampled_from([(".", ""), (".", ","), (".", " "), (",", ""), (",", "."), (",", " ")]),
    delimiter=st.sampled_from([";", ",", "\t"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"]),
    date=st.sampled_from(["iso", "dmy"]),
    debit_sign=st.sampled_from(["negative", "positive"]),
    header_language=st.sampled_from(["en", "fr"]),
    preamble=st.booleans(),
    totals=st.booleans(),
)
