"""Our own link: a page with the facts and one button. Opening it changes nothing; pressing leads to HiPay's page."""

import logging
from threading import Event
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services import clock
from services.accounts.configuration import email_settings
from services.desk import Desk
from services.errors import DeskError
from services.i18n import Translator, format_datetime, translator
from services.mail.settings import EmailSettings
from services.money import format_money
from services.orders.open_page import LinkUnknown, TooManyPages, open_hipay_page
from services.orders.payment_link import LinkState, link_state
from services.public.customer_texts import (
    AMOUNT,
    AMOUNT_TO_PAY,
    CLOSE,
    CONTACT_US,
    DESCRIPTION,
    HINTS,
    NO_MONEY,
    ORDER,
    PAGES,
    PAY,
    VALID_UNTIL,
)
from services.public.guard import foreign_origin
from services.public.html_page import Screen, Tone, render
from services.public.link_tokens import clean, lookup
from services.public.return_pages import accepted_language
from services.settings.account import Account
from services.store.orders import orders
from services.store.orders.records import Order

log = logging.getLogger("services.public")

_PAGES: dict[LinkState, tuple[str, Tone]] = {
    "open": ("to_pay", "calm"), "paid": ("paid", "good"), "pending": ("pending", "wait"),
    "confirming": ("pending", "wait"), "cancelled": ("called_off", "calm"), "expired": ("expired", "calm"),
}  # fmt: skip
_HIPAY = ("https://*.hipay.com", "https://*.hipay-tpp.com")


def answer(desk: Desk, request: Request, asking: Event | None = None) -> Response:
    """``/p/{token}``: the page as the request stands; after a POST HiPay's, or why there is none. Raises StoreError.

    ``asking`` is set while HiPay is waited for. A GET changes nothing; one with more than the token leads to the page's own address. A POST of another site is 403.
    """
    typed, language = request.path_params["token"], accepted_language(request)
    with desk.store.read() as tx:
        token, _ = lookup(typed, lambda one: orders.order_by_link_token(tx, one))
    if request.method != "POST":
        if token != typed:
            return RedirectResponse(clean(request, 2, token), 303)
        return _page(desk, token, language)
    if foreign_origin(request.headers, desk.settings):
        raise HTTPException(403)
    try:
        found = open_hipay_page(desk, token, asking=asking)
    except LinkUnknown:
        return _unknown(language)
    except TooManyPages:
        return _page(desk, token, language, trouble="too_often")
    except DeskError as error:
        log.warning("a press of a link found no page: %s", error.code)
        return _page(desk, token, language, trouble="in_a_moment")
    if found.url is None:
        return _page(desk, token, language)
    return RedirectResponse(found.url, 303, headers={"referrer-policy": "no-referrer"})


def unavailable(request: Request) -> Response:
    """While the store does not answer, or HiPay does not in time."""
    t = translator(accepted_language(request), "customer")
    text = PAGES["in_a_moment"]
    screen = Screen(
        language=t.language, tone="wait", title=t(text.title), body=t(text.body), hint=t(HINTS["in_a_moment"])
    )
    return render(screen, status=503)


def _page(desk: Desk, token: str, language: str, trouble: str = "") -> Response:
    with desk.store.read() as tx:
        order = orders.order_by_link_token(tx, token)
        account = desk.settings.all_accounts.get(order.account) if order is not None else None
        if order is None or account is None:
            return _unknown(language)
        settings = email_settings(tx, account.key).resolve(order.language)
    t, stands = translator(order.language, "customer"), link_state(order, clock.now())
    told, tone = _PAGES[stands]
    if trouble and stands == "open":
        told, tone = trouble, "wait"
    payable = stands == "open" and not trouble
    amount = format_money(order.amount, order.currency, t.locale)
    screen = Screen(
        language=t.language,
        tone=tone,
        title=t(PAGES[told].title),
        body=t(PAGES[told].body),
        merchant=settings.merchant_name or account.name,
        logo_url=settings.logo_url,
        colour=settings.colour,
        details=_details(t, order, account, amount, due=stands == "open"),
        hint=t(HINTS.get(told, CLOSE)) if told != "to_pay" else "",
        press=t(PAY, amount=amount) if payable else "",
        contact=_contact(t, settings),
    )
    sandbox = urlsplit(desk.settings.sandbox_url)
    leads_to = (*_HIPAY, f"{sandbox.scheme}://{sandbox.netloc}") if desk.settings.demo else _HIPAY
    notices = [t(NO_MONEY)] if desk.settings.demo else []
    status = {"in_a_moment": 503, "too_often": 429}.get(told, 200)
    page = render(screen, notices=notices, status=status, leads_to=leads_to)
    if status != 200:
        page.headers["retry-after"] = "30" if status == 503 else "3600"
    return page


def _details(
    t: Translator, order: Order, account: Account, amount: str, *, due: bool
) -> tuple[tuple[str, str], ...]:
    facts = [
        (AMOUNT_TO_PAY if due else AMOUNT, amount),
        (DESCRIPTION, order.description),
        (ORDER, order.order_id),
    ]
    if due:
        # To the minute, downwards: nobody is told of a second too many.
        minute = order.expires_at.replace(second=0, microsecond=0)
        facts.append((VALID_UNTIL, format_datetime(minute, account.timezone, t.language)))
    return tuple((t(label), value) for label, value in facts if value)


def _contact(t: Translator, settings: EmailSettings) -> str:
    return t(CONTACT_US, contact=settings.support_contact) if settings.support_contact else ""


def _unknown(language: str) -> Response:
    t = translator(language, "customer")
    text = PAGES["invalid_link"]
    screen = Screen(
        language=t.language,
        tone="calm",
        title=t(text.title),
        body=t(text.body),
        hint=t(HINTS["invalid_link"]),
    )
    return render(screen, status=404)
