"""Settlement lines at random."""

from datetime import date
from decimal import Decimal

from hypothesis import strategies as st

from tests.unit.settlements.writing import ENGLISH

DEBITS = ("Refund", "Chargeback", "Fixed fee", "Variable", "Monthly fee", "Rolling reserve capture")
CREDITS = ("Sale", "Chargeback refund", "Rolling reserve release")
amounts = st.one_of(
    st.integers(0, 10**9).map(lambda cents: Decimal(cents) / 100),
    st.integers(0, 10**10).map(lambda units: Decimal(units) / 1000),
    st.integers(0, 10**6).map(Decimal),
).map(lambda amount: amount.quantize(Decimal("0.001")) if amount.as_tuple().exponent == -3 else amount)
texts = st.text("abzAZ09 éàçÉü'\";,|-_/.\n", max_size=12).map(str.strip)
ids = st.text("0123456789", min_size=1, max_size=20)
days = st.dates(date(2015, 1, 1), date(2035, 12, 31))


@st.composite
def lines(draw: st.DrawFn) -> dict[str, object]:
    operation = draw(st.sampled_from(DEBITS + CREDITS))
    sign = -1 if operation in DEBITS else 1
    line: dict[str, object] = dict.fromkeys(ENGLISH)
    for name in ("Account", "Settlement ID", "Transaction ID", "Merchant operation ID"):
        line[name] = draw(ids)
    for name in ("Account name", "Order", "Customer ID", "Reporting data 1", "Reporting data 3"):
        line[name] = draw(texts)
    for name in ("Date", "Date value", "Operation date", "Transfer"):
        line[name] = draw(st.none() | days)
    for name in (
        "Original amount",
        "Amount (Excl. Tax)",
        "Tax amount",
        "Amount (Incl. Tax)",
        "Settled amount",
    ):
        line[name] = sign * draw(amounts)
    for name in ("Original currency", "Currency", "Settlement currency"):
        line[name] = draw(st.sampled_from(("EUR", "GBP", "JPY", "TND")))
    return line | {"Operation": operation}
