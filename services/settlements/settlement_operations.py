"""What HiPay's operation types are and do to the merchant's balance.

Source: HiPay's developer portal, "Operation types" (28 types, three of them renamed).
"""

from dataclasses import dataclass
from typing import Literal

from services.text.headings import plain

Kind = Literal[
    "sale",
    "refund",
    "chargeback",
    "chargeback_refund",
    "fee",
    "reserve",
    "adjustment",
    "transfer",
    "balance",
    "control",
    "unknown",
]
# Lines that belong to one order each: what the join must find.
ORDER_KINDS: tuple[Kind, ...] = ("sale", "refund", "chargeback", "chargeback_refund")
# Lines of the account itself, by kind or by code: no order is missed where none of their keys finds one.
ACCOUNT_KINDS: tuple[Kind, ...] = ("reserve", "adjustment", "transfer", "balance")
ACCOUNT_CODES = ("monthly_fee", "setup_fee")


@dataclass(frozen=True)
class Operation:
    """`sign`: +1 credits the merchant, -1 debits, 0 either. `control`: a total of the others, not money of its own."""

    code: str
    label: str  # in the reader's words, the msgid
    kind: Kind
    sign: int
    former: tuple[
        str, ...
    ] = ()  # other names: HiPay's where the label is ours, former ones, short forms, French ones


OPERATIONS: tuple[Operation, ...] = (
    Operation("sale", "Sale", "sale", 1, ("Vente",)),
    Operation("refund", "Refund", "refund", -1, ("Remboursement",)),
    Operation("chargeback", "Chargeback", "chargeback", -1, ("Impayé",)),
    Operation("chargeback_refund", "Chargeback refund", "chargeback_refund", 1, ("Remboursement d'impayé",)),
    Operation("fixed_fee", "Fixed fee", "fee", -1, ("Frais fixe", "Frais fixes")),
    Operation("variable", "Percentage fee", "fee", -1, ("Variable", "Variable fee", "Frais variable", "Frais variables")),
    Operation("monthly_fee", "Monthly fee", "fee", -1, ("Frais mensuel", "Frais mensuels", "Abonnement")),
    Operation("setup_fee", "Setup fee", "fee", -1, ("Frais d'installation", "Frais de mise en service")),
    Operation("iff", "IFF (Fraud Financial Impact)", "fee", -1, ("IFF", "Fraud Financial Impact")),
    Operation("fixed_reserve_capture", "Fixed reserve capture", "reserve", -1),
    Operation("fixed_reserve_release", "Fixed reserve release", "reserve", 1),
    Operation("rolling_reserve_capture", "Rolling reserve capture", "reserve", -1),
    Operation("rolling_reserve_release", "Rolling reserve release", "reserve", 1),
    Operation("adjustment_merchant", "Adjustment in favour of the merchant", "adjustment", 1,
              ("Adjustment in favor of merchant", "Adjustment in favour of merchant", "Ajustement en faveur du marchand")),
    Operation("adjustment_tpp", "Adjustment in favour of HiPay", "adjustment", -1,
              ("Adjustment in favor of TPP", "Adjustment in favour of TPP", "Ajustement en faveur de TPP")),
    Operation("transferred_from_merchant", "Transferred from merchant", "transfer", -1),
    Operation("transferred_to_merchant", "Transferred to merchant", "transfer", 1),
    Operation("already_settled", "Already settled", "balance", 0),
    Operation("asset_settlement", "Asset settlement", "balance", 0),
    Operation("deferred_settlement", "Deferred settlement", "balance", 0),
    Operation("invoice_carry_over", "Invoice carry-over", "balance", 0,
              ("Invoice asset", "Invoice carry-over (formerly Invoice asset)")),
    Operation("invoice_to_be_paid_by_tpp", "Invoice to be paid by HiPay", "balance", 0, ("Invoice to be paid by TPP",)),
    Operation("invoice_payment", "Invoice payment", "balance", 0),
    Operation("deferred_invoice", "Deferred invoice", "balance", 0,
              ("Invoice report", "Deferred invoice (formerly Invoice report)")),
    Operation("offsetting_entry", "Offsetting entry", "balance", 0,
              ("Merchant's balance credit", "Merchant balance credit",
               "Offsetting entry (formerly Merchant's balance credit)")),
    Operation("settlement", "Payout", "control", 0, ("Settlement", "Règlement", "Reversement")),
    Operation("split_settlement", "Split payout", "control", 0, ("Split settlement",)),
    Operation("splitting_settlement", "Splitting payout", "control", 0, ("Splitting settlement",)),
)  # fmt: skip
BY_CODE: dict[str, Operation] = {operation.code: operation for operation in OPERATIONS}


def _squeezed(text: str) -> str:
    return plain(text).replace(" ", "")


_BY_NAME = {
    _squeezed(name): operation
    for operation in OPERATIONS
    for name in (operation.label, operation.code, *operation.former)
}


def operation(text: str) -> Operation | None:
    """The operation that a cell names, by its present or a former name; None for one that is not known."""
    return _BY_NAME.get(_squeezed(text))
