"""HiPay's APIs as HTTP routes: the hosted page, v1, v2 and v3, each at the root and under /rest."""

import base64
import binascii
import re
import secrets
from collections.abc import Awaitable, Callable
from decimal import Decimal

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import hosted, money, operations, payments, products, views
from sandbox.context import Sandbox
from sandbox.model import Transaction
from sandbox.notify import acquirer_reference
from sandbox.refusals import Refusal, as_response
from sandbox.settings import LOGIN, PASSWORD

Handler = Callable[[Request], Awaitable[Response]]


def authenticate(request: Request) -> None:
    """HTTP Basic with the sandbox's credentials; raises Refusal 1000001."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        given = base64.b64decode(encoded.strip(), validate=True) if scheme.lower() == "basic" else b""
    except (binascii.Error, ValueError):
        given = b""
    if not secrets.compare_digest(given, f"{LOGIN}:{PASSWORD}".encode()):
        raise Refusal(1000001)


def routes(box: Sandbox) -> list[Route]:
    """The routes without a prefix; the application adds /rest."""

    def api(path: str, handler: Handler, method: str) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                authenticate(request)
                return await handler(request)
            except Refusal as refusal:
                return as_response(refusal)

        return Route(path, endpoint, methods=[method])

    def said(answer: views.Json | list[views.Json]) -> Response:
        left_out = box.settings.nulls == "left_out"
        return JSONResponse(views.without_nulls(answer) if left_out else answer)

    async def hpayment(request: Request) -> Response:
        page = hosted.create(box, await form_fields(request))
        return said(views.forward(box, page))

    async def order(request: Request) -> Response:
        attempts = _attempts(box, request.path_params["orderid"])
        if not attempts:
            raise Refusal(3000001)
        return said(views.order_v3(box, box.store.orders[attempts[0].orderid]))

    async def transaction_v3(request: Request) -> Response:
        return said(views.transaction_v3(box, _transaction(box, request, status=404)))

    async def transactions_v3(request: Request) -> Response:
        kind, value = request.path_params["type"], request.path_params["value"]
        found = _transactions_by(box, kind, value)
        if not found:
            raise Refusal(3000002)
        return said({"transactions": [views.transaction_v3(box, each) for each in found]})

    async def transactions(request: Request) -> Response:
        orderid = request.query_params.get("orderid", "")
        if not orderid:
            raise Refusal(1010101, "orderid")
        answers = [views.transaction_v1(box, each) for each in _attempts(box, orderid)]
        return said({"transaction": answers[0] if len(answers) == 1 else answers})

    async def transaction(request: Request) -> Response:
        # The description of this call has no 404.
        found = _transaction(box, request, status=400)
        return said({"transaction": views.transaction_v1(box, found)})

    async def maintenance(request: Request) -> Response:
        found = _transaction(box, request, status=404)
        return said(_maintain(box, found, await form_fields(request)))

    async def security_settings(request: Request) -> Response:
        return JSONResponse({"hashing_algorithm": box.settings.hash_algorithm})

    async def available(request: Request) -> Response:
        def several(name: str) -> list[str]:
            """One or many, with commas between them, as HiPay's own clients write them."""
            return [each for part in query.get(name, "").split(",") if (each := part.strip())]

        query = request.query_params
        for name in ("eci", "operation"):
            if not all(each.isascii() and each.isdigit() for each in several(name)):
                raise Refusal(1010204, name)
        found = {
            product.code: product
            for eci in several("eci") or ["7"]
            for currency in several("currency") or [""]
            for product in products.of_account(
                box.settings.products,
                eci,
                currency,
                several("payment_product"),
                several("payment_product_category"),
            )
        }
        wanted = query.get("with_options", "false").lower() in {"true", "1"}
        return said(
            [views.available(n, each, with_options=wanted) for n, each in enumerate(found.values(), 1)]
        )

    async def checkout_data(request: Request) -> Response:
        return JSONResponse({})

    return [
        api("/v1/hpayment", hpayment, "POST"),
        api("/v1/transaction", transactions, "GET"),
        api("/v1/transaction/{reference}", transaction, "GET"),
        api("/v1/maintenance/transaction/{reference}", maintenance, "POST"),
        api("/v2/security-settings", security_settings, "GET"),
        api("/v2/available-payment-products.json", available, "GET"),
        api("/v3/order/{orderid:path}", order, "GET"),
        api("/v3/transaction/{reference}", transaction_v3, "GET"),
        api("/v3/transactions/{type}/{value:path}", transactions_v3, "GET"),
        # Telemetry of HiPay's Node client, which sends no credentials there.
        Route("/checkout-data", checkout_data, methods=["POST"]),
    ]


async def form_fields(request: Request) -> dict[str, str]:
    """A form's text fields, url-encoded or multipart; of a repeated name the last one, as PHP reads it."""
    async with request.form(max_fields=2000, max_part_size=2**20) as form:
        return {name: value for name, value in form.multi_items() if isinstance(value, str)}


def _attempts(box: Sandbox, orderid: str) -> list[Transaction]:
    order = box.store.orders.get(orderid)
    attempts = box.transactions(order) if order else []
    operations.expire(box, attempts)
    return attempts


def _transaction(box: Sandbox, request: Request, *, status: int) -> Transaction:
    found = box.store.transactions.get(request.path_params["reference"])
    if found is None:
        raise Refusal(3000002, status=status)
    operations.expire(box, [found])
    return found


def _transactions_by(box: Sandbox, kind: str, value: str) -> list[Transaction]:
    """Those with an operation of that ARN or merchant's operation id, or with that acquirer's reference."""
    match kind:
        case "arn":
            its = {each.transaction for each in box.store.operations.values() if views.arn(each) == value}
        case "opid":
            named = box.store.operations.values() if value and box.settings.operations_named else ()
            its = {each.transaction for each in named if each.merchant_reference == value}
        case "acquirerid":
            every = box.store.transactions.values()
            its = {each.id for each in every if acquirer_reference(each) == value}
        case _:
            raise Refusal(1010201, "type")
    found = [box.store.transactions[each] for each in sorted(its)]
    operations.expire(box, found)
    return found


def _maintain(box: Sandbox, transaction: Transaction, fields: dict[str, str]) -> views.Json:
    operation = fields.get("operation", "")
    if not operation:
        raise Refusal(1010101, "operation")
    if operation not in {"capture", "refund", "cancel", "acceptChallenge", "denyChallenge", "finalize"}:
        raise Refusal(1010201, "operation")
    if fields.get("currency", transaction.currency) != transaction.currency:
        raise Refusal(3020205 if operation == "refund" else 3020105, "currency")
    amount = _amount(fields.get("amount", ""), transaction.currency)
    reference = fields.get("operation_id", "")
    if operation == "capture":
        operations.capture(box, transaction, amount, reference)
    elif operation == "refund":
        refunded = operations.refund(box, transaction, amount, reference)
        # A refund is only requested when the call answers; its end comes by notification.
        return views.maintained(transaction, operation, 124, refunded=refunded)
    elif operation == "cancel":
        operations.void(box, transaction)
    elif operation in {"acceptChallenge", "denyChallenge"} and transaction.status == 112:
        if operation == "acceptChallenge":
            payments.conclude(box, transaction, "accept")
        else:
            payments.deny(box, transaction)
    else:
        raise Refusal(3000101, "operation")
    return views.maintained(transaction, operation, transaction.status)


def _amount(text: str, currency: str) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"-?[0-9]{1,10}(\.[0-9]+)?", text):
        raise Refusal(1010205, "amount")
    if len(text.partition(".")[2].rstrip("0")) > money.exponent(currency):
        raise Refusal(1010205, "amount")
    return money.minor(Decimal(text), currency)
