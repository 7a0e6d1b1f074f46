"""Our own link: a page with the order's facts and one button. Opening it changes nothing; the button leads to HiPay's page."""

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
from services.public.html_page import Screen, Tone, message_page, render
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
    """``/p/{token}``: a GET answers with our page for the request's state; a POST redirects to HiPay's page, or answers why
    there is none. Raises StoreError.

    ``asking`` is set once HiPay is waited for. A GET changes nothing; one whose address has more than the token redirects to
    the page's own address. A POST from another site is 403.
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
        log.warning("no payment page could be opened for a link: %s", error.code)
        return _page(desk, token, language, trouble="in_a_moment")
    if found.url is None:
        return _page(desk, token, language)
    return RedirectResponse(found.url, 303, headers={"referrer-policy": "no-referrer"})


def unavailable(request: Request) -> Response:
    """The answer while the store, or HiPay in time, does not answer."""
    language = accepted_language(request)
    return message_page(language, PAGES["in_a_moment"], HINTS["in_a_moment"], tone="wait", status=503)


def _page(desk: Desk, token: str, language: str, trouble: str = "") -> Response:
    with desk.store.read() as tx:
        order = orders.order_by_link_token(tx, token)
        account = desk.settings.all_accounts.get(order.account) if order is not None else None
        if order is None or account is None:
            return _unknown(language)
        settings = email_settings(tx, account.key).resolve(order.language)
    t, state = translator(order.language, "customer"), link_state(order, clock.now())
    name, tone = _PAGES[state]
    if trouble and state == "open":
        name, tone = trouble, "wait"
    payable = state == "open" and not trouble
    amount = format_money(order.amount, order.currency, t.locale)
    screen = Screen(
        language=t.language,
        tone=tone,
        title=t(PAGES[name].title),
        body=t(PAGES[name].body),
        merchant=settings.merchant_name or account.name,
        logo_url=settings.logo_url,
        colour=settings.colour,
        details=_details(t, order, account, amount, due=state == "open"),
        hint=t(HINTS.get(name, CLOSE)) if name != "to_pay" else "",
        press=t(PAY, amount=amount) if payable else "",
        contact=_contact(t, settings),
    )
    sandbox = urlsplit(desk.settings.sandbox_url)
    leads_to = (*_HIPAY, f"{sandbox.scheme}://{sandbox.netloc}") if desk.settings.demo else _HIPAY
    notices = [t(NO_MONEY)] if desk.settings.demo else []
    status = {"in_a_moment": 503, "too_often": 429}.get(name, 200)
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
        # Rounded down to the minute, so that the link is valid at the time shown.
        minute = order.expires_at.replace(second=0, microsecond=0)
        facts.append((VALID_UNTIL, format_datetime(minute, account.timezone, t.language)))
    return tuple((t(label), value) for label, value in facts if value)


def _contact(t: Translator, settings: EmailSettings) -> str:
    return t(CONTACT_US, contact=settings.support_contact) if settings.support_contact else ""


def _unknown(language: str) -> Response:
    return message_page(language, PAGES["invalid_link"], HINTS["invalid_link"], status=404)
