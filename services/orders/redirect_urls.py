"""The addresses that HiPay gets with a payment page: where it sends notifications, and where the customer returns."""

from urllib.parse import unquote_plus, urlencode, urlsplit, urlunsplit

from services import money
from services.accounts.configuration import redirect_pages
from services.accounts.redirects import KINDS, OWN
from services.desk import Desk
from services.hipay.signature import signed_parameters
from services.store.orders.records import Order, Page


def notify_url(desk: Desk, account: str) -> str | None:
    """Where HiPay sends the account's notifications; None while no public address is set: then payments are only polled."""
    public = desk.settings.public
    return f"{public}/notify/{account}" if public else None


def finance_notify_url(desk: Desk, account: str) -> str | None:
    """What to give to HiPay for the account's finance notifications; None while no public address is set."""
    public = desk.settings.public
    return f"{public}/notify-finance/{account}" if public else None


def redirect_urls(desk: Desk, order: Order, page: Page) -> dict[str, str]:
    """The five redirect pages of a payment page by kind, as HiPay gets them; empty where the account has none.

    A merchant's own URL has its query and our signed ``et_…`` parameters. After a telephone payment the operator comes back
    to the dashboard, not to the customer's thank-you page. Raises FieldInvalid for a name with a control character.
    """
    if order.channel == "phone":
        return {kind: f"{desk.settings.dashboard_url}/phone-return/{kind}/{page.token}" for kind in KINDS}
    with desk.store.read() as tx:
        pages = redirect_pages(tx, order.account)
    urls = pages.urls(desk.settings.public, order.account, page.token)
    theirs = {kind for kind, chosen in pages.items() if chosen and chosen != OWN}
    return {
        kind: _with_order(desk, urls[kind], order, page) if kind in theirs else urls.get(kind, "")
        for kind in KINDS
    }


def _with_order(desk: Desk, url: str, order: Order, page: Page) -> str:
    signed = signed_parameters(
        first_name=order.first_name,
        last_name=order.last_name,
        amount=money.wire(page.amount, page.currency),
        currency=page.currency,
        order_id=order.order_id,
        secret=desk.account(order.account).passphrase.get_secret_value(),
    )
    parts = urlsplit(url)
    # A verifier refuses a parameter that comes twice: the merchant's own of the same name are removed.
    theirs = [
        part for part in parts.query.split("&") if part and unquote_plus(part.partition("=")[0]) not in signed
    ]
    return urlunsplit(parts._replace(query="&".join([*theirs, urlencode(signed)])))
