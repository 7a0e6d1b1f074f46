"""Whether an account can send links by e-mail or take payments by telephone, and what still stops it."""

from dataclasses import dataclass
from typing import Literal

from services.accounts.checks import Check, sending_checks_in
from services.accounts.configured import require_account
from services.accounts.pauses import Pause, pauses
from services.desk import Desk
from services.store import Connection

Channel = Literal["link", "phone"]
PAUSED = "paused"

_LINK: frozenset[Channel] = frozenset({"link"})
_PHONE: frozenset[Channel] = frozenset({"phone"})
# The channels that a check's result stops, by ``name.reason``; every other result stops none.
BLOCKS: dict[str, frozenset[Channel]] = {
    "credentials.refused": _LINK | _PHONE,
    "credentials.permissions": _LINK | _PHONE,
    "credentials.address": _LINK | _PHONE,
    "credentials.account": _LINK | _PHONE,
    "credentials.certificate": _LINK | _PHONE,
    "hash_algorithm.different": _LINK,
    "products_link.empty": _LINK,
    "products_phone.empty": _PHONE,
    "redirect_pages.missing": _LINK,
    "email_settings.missing": _LINK,
    "smtp.unset": _LINK,
    "smtp.auth": _LINK,
    "smtp.starttls": _LINK,
    "smtp.tls": _LINK,
}


@dataclass(frozen=True)
class Missing:
    """What stops a channel: ``name``: a check's, or ``paused``; ``fields``: the form's empty fields, or what is paused."""

    name: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Readiness:
    ready: bool
    missing: tuple[Missing, ...]


def readiness(desk: Desk, account: str, channel: Channel) -> Readiness:
    """The readiness by what is stored, without asking anybody: quick enough for every rerun. Raises AccountUnknown."""
    with desk.store.read() as tx:
        return readiness_in(tx, desk, account, channel)


def readiness_in(tx: Connection, desk: Desk, account: str, channel: Channel) -> Readiness:
    """``readiness`` in the caller's transaction, for services that write. No folder and no network is asked: one that does not
    answer would stop all writing."""
    require_account(desk, account)
    return readiness_from(sending_checks_in(tx, desk, account), pauses(tx, account), channel)


def blocks(check: Check) -> frozenset[Channel]:
    """The channels that a check's result stops."""
    return BLOCKS.get(f"{check.name}.{check.reason}", frozenset())


def readiness_from(checks: tuple[Check, ...], paused: tuple[Pause, ...], channel: Channel) -> Readiness:
    """The readiness by these checks and pauses. A paused gateway stops both channels, paused mail only the link."""
    stops = [Missing(check.name, check.fields) for check in checks if channel in blocks(check)]
    subjects = tuple(pause.subject for pause in paused if channel == "link" or pause.subject == "gateway")
    if subjects:
        stops.append(Missing(PAUSED, subjects))
    return Readiness(not stops, tuple(stops))
