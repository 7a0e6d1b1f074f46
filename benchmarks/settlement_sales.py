"""Orders as a shop makes them, and in how many ways a settlement line may name one."""

from dataclasses import replace
from datetime import date
from random import Random

from benchmarks.settlement_shapes import CURRENCIES, About, Order, Payment

_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

# The styles of an order's lines, and how often each occurs. A pair: its line needs a second order.
DESK = {
    "both": 48, "reference": 10, "order": 15, "page": 8, "transaction": 8, "reference_unknown": 4, "lost": 1,
    "pair_shared": 3, "unsettled": 3,
}  # fmt: skip
LISTED = {
    "both": 36, "reference": 14, "order": 12, "reference_unknown": 4, "near_reference": 8, "near_order": 4, "suffix": 4,
    "other_column": 3, "pair_shared": 5, "pair_contradiction": 3, "unsettled": 5, "late_sale": 2,
}  # fmt: skip


def make_order(r: Random, account: str, n: int, day: date, *, listed: bool) -> Order:
    """The order of number ``n``: of the shop's own list, or of the desk with its page and HiPay's notifications."""
    currency = r.choices(CURRENCIES, [row[3] for row in CURRENCIES])[0][0]
    unit = 10_000 if currency == "JPY" else 100
    amount = r.randint(500, 60_000) * unit
    invoice = (
        f"F-2024-{n:07}",
        f"Zone {n % 7 + 1} Sud-Ouest",
        f"Caisse {n % 40 + 1}",
        "",
        f"Vendeur {n % 300:03}",
    )
    if listed:
        return Order(n, account, f"W{n:08}", "imported", invoice, currency, amount, day)
    code = "".join(_ALPHABET[n // 32**place % 32] for place in range(4, -1, -1))
    order_id = f"{day:%y%m%d}-{code}"
    pages = (order_id, f"{order_id}-2") if r.random() < 0.1 else (order_id,)
    channel = "phone" if r.random() < 0.2 else "link"
    made = Order(n, account, order_id, channel, invoice, currency, amount, day, pages)
    return replace(made, payments=_payments(r, made))


def _payments(r: Random, order: Order) -> tuple[Payment, ...]:
    reference = f"8{order.number:011}"
    chance = r.random()
    if chance < 0.03:
        return ()  # not paid, or not notified
    unit = 10_000 if order.currency == "JPY" else 100
    if chance < 0.45:  # in parts: equal ones, without an id, are twins
        half = order.amount // (2 * unit) * unit
        if chance < 0.2:
            captures: tuple[tuple[str, int], ...] = (("", half), ("", half))
        elif chance < 0.3:
            third = order.amount // (3 * unit) * unit
            captures = tuple((f"{order.order_id}-C{part + 1}", third) for part in range(3))
        else:
            captures = ((f"{order.order_id}-C1", half), (f"{order.order_id}-C2", order.amount - half))
    else:
        captures = (("", order.amount if chance < 0.97 else order.amount - unit),)
    captured = sum(amount for _, amount in captures)
    chance = r.random()
    refunds: tuple[tuple[str, int], ...] = ()
    if chance < 0.12:
        part = captured if chance < 0.06 else max(unit, captured // (3 * unit) * unit)
        refunds = ((f"{order.order_id}-R1" if chance < 0.1 else "", part),)
    back = captured if 0.12 <= chance < 0.135 else 0
    first = Payment(reference, captures, refunds, back)
    if chance > 0.997:
        return (first, Payment(f"9{order.number:011}", (("", order.amount),)))
    return (first,)


def settled_captures(r: Random, order: Order, payment: Payment) -> tuple[tuple[str, int], ...]:
    """Nearly always what was captured; else the last one is in no file yet, or of another amount."""
    chance = r.random()
    if chance > 0.03:
        return payment.captures
    if chance > 0.015:
        return payment.captures[:-1]
    operation_id, amount = payment.captures[-1]
    unit = 10_000 if order.currency == "JPY" else 100
    return (*payment.captures[:-1], (operation_id, amount + (unit if chance > 0.007 else -unit)))


def said_of(r: Random, order: Order, transaction: str, style: str, other: Order | None) -> About:
    """The cells of the lines of a transaction of the order, in one of the styles; ``other``: the second order of a pair."""
    known = bool(order.payments)
    first, *rest = order.references
    text, business_id = order.order_id, order.order_id
    outcome = "matched"
    if style == "reference":
        text = ""
    elif style == "page" and len(order.pages) > 1:
        text = order.pages[1]
    elif style == "order" or (style == "transaction" and not known):
        first = ""
    elif style == "transaction":
        text = first = ""
    elif style == "reference_unknown":
        first = f"X-{order.number:09}"
    elif style == "pair_shared" and r.random() < 0.5:
        text = ""
        outcome = "matched" if known else "ambiguous"
    elif style == "pair_contradiction" and other is not None and other.number > order.number:
        text, outcome = other.order_id, "contradictory"
    elif style == "near_reference":
        first = r.choice((first.lower(), first.replace("-", " "), f"0{first}", first.replace("-", "")))
        text, outcome = "", "suggested"
    elif style == "near_order":
        first, text, outcome = "", f"00{text}".lower(), "suggested"
    elif style == "suffix":
        first, text, outcome = "", f"{text}-{r.randint(2, 9)}", "suggested"
    elif style == "other_column":
        first, rest[0], text, outcome = "", first, "", "suggested"
    if style == "lost":
        transaction = "8.00006E+11"
    references = (first, rest[0], rest[1], rest[2], rest[3])
    product = ("visa", "mastercard", "cb", "american-express", "bancontact")[order.number % 5]
    matched = business_id if outcome == "matched" else ""
    return About(transaction, text, references, product, f"C{order.number % 50_000:06}", outcome, matched)
