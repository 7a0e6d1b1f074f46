"""The return pages: where HiPay sends the customer after its payment page, and what the customer reads there.

HiPay appends parameters, some about the card. They are verified and then removed by a redirect to the page's clean address.
The page shows what the store knows, never what the address says, and a read of the order is scheduled.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services import clock
from services.accounts.configuration import email_settings
from services.accounts.redirects import KINDS
from services.desk import Desk
from services.hipay.signature import verify_redirect
from services.i18n import LANGUAGES, Translator, format_datetime, translator
from services.mail.settings import EmailSettings
from services.money import format_money
from services.orders.payment_link import address, link_state
from services.orders.reads import request_read
from services.public import customer_texts
from services.public.customer_texts import (
    AMOUNT,
    CLOSE,
    CUSTOMER,
    HINTS,
    NO_MONEY,
    ORDER,
    PAGES,
)
from services.public.html_page import Screen, Tone, message_page, render
from services.public.link_tokens import clean, lookup
from services.settings.account import Account
from services.store.order_states import PAID, UNDER_WAY, UNPAID
from services.store.orders import orders, steps
from services.store.orders.records import Order, Page

READ_GAP = timedelta(seconds=30)  # reloads of a page make us ask HiPay no more often than this
_PARAMETERS_MAX = 200
_TONES: dict[str, Tone] = {
    "accept": "good", "paid": "good", "submitted": "sent", "decline": "bad", "exception": "bad", "pending": "wait",
    "cancel": "calm",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A browser at ``/return/{account}/{kind}/{token}``; ``query`` as it came, ``language`` the browser's; ``clean``: the
    page's own address, by its token."""

    account: str
    kind: str
    token: str
    query: bytes
    language: str
    clean: Callable[[str], str]


@dataclass(frozen=True)
class Answer:
    """``reads``: whether the order of the page with this ``token`` must be read from HiPay."""

    response: Response
    reads: bool = False
    token: str = ""


def visit(request: Request) -> Visit:
    path = request.path_params
    return Visit(
        account=path["account"],
        kind=path["kind"],
        token=path["token"],
        query=request.scope["query_string"],
        language=accepted_language(request),
        clean=partial(clean, request, 4),
    )


def answer(desk: Desk, seen: Visit) -> Answer:
    """The page, or the redirect to its clean address; 404 for an unknown page, 403 for parameters that HiPay did not sign.
    Changes nothing. Raises StoreError."""
    account = desk.settings.all_accounts.get(seen.account)
    with desk.store.read() as tx:
        token, page = lookup(seen.token, lambda one: orders.page_by_token(tx, one))
        order = orders.order(tx, page.order) if page is not None else None
        if (
            account is None
            or page is None
            or order is None
            or page.account != seen.account
            or seen.kind not in KINDS
        ):
            return Answer(_refusal(seen.language, 404))
        settings = email_settings(tx, account.key).resolve(order.language)
        waiting = steps.steps_of(tx, order.id).get("read")
    if not seen.query and token == seen.token:
        return Answer(_page(desk, account, settings, seen.kind, order, page))
    if seen.query and not _signed_or_bare(account, page, seen.query):
        return Answer(_refusal(order.language, 403, settings.merchant_name or account.name))
    now = clock.now()
    lately = order.checked_at is not None and order.checked_at > now - READ_GAP
    soon = waiting is not None and waiting <= now
    reads = bool(seen.query) and not lately and not soon
    return Answer(RedirectResponse(seen.clean(token), 303), reads, token)  # the same page without its query


def schedule_read(desk: Desk, token: str) -> None:
    """Schedule a read of the page's order at once. Raises StoreError."""
    with desk.store.write() as tx:
        page = orders.page_by_token(tx, token)
        if page is not None:
            request_read(tx, page.order, page.account)
    desk.wake.set()


@dataclass(frozen=True)
class PreviewRequest:
    kind: str
    account: str
    language: str


def preview_request(request: Request) -> PreviewRequest:
    """``/return/preview/{kind}?account=…&lang=…``: both parameters are optional."""
    wanted = request.query_params.get("lang", "")
    language = wanted if wanted in LANGUAGES else accepted_language(request)
    return PreviewRequest(request.path_params["kind"], request.query_params.get("account", ""), language)


def preview(desk: Desk, wanted: PreviewRequest) -> Response:
    """The page with a sample order, marked as an example. Raises StoreError."""
    accounts = desk.settings.all_accounts
    account = accounts.get(wanted.account) or next(iter(accounts.values()), None)
    if account is None or wanted.kind not in KINDS:
        return _refusal(wanted.language, 404)
    with desk.store.read() as tx:
        settings = email_settings(tx, account.key).resolve(wanted.language)
    t = translator(wanted.language, "customer")
    screen = _screen(
        t,
        account,
        settings,
        wanted.kind,
        "captured" if wanted.kind == "accept" else "unpaid",
        name="Camille Martin",
        amount=125_0000,
        currency=account.currency,
        order_id="TEST-0001",
    )
    return render(screen, notices=[t(customer_texts.EXAMPLE)])


def unavailable(request: Request) -> Response:
    """The answer while the store does not answer."""
    language = accepted_language(request)
    return message_page(language, customer_texts.UNAVAILABLE, customer_texts.UNAFFECTED, status=503)


def _page(
    desk: Desk, account: Account, settings: EmailSettings, kind: str, order: Order, page: Page
) -> Response:
    t = translator(order.language, "customer")
    payable = kind in ("decline", "cancel") and order.payment in UNPAID
    again, until = _way_back(desk, order, page) if payable else (None, None)
    screen = _screen(
        t,
        account,
        settings,
        kind,
        order.payment,
        name=" ".join(part for part in (order.first_name, order.last_name) if part),
        amount=page.amount,
        currency=page.currency,
        order_id=order.order_id,
        again=again,
        valid_until=until,
    )
    return render(screen, notices=[t(NO_MONEY)] if desk.settings.demo else [])


def _way_back(desk: Desk, order: Order, page: Page) -> tuple[str | None, datetime | None]:
    """The address where the payment can be tried again (HiPay's page until it ends, then our own link), and until when."""
    now = clock.now()
    own = bool(order.link_token) and link_state(order, now) == "open"  # it is valid longer than the page
    if page.state == "open" and page.expires_at is not None and page.expires_at > now:
        return page.url, order.expires_at if own else page.expires_at
    return (address(desk, order, None), order.expires_at) if own else (None, None)


def _screen(
    t: Translator,
    account: Account,
    settings: EmailSettings,
    kind: str,
    payment: str,
    *,
    name: str,
    amount: int,
    currency: str,
    order_id: str,
    again: str | None = None,
    valid_until: datetime | None = None,
) -> Screen:
    shown = _shown(kind, payment)
    text = customer_texts.SUBMITTED if shown == "submitted" else PAGES[shown]
    hint = customer_texts.CONFIRMATION_FOLLOWS if shown == "submitted" else HINTS.get(shown, CLOSE)
    details = [(CUSTOMER, name), (AMOUNT, format_money(amount, currency, t.locale)), (ORDER, order_id)]
    if valid_until is not None:
        minute = valid_until.replace(second=0, microsecond=0)
        details.append((customer_texts.VALID_UNTIL, format_datetime(minute, account.timezone, t.language)))
    return Screen(
        language=t.language,
        tone=_TONES[shown],
        title=t(text.title),
        body=t(text.body),
        merchant=settings.merchant_name or account.name,
        logo_url=settings.logo_url,
        colour=settings.colour,
        details=tuple((t(label), value) for label, value in details if value),
        hint=t(hint),
        again=(t(customer_texts.PAY_AGAIN if kind == "decline" else customer_texts.BACK_TO_PAYMENT), again)
        if again
        else None,
        contact=settings.support_contact and t(customer_texts.CONTACT_US, contact=settings.support_contact),
    )


def _shown(kind: str, payment: str) -> str:
    """The text for the page of ``kind`` in this state of payment: it claims no more than the store knows."""
    if kind == "accept":
        return "submitted" if payment in (*UNPAID, "pending", "unconfirmed") else "accept"
    if payment in PAID:
        return "accept" if kind == "pending" else "paid"
    return "pending" if payment in UNDER_WAY else kind


def _refusal(language: str, status: int, merchant: str = "") -> Response:
    return message_page(
        language, PAGES["invalid_link"], customer_texts.UNAFFECTED, status=status, merchant=merchant
    )


def _signed_or_bare(account: Account, page: Page, query: bytes) -> bool:
    """Whether HiPay signed these parameters for this page, or none of them is a signature: an account may switch off HiPay's
    feedback parameters, and then the query proves nothing and is only removed."""
    try:
        pairs = parse_qsl(
            query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_PARAMETERS_MAX
        )
    except ValueError:
        return False
    named = dict(pairs)
    if "hash" not in named:
        return True
    return named.get("orderid") == page.hipay_order_id and verify_redirect(
        pairs, frozenset(), account.secrets, account.hash_algorithm
    )


def accepted_language(request: Request) -> str:
    """The customer language that the browser prefers (RFC 9110, 12.5.4), English when it names none of ours."""
    wanted = []
    for part in request.headers.get("accept-language", "")[:500].split(","):
        found = re.fullmatch(
            r"([A-Za-z]{2})(?:-[A-Za-z0-9-]+)?(?:\s*;\s*q=([01](?:\.\d{0,3})?))?", part.strip()
        )
        if found and found[1].lower() in LANGUAGES:
            wanted.append((float(found[2] or 1), found[1].lower()))
    best = max(wanted, key=lambda item: item[0], default=(0.0, "en"))
    return best[1] if best[0] > 0 else "en"
