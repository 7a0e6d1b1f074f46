"""The calls of HiPay's public API for one merchant account."""

import itertools
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Literal, Self
from urllib.parse import quote

from services import money
from services.hipay import answers, readings, settlement_readings
from services.hipay.answers import Answer, content, is_not_found
from services.hipay.errors import AnswerTooLarge, FieldInvalid, NotAuthorised, NotFound
from services.hipay.fields import PageRequest
from services.hipay.observations import Observation
from services.hipay.readings import CreatedPage, Maintained, OrderRead, Product
from services.hipay.settlement_readings import SettlementItem
from services.settings.account import Account

if TYPE_CHECKING:
    import httpx

TOTAL_SECONDS = (
    60.0  # HiPay recommends 60 s: a shorter limit loses answers, and leaves pages unknown to the caller.
)
_FILE_SECONDS = 1800.0
FILE_MAX = 4 << 30  # bytes of one settlement file

# Where each API lives (HiPay's OpenAPI descriptions): hosted page, gateway v1 and v2, consultation v3, finance.
_HOSTS = {
    "stage": (
        "https://stage-api.hipay.com",
        "https://stage-secure-gateway.hipay-tpp.com/rest",
        "https://stage-api-gateway.hipay.com",
        "https://stage-api.hipay-tpp.com",
    ),
    "production": (
        "https://api.hipay.com",
        "https://secure-gateway.hipay-tpp.com/rest",
        "https://api-gateway.hipay.com",
        "https://api.hipay-tpp.com",
    ),
}


class HiPay:
    """One account's calls over one connection pool; a context manager. Use one for each thread.

    ``sandbox_url`` is the root of the sandbox, for an account of that environment only. ``seconds`` is the total time
    of a call. Every method raises HiPayError (services.hipay.errors); amounts are units of 1/10000.
    """

    def __init__(
        self,
        account: Account,
        *,
        sandbox_url: str | None = None,
        transport: "httpx.BaseTransport | None" = None,
        seconds: float = TOTAL_SECONDS,
    ) -> None:
        self._sandbox = account.environment == "sandbox"
        if self._sandbox:
            if not sandbox_url:
                raise ValueError("a sandbox account needs the address of the sandbox")
            root = sandbox_url.rstrip("/")
            self._page, self._gateway, self._consultation, self._finance = root, f"{root}/rest", root, root
        else:
            self._page, self._gateway, self._consultation, self._finance = _HOSTS[account.environment]
        self._account = account
        self._seconds = seconds
        from services.hipay.http import Http  # not above: httpx is loaded where HiPay is called

        self._http = Http(transport)
        self._consultation_closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"HiPay({self._account.key!r})"

    def close(self) -> None:
        self._http.close()

    def create_page(self, request: PageRequest) -> CreatedPage:
        """Create the hosted page of an order. There is no idempotency key: use the same order id on every retry.

        Raises DuplicateOrder and PageOver for an order id that HiPay knows, UntrustedUrl for a page elsewhere.
        """
        answer = self._send("POST", f"{self._page}/v1/hpayment", form=request.form())
        return readings.created_page(content(answer), loopback=self._sandbox)

    def read_order(self, order_id: str) -> OrderRead | None:
        """The order's present state; None where HiPay does not know it, as before the customer first tries to pay.

        Where the account may not use the consultation API (401, 403) the older API of the gateway is read.
        """
        if not self._consultation_closed:
            answer = self._send("GET", f"{self._consultation}/v3/order/{_segment('orderid', order_id)}")
            if is_not_found(answer):
                return None
            try:
                return readings.order_read(content(answer), order_id)
            except NotAuthorised:
                # Wrong credentials fail on the older API too, and that error is raised.
                read = self.read_transactions(order_id)
                self._consultation_closed = True
                return read
        return self.read_transactions(order_id)

    def read_transactions(self, order_id: str) -> OrderRead | None:
        """The same from `GET /v1/transaction?orderid=` (deprecated by HiPay)."""
        answer = self._send("GET", f"{self._gateway}/v1/transaction", params={"orderid": order_id})
        if is_not_found(answer):
            return None
        empty = answer.status < 300 and not answer.body.strip()
        return None if empty else readings.transactions_read(content(answer), order_id)

    def read_operation(self, operation_id: str) -> tuple[Observation, ...]:
        """The transactions with a capture or refund under this ``operation_id``; none where HiPay knows none yet, which does
        not prove that it was not asked.

        Raises NotAuthorised where the account may not use the consultation API.
        """
        url = f"{self._consultation}/v3/transactions/opid/{_segment('operation_id', operation_id)}"
        answer = self._send("GET", url)
        return () if is_not_found(answer) else readings.found_transactions(content(answer))

    def maintain(
        self,
        reference: str,
        operation: Literal["capture", "refund", "cancel", "acceptChallenge", "denyChallenge"],
        *,
        amount_units: int | None = None,
        currency: str | None = None,
        operation_id: str | None = None,
    ) -> Maintained:
        """Capture, refund or cancel a transaction; without an amount, all of it.

        ``operation_id`` comes back in the settlement file as "Merchant operation ID". After OutcomeUnknown look it up
        (``read_operation``): it may be done. Raises NotFound for an unknown reference.
        """
        form = {"operation": operation, "currency": currency or "", "operation_id": operation_id or ""}
        if amount_units is not None:
            if currency is None or amount_units <= 0:
                raise FieldInvalid("amount")
            form["amount"] = money.wire(amount_units, currency)
        url = f"{self._gateway}/v1/maintenance/transaction/{_segment('transaction_reference', reference)}"
        answer = self._send("POST", url, form={name: value for name, value in form.items() if value})
        if is_not_found(answer):
            raise NotFound("transaction", reference)
        return readings.maintained(content(answer), reference, operation)

    def security_settings(self) -> str:
        """The hash algorithm that HiPay signs with for this account: sha1, sha256 or sha512."""
        return readings.hashing_algorithm(content(self._send("GET", f"{self._gateway}/v2/security-settings")))

    def payment_products(
        self, eci: int, currency: str | None = None, operation: int = 4
    ) -> tuple[Product, ...]:
        """The payment products of a channel (ECI 7 link, 1 telephone); none: the account cannot take that channel.

        ``operation`` 4 is the capture, as HiPay's own clients ask.
        """
        params = {"eci": str(eci), "operation": str(operation), "with_options": "false"}
        if currency:
            params["currency"] = currency
        url = f"{self._gateway}/v2/available-payment-products.json"
        answer = self._send("GET", url, params=params)
        return () if answer.status == 204 else readings.products(content(answer))

    def settlements(
        self,
        page: int = 1,
        per_page: int = 50,
        *,
        date_from: date | None = None,
        date_to: date | None = None,
    ) -> tuple[SettlementItem, ...]:
        """One page of the account's payouts. They exist in production only."""
        params = {"sort": "settlementid", "page": str(page), "per_page": str(per_page)}
        params |= {
            name: day.isoformat() for name, day in (("date_from", date_from), ("date_to", date_to)) if day
        }
        answer = self._send("GET", f"{self._finance}/v1/settlement", params=params, finance=True)
        return () if is_not_found(answer) else settlement_readings.settlement_items(content(answer))

    def settlement(self, settlement_id: str) -> SettlementItem | None:
        """One payout, or None."""
        url = f"{self._finance}/v1/settlement/{_segment('settlementid', settlement_id)}"
        answer = self._send("GET", url, finance=True)
        return None if is_not_found(answer) else settlement_readings.settlement_item(content(answer))

    def settlement_file(
        self, settlement_id: str, ext: Literal["csv", "txt", "xls"], *, limit: int = FILE_MAX
    ) -> Iterator[bytes]:
        """The payout's file, piece by piece, in half an hour and ``limit`` bytes at most. Errors come with the first
        piece, or later when the file is cut off: the pieces before must then be discarded. Raises NotFound, AnswerTooLarge."""
        if ext not in ("csv", "txt", "xls"):
            raise FieldInvalid("ext")
        url = f"{self._finance}/v1/settlement/{_segment('settlementid', settlement_id)}/raw.{ext}"
        auth = self._credentials(finance=True)
        with self._http.stream("GET", url, auth=auth, seconds=_FILE_SECONDS) as (status, pieces):
            if status >= 300:
                answer = Answer(status, b"".join(itertools.islice(pieces, 64)))
                if is_not_found(answer):
                    raise NotFound("settlement", settlement_id)
                raise answers.refusal(answer)
            size = 0
            for piece in pieces:
                size += len(piece)
                if size > limit:
                    raise AnswerTooLarge(limit)
                yield piece

    def _send(
        self,
        method: str,
        url: str,
        *,
        params: dict[str, str] | None = None,
        form: dict[str, str] | None = None,
        finance: bool = False,
    ) -> Answer:
        return self._http.send(
            method,
            url,
            auth=self._credentials(finance=finance),
            seconds=self._seconds,
            params=params,
            data=form,
            headers={"Accept": "application/json"},
        )

    def _credentials(self, *, finance: bool) -> tuple[str, str]:
        account = self._account
        if finance and account.finance_login and account.finance_password:
            return account.finance_login, account.finance_password.get_secret_value()
        return account.login, account.password.get_secret_value()


def _segment(field: str, value: str) -> str:
    """One segment of a path, escaped. Raises FieldInvalid for a dot segment, which would lead to another address."""
    if value in ("", ".", ".."):
        raise FieldInvalid(field)
    return quote(value, safe="")
