"""The kinds of alarm, and who handles each.

An alarm about an order is its sender's, who knows the customer; where there is no sender left, and for what no sender can
put right, it is whoever has the right to: finance for money, an administrator for the connection.
"""

from dataclasses import dataclass

from services.access import ROLE_RIGHTS, Right
from services.store.alarm_kinds import AlarmKind
from services.store.alarms import RESOLVED as RESOLVED


@dataclass(frozen=True)
class Kind:
    """``right``: who handles it, besides a sender. ``sender``: the order's sender has it first, and any sender may take it.

    ``condition``: a condition that lasts raises it, and the worker's round closes it once the condition has ended.
    ``decided``: nobody closes it by hand, since it asks for a decision that is taken on another screen.
    """

    right: Right
    sender: bool = False
    condition: bool = False
    decided: bool = False


KINDS: dict[AlarmKind, Kind] = {
    "paid_twice": Kind(Right.RECONCILE, sender=True),
    "paid_after_cancel": Kind(Right.RECONCILE, sender=True),
    "other_amount": Kind(Right.RECONCILE, sender=True),
    "former_amount": Kind(Right.RECONCILE, sender=True),
    "former_facts": Kind(Right.RECONCILE, sender=True),
    "quarantined": Kind(Right.RECONCILE, sender=True),
    "payment_unconfirmed": Kind(Right.RECONCILE, sender=True),
    "payment_unshown": Kind(Right.RECONCILE, sender=True),
    "payment_unconfirmable": Kind(Right.RECONCILE, sender=True, condition=True),
    "operation_unknown": Kind(Right.RECONCILE, sender=True),
    "refund_refused": Kind(Right.RECONCILE, sender=True),
    "capture_refused": Kind(Right.RECONCILE, sender=True),
    "operation_refused_unclear": Kind(Right.RECONCILE, sender=True),
    "page_taken": Kind(Right.RECONCILE, sender=True),
    "charged_back": Kind(Right.RECONCILE, condition=True),
    "not_settled": Kind(Right.RECONCILE, condition=True),
    "payout_without_file": Kind(Right.RECONCILE, condition=True),
    "payout_file_failed": Kind(Right.RECONCILE, condition=True),
    "payout_correction": Kind(Right.RECONCILE, condition=True, decided=True),
    "payout_differs": Kind(Right.RECONCILE, condition=True, decided=True),
    "payout_hipay_differs": Kind(Right.RECONCILE, condition=True, decided=True),
    "payout_counted_twice": Kind(Right.RECONCILE, condition=True, decided=True),
    "payout_not_tied": Kind(Right.RECONCILE, condition=True, decided=True),
    "payout_columns": Kind(Right.RECONCILE),
    "payout_follow_up": Kind(Right.RECONCILE, condition=True),
    "payout_folder_refused": Kind(Right.RECONCILE, condition=True),
    "payouts_not_fetched": Kind(Right.CONFIGURE, condition=True),
    "page_failed": Kind(Right.CONFIGURE, sender=True, condition=True),
    "mail_failed": Kind(Right.CONFIGURE, sender=True, condition=True),
    "mail_bounced": Kind(Right.CONFIGURE, sender=True, condition=True),
    "mail_uncertain": Kind(Right.CONFIGURE, sender=True, condition=True),
    "sending_paused": Kind(Right.CONFIGURE, condition=True),
    "untrusted_url": Kind(Right.CONFIGURE),
    "notification_failed": Kind(Right.CONFIGURE),
    "mail_skipped": Kind(Right.CONFIGURE),
    "payments_not_read": Kind(Right.CONFIGURE),
    "payment_not_read": Kind(Right.CONFIGURE, sender=True),
    "no_room": Kind(Right.CONFIGURE, condition=True),
    "lines_unequal": Kind(Right.CONFIGURE, condition=True),
    "no_worker": Kind(Right.CONFIGURE),
    "worker_part_still": Kind(Right.CONFIGURE),
}
UNCONFIRMED_KINDS = ("payment_unconfirmed", "payment_unconfirmable")  # closed by hand: it was no payment
_OTHER = Kind(Right.CONFIGURE, sender=True)  # a kind that a newer version raised

SENDER_KINDS = tuple(name for name, kind in KINDS.items() if kind.sender)
CONDITION_KINDS = tuple(name for name, kind in KINDS.items() if kind.condition)


def kind_of(name: str) -> Kind:
    """The kind of this name; one that this version does not know is any sender's and an administrator's."""
    return next((kind for known, kind in KINDS.items() if known == name), _OTHER)


def may_handle(kind: str, held: frozenset[Right]) -> bool:
    """Whether a person with these rights may take and close an alarm of this kind."""
    found = kind_of(kind)
    return found.right in held or (found.sender and Right.SEND in held)


def handled_by(held: frozenset[Right]) -> tuple[str, ...]:
    """The kinds that a person with these rights may take."""
    return tuple(name for name in KINDS if may_handle(name, held))


def handlers() -> dict[str, tuple[str, ...]]:
    """The roles that may handle each kind; under "" those of any other kind."""
    return {
        name: tuple(role for role, held in ROLE_RIGHTS.items() if may_handle(name, held))
        for name in (*KINDS, "")
    }
