"""The customer's payment page at forwardUrl."""

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sandbox import hosted, html, money, payments, redirects, rules
from sandbox.context import Sandbox
from sandbox.gateway import form_fields
from sandbox.model import RETRIES, Page
from sandbox.products import MOTO, Product
from sandbox.statuses import DEFAULT_REASON, REASONS
from sandbox.texts import language_of, texts

_STATUS: dict[hosted.Condition, int] = {"expired": 410}


def routes(box: Sandbox) -> list[Route]:
    async def show(request: Request) -> Response:
        page = box.store.pages.get(request.path_params["page"])
        return _unknown() if page is None else _show(box, page)

    async def act(request: Request) -> Response:
        page = box.store.pages.get(request.path_params["page"])
        if page is None:
            return _unknown()
        fields = await form_fields(request)
        condition = hosted.condition(box, page)
        if condition == "paid":  # a double click: the same end, no second payment
            return _leave(box, page, "accept", _paid_by(box, page))
        outcome = next((each for each in payments.OUTCOMES if each == fields.get("outcome")), None)
        products = offered(box, page)
        product = next((each for each in products if each.code == fields.get("payment_product")), None)
        if condition != "open" or outcome is None or not products:
            return _show(box, page)
        reason = fields.get("reason", "")
        transaction = payments.attempt(
            box,
            page,
            outcome,
            product=(product or products[0]).code,
            reason=reason if reason in REASONS else DEFAULT_REASON,
            card_holder=fields.get("card_holder", "").strip()[:100],
            ip=request.client.host if request.client else "127.0.0.1",
        )
        return _leave(box, page, outcome, transaction.id if transaction else None)

    path = "/payment/web/pay/{page}"
    return [Route(path, show, methods=["GET"]), Route(path, act, methods=["POST"])]


def offered(box: Sandbox, page: Page) -> list[Product]:
    return rules.offered(page.fields, box.settings.products, page.eci, page.currency)


def _leave(box: Sandbox, page: Page, outcome: payments.Outcome, reference: str | None) -> Response:
    transaction = box.store.transactions[reference] if reference else None
    return RedirectResponse(redirects.target(box, page, outcome, transaction) or hosted.url(box, page), 303)


def _paid_by(box: Sandbox, page: Page) -> str:
    order = box.store.orders[page.orderid]
    return next(each.id for each in box.transactions(order) if each.paid)


def _unknown() -> Response:
    words = texts("en")
    return html.page(
        "closed.html",
        404,
        lang="en",
        t=words,
        merchant="HiPay",
        title=words["unknown_title"],
        text=words["unknown"],
        tone="bad",
        back=None,
        facts=[],
    )


def _show(box: Sandbox, page: Page) -> Response:
    language = language_of(page.language)
    t = texts(language)
    condition = hosted.condition(box, page)
    amount = money.display(page.amount, page.currency, language)
    common: dict[str, Any] = {
        "lang": language,
        "t": t,
        "merchant": page.fields.get("merchant_display_name") or box.settings.merchant_name,
    }
    facts = [
        (t["order"], page.fields.get("description", "")),
        (t["amount"], amount),
        (t["reference"], page.orderid),
    ]
    attempts = box.transactions(box.store.orders[page.orderid])
    if condition != "open":
        back = None
        if condition == "paid":
            back = redirects.target(box, page, "accept", box.store.transactions[_paid_by(box, page)])
        return html.page(
            "closed.html",
            _STATUS.get(condition, 200),
            **common,
            title=t[f"{condition}_title"],
            text=t["pending_text" if condition == "pending" else condition].format(amount=amount),
            tone={"paid": "good", "pending": "wait"}.get(condition, "bad"),
            back=back,
            facts=facts,
        )
    notice = ""
    if attempts:
        last = attempts[-1]
        why = t["reasons"].get(last.reason, last.reason_message)
        notice = t["errored"] if last.state == "error" else t["declined"].format(reason=why)
        notice += " " + t["attempts_left"].format(count=RETRIES - len(attempts))
    products = offered(box, page)
    return html.page(
        "pay.html",
        **common,
        facts=facts,
        amount=amount,
        notice=notice,
        moto=page.eci == MOTO,
        products=products,
        card=next((product for product in products if product.is_card), None),
        holder=payments.holder(page),
        expiry=f"12 / {page.created_at.year + 2}",
        valid_until=f"{page.expires_at:%Y-%m-%d %H:%M} UTC",
        reasons=[(code, t["reasons"][code]) for code in REASONS],
        cancellable=page.fields.get("display_cancel_button") == "1" and bool(page.fields.get("cancel_url")),
    )
