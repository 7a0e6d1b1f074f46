"""HiPay's notifications of payments and payouts: verified, stored and answered 202 at once; the worker processes them."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from services.desk import Desk
from services.hipay.signature import verify_notification
from services.imports.received import announcements
from services.orders import notifications
from services.settings.account import Account
from services.store import Connection

log = logging.getLogger("services.public")
BODY_SECONDS = 30.0


@dataclass(frozen=True)
class Kind:
    """``signed_with``: the account's secrets and algorithm for this kind. ``receive``: stores a notification once, in a
    transaction."""

    signed_with: Callable[[Account], tuple[tuple[str, ...], str]]
    receive: Callable[[Connection, str, bytes, str], bool]


PAYMENT = Kind(lambda account: (account.secrets, account.hash_algorithm), notifications.receive_in)
FINANCE = Kind(
    lambda account: (account.finance_secrets, account.finance_notification_algorithm),
    announcements.receive_in,
)


async def accept(
    desk: Desk, request: Request, kind: Kind, store: Callable[[Callable[[Connection], bool]], Awaitable[bool]]
) -> Response:
    """202 once the notification is stored. Raises HTTPException (404, 408, 403), and what ``store`` raises; HiPay then sends
    it again."""
    account = desk.settings.all_accounts.get(request.path_params["account"])
    if account is None:
        raise HTTPException(404)
    try:
        with anyio.fail_after(BODY_SECONDS):
            raw = await request.body()
    except TimeoutError:
        raise HTTPException(408) from None
    signatures = request.headers.getlist("x-allopass-signature")
    signature = signatures[0] if len(signatures) == 1 else None
    if not verify_notification(raw, signature, *kind.signed_with(account)):
        log.warning("a notification for %s was refused: its signature does not fit", account.key)
        raise HTTPException(403)
    content_type = request.headers.get("content-type", "")
    await store(lambda tx: kind.receive(tx, account.key, raw, content_type))
    return Response(status_code=202)
