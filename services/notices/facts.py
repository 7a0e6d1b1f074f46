"""Which recorded events a person may be notified of, and when the end of a link is announced."""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

from services.hipay.statuses import Effect, status
from services.orders.payment_link import LinkState
from services.store.order_states import Capture, EventKind, NoticeKind

KINDS: tuple[NoticeKind, ...] = get_args(NoticeKind)
EVENTS: tuple[EventKind, ...] = (
    "payment",
    "mail_failed",
    "mail_bounced",
    "bank_refused",
    "bank_refused_unclear",
)
MORNING = time(8)
_GONE_AGAIN = (Effect.REFUNDED, Effect.CHARGED_BACK, Effect.CREDITED)


@dataclass(frozen=True)
class Fact:
    """``identity``: the same for the same fact, different for any other; ``detail``: codes and amounts only."""

    kind: NoticeKind
    identity: str
    detail: dict[str, Any] = field(default_factory=dict)


def fact(order: int, capture: Capture, event: int, kind: EventKind, data: dict[str, Any]) -> Fact | None:
    """The fact of which an event notifies the order's sender, or None."""
    if kind in ("mail_failed", "mail_bounced"):
        return Fact("not_delivered", f"{kind}:{event}", {"error": data.get("error", "")})
    if kind in ("bank_refused", "bank_refused_unclear"):
        amount = {"units": int(data["amount"]), "operation": data["operation"]} if "amount" in data else {}
        return Fact(
            "bank_refused", f"bank_refused:{event}", {**amount, "reason_code": data.get("reason_code") or 0}
        )
    if kind != "payment":
        return None
    effect, reference = status(int(data["status"])).effect, str(data["reference"])
    # A payment may first be seen when it is collected, settled or about to go back: its amount shows that it was paid.
    if data.get("captured") and effect not in _GONE_AGAIN:
        return Fact("paid", f"paid:{order}", {"units": int(data["captured"])})
    if effect is Effect.AUTHORISED and capture == "later":
        return Fact("paid", f"held:{order}", {"units": int(data.get("authorised") or 0), "held": True})
    if effect is Effect.REFUSED:
        return Fact("refused", f"refused:{order}:{reference}", {"reason_code": data.get("reason_code") or 0})
    if effect is Effect.CHARGED_BACK:
        return Fact("charged_back", f"charged_back:{order}:{reference}")
    return None


def still_true(kind: NoticeKind, link: LinkState) -> bool:
    """Whether a notice that waited is still true and still asks for something; ``link``: the state of the order's link."""
    if kind in ("refused", "expires"):
        return link == "open"
    return kind != "not_delivered" or link in ("open", "expired")


def announced_at(expires_at: datetime, zone: ZoneInfo) -> datetime:
    """When the end of a link is announced: in the morning of the day before, on the account's clock."""
    day = expires_at.astimezone(zone).date() - timedelta(days=1)
    return datetime.combine(day, MORNING, zone)


def ends_tomorrow(
    order: int,
    created_at: datetime,
    expires_at: datetime,
    zone: ZoneInfo,
    now: datetime,
    opened: int | None = None,
) -> Fact | None:
    """The fact that an unpaid link ends tomorrow, from that morning on; not for one that was made later than that.

    ``opened``: how often the customer opened it, None where nobody can know (HiPay's own link).
    """
    moment = announced_at(expires_at, zone)
    if created_at < moment <= now < expires_at:
        known = {} if opened is None else {"opened": opened}
        return Fact("expires", f"expires:{order}:{expires_at.isoformat()}", known)
    return None
