"""Whether an account may send by e-mail or take a payment by telephone, and what still stops it."""

from dataclasses import dataclass
from typing import Literal

from services.access import Actor, Right, require, rights
from services.accounts.checks import Check, checks_in, sending_checks_in
from services.accounts.configuration import Configuration, configuration
from services.accounts.errors import AccountUnknown
from services.accounts.pauses import Pause, pauses
from services.checklist.guidance import guidance
from services.checklist.payout_checks import folder_standing
from services.desk import Desk
from services.store import Connection

Channel = Literal["link", "phone"]
PAUSED = "paused"


@dataclass(frozen=True)
class Missing:
    """One thing that stops a channel: a check's name, or ``paused``; ``fields`` are the form's empty fields, or what is paused."""

    name: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Readiness:
    ready: bool
    missing: tuple[Missing, ...]


@dataclass(frozen=True)
class Overview:
    """Everything the configuration screen shows of an account, read in one transaction."""

    configuration: Configuration
    checks: tuple[Check, ...]
    pauses: tuple[Pause, ...]
    link: Readiness
    phone: Readiness
    may_configure: bool
    may_send: bool


def readiness(desk: Desk, account: str, channel: Channel) -> Readiness:
    """From what is stored, without asking anybody: quick enough for every rerun. Raises AccountUnknown."""
    with desk.store.read() as tx:
        return readiness_in(tx, desk, account, channel)


def readiness_in(tx: Connection, desk: Desk, account: str, channel: Channel) -> Readiness:
    """``readiness`` in the caller's transaction: what a service asks once more before it writes. No folder, no network: one
    that hangs would stop all writing."""
    if account not in desk.settings.all_accounts:
        raise AccountUnknown(account)
    return _readiness(sending_checks_in(tx, desk, account), pauses(tx, account), channel)


def overview(desk: Desk, actor: Actor, account: str) -> Overview:
    """Raises NotAllowed, AccountUnknown."""
    if account not in desk.settings.all_accounts:
        raise AccountUnknown(account)
    folder = folder_standing(desk, account)
    with desk.store.read() as tx:
        require(tx, actor, Right.SEE_ORDERS)
        config, paused = configuration(tx, account), pauses(tx, account)
        checks = checks_in(tx, desk, account, config, folder)
        held = rights(tx, actor)
    link, phone = _readiness(checks, paused, "link"), _readiness(checks, paused, "phone")
    return Overview(config, checks, paused, link, phone, Right.CONFIGURE in held, Right.SEND in held)


def _readiness(checks: tuple[Check, ...], paused: tuple[Pause, ...], channel: Channel) -> Readiness:
    """A check stops what its guidance says; a paused gateway stops both channels, paused mail the link only."""
    stops = [Missing(check.name, check.fields) for check in checks if channel in guidance(check).blocks]
    subjects = tuple(pause.subject for pause in paused if channel == "link" or pause.subject == "gateway")
    if subjects:
        stops.append(Missing(PAUSED, subjects))
    return Readiness(not stops, tuple(stops))
