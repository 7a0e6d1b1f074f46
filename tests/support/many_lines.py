"""Payout lines by the hundred thousand, put into the store by the database itself: for the plans of queries."""

from itertools import product

from sqlalchemy import Connection, text

from services import clock
from services.desk import Desk
from services.store.schema.payout_lines import COMMON_TEXTS
from services.store.schema.settlement_files import settlement_files
from services.store.settlements.lines import line_codes

_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count)"
# A sale in two, a fee in two; rare refunds, chargebacks, adjustments and unknown operations.
_OPERATION = (
    "CASE WHEN i % 20000 = 7 THEN 'adjustment_tpp' WHEN i % 2000 = 9 THEN '' WHEN i % 200 = 3 THEN 'chargeback'"
    " WHEN i % 50 = 5 THEN 'refund' WHEN i % 2 = 0 THEN 'sale' ELSE 'fixed_fee' END"
)
_OUTCOME = (
    "CASE WHEN i % 100 = 4 THEN 'unmatched' WHEN i % 500 = 8 THEN 'suggested' WHEN i % 2000 = 12 THEN 'ambiguous'"
    " WHEN i % 20000 = 7 THEN 'account_level' ELSE 'matched' END"
)
_CURRENCY = "CASE WHEN i % 40 = 1 THEN 'GBP' ELSE 'EUR' END"
_LINES = f"""
INSERT INTO payout_lines (id, "group", file, payout, date_day, date_value_day, transfer_day, operation_date_day,
  settled_amount_units, "order", reason, transaction_id, original_amount_units, common, line, identity, key,
  merchant_operation_id, loose_reference, loose_order, texts)
{_NUMBERS}
SELECT i + 1, line_groups.id, i / 50000 + 1, payouts.id, CAST(replace(LINE_DAY, '-', '') AS INTEGER), 0, 0, 0,
  CASE WHEN i % 1000 = 999 THEN NULL ELSE (i * 7919 % 500000 - 20000) * 100 END,
  CASE WHEN {_OUTCOME} = 'matched' THEN i / 5 + 1 END, :reason, CAST(800000000 + i / 4 AS TEXT), 100000, :common,
  i % 50000 + 2, LINE_DIGEST, LINE_DIGEST, '', 'inv' || (i / 5), 'a' || (i / 5),
  '["","","INV-' || (i / 5) || '","A-' || (i / 5) || '"]'
FROM n
JOIN line_groups ON line_groups.outcome = {_OUTCOME} AND line_groups.operation_code = {_OPERATION}
  AND line_groups.settlement_currency = {_CURRENCY}
JOIN payouts ON payouts.settlement_id = CAST(i / 10000 AS TEXT) AND payouts.currency = {_CURRENCY}
"""
_DAY = "CAST({0}(date_day) AS TEXT)"
_ISO = f"substr({_DAY}, 1, 4) || '-' || substr({_DAY}, 5, 2) || '-' || substr({_DAY}, 7, 2)"
_TOTALS = f"""
INSERT INTO line_totals (file, account, settlement_id, settlement_currency, kind, operation_code, operation, outcome, lines,
  settled_units, moved_units, first_date, last_date)
SELECT file, line_groups.account, settlement_id, settlement_currency, kind, operation_code, '', outcome, count(*),
  coalesce(sum(settled_amount_units), 0), coalesce(sum(abs(settled_amount_units)), 0), {_ISO.format("min")}, {_ISO.format("max")}
FROM payout_lines JOIN line_groups ON line_groups.id = payout_lines."group" JOIN payouts ON payouts.id = payout
GROUP BY file, line_groups.account, settlement_id, settlement_currency, kind, operation_code, outcome
"""
_ORDERS = f"""
INSERT INTO orders (id, account, order_id, channel, form_key, mark, first_name, last_name, email, phone, language, amount,
  currency, description, reference_1, reference_2, reference_3, reference_4, reference_5, capture, expires_at, copy_to,
  created_at, actor_kind, actor_id, sender_name, search, delivery, availability, payment, authorised, captured, refunded,
  charged_back, failure, failure_detail)
{_NUMBERS}
SELECT i + 1, 'demo', 'A-' || i, 'link', 'f' || i, 'm' || i, 'Jo', 'Do', 'a@example.com', '', 'en', 100000, 'EUR', 'x',
  'INV-' || i, '', '', '', '', 'now', '2026-12-01 00:00:00', '', '2026-01-01 00:00:00', 'user', 'u', 'x', 'x', 'sent',
  'open', 'captured', 0, 100000, 0, 0, '', '{{}}'
FROM n
"""
_KEYS = """
INSERT INTO order_keys (loose, account, kind, text, "order")
SELECT 'inv' || (id - 1), 'demo', 'reference_1', 'INV-' || (id - 1), id FROM orders
"""
_POSITIONS = """
INSERT INTO order_positions ("order", account, status, currency, amount_units, captured_units, captures, gross_units,
  refunds_units, chargebacks_units, won_units, open_units, invoice_currency, settlement_currency, settlement_ids,
  first_date, last_date, lines, paid_at)
SELECT id, 'demo', CASE WHEN id % 50 = 0 THEN 'paid_not_settled' WHEN id % 90 = 0 THEN 'settled_under' ELSE 'settled_in_full' END,
  'EUR', amount, amount, 1, amount, 0, 0, 0, 0, 'EUR', 'EUR', '1', '2026-01-01', ORDER_DAY,
  5, CASE WHEN id % 50 = 0 THEN PAID_AT END FROM orders
"""


def fill(desk: Desk, lines: int) -> None:
    """So many lines in complete files of 50,000 each, and an order to every five."""
    with desk.store.write() as tx:
        for number in range((lines - 1) // 50_000 + 1):
            tx.execute(
                settlement_files.insert().values(
                    id=number + 1,
                    account="demo",
                    name=f"{number}.csv",
                    sha256=str(number),
                    source="upload",
                    state="complete",
                    first_line_id=number * 50_000 + 1,
                    last_line_id=min(lines, (number + 1) * 50_000),
                    lines=min(50_000, lines),
                    uploaded_at=clock.now(),
                    alive_at=clock.now(),
                    actor_kind="user",
                    actor_id="u",
                )
            )
        tx.execute(text(_ORDERS), {"count": lines // 5 + 1})
        tx.execute(text(_dated(_LINES, desk)), {"count": lines, **_numbers(tx, lines)})
        for statement in (_TOTALS, _KEYS, _dated(_POSITIONS, desk)):
            tx.execute(text(statement))


def _numbers(tx: Connection, lines: int) -> dict[str, int]:
    """The numbers of what these lines have in common; of their groups and payouts they find themselves."""
    settlements, currencies = range((lines - 1) // 10_000 + 1), ("EUR", "GBP")
    line_codes.number(
        tx, "payout", [("demo", str(one), currency) for one in settlements for currency in currencies]
    )
    codes = ("adjustment_tpp", "", "chargeback", "refund", "sale", "fixed_fee")
    outcomes = ("unmatched", "suggested", "ambiguous", "account_level", "matched")
    groups = product(("demo",), outcomes, codes, ("sale",), currencies)
    line_codes.number(tx, "group", list(groups))
    [reason] = line_codes.number(tx, "reason", [("keys_agree", "reference", "")]).values()
    [common] = line_codes.number(tx, "common", [("1", *[""] * (len(COMMON_TEXTS) - 1))]).values()
    return {"reason": reason, "common": common}


def _dated(statement: str, desk: Desk) -> str:
    """The statement with its days and its moment as the database counts and writes them."""
    day = (
        "date('2026-01-01', '+' || ({}) || ' days')"
        if desk.store.sqlite
        else "CAST(DATE '2026-01-01' + CAST({} AS INTEGER) AS TEXT)"
    )
    moment = "'2026-01-02 00:00:00'" if desk.store.sqlite else "TIMESTAMPTZ '2026-01-02 00:00:00Z'"
    digest = (
        "CAST(substr('000000000000000' || (i + 1), -16) AS BLOB)"
        if desk.store.sqlite
        else "convert_to(lpad(CAST(i + 1 AS TEXT), 16, '0'), 'UTF8')"
    )
    words = {
        "LINE_DIGEST": digest,
        "LINE_DAY": day.format("i / 3000"),
        "ORDER_DAY": day.format("id / 3000"),
        "PAID_AT": moment,
    }
    for word, written in words.items():
        statement = statement.replace(word, written)
    return statement
