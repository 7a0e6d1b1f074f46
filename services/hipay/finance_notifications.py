"""HiPay's finance notifications: a new settlement, as form, JSON (`{"settlement": {…}}`) or XML.

They are signed like payment notifications, with an algorithm and a password of their own. They only announce that a payout
can be fetched: figures are read from the finance API.
"""

import re
from dataclasses import dataclass
from itertools import dropwhile

from services.hipay.errors import BadNotification
from services.hipay.notifications import read_fields

# The fields may be at the top or inside `settlement`; HiPay publishes only an outline of the JSON and the XML.
_INSIDE = ("settlement", "notification")
_ID = re.compile(r"[0-9]{1,20}")


@dataclass(frozen=True, slots=True)
class FinanceNotification:
    """``kind``: `settlement` is the only one published. ``settlement_id`` is empty for any other."""

    kind: str
    account: str
    settlement_id: str


def parse_finance(raw: bytes, content_type: str | None) -> FinanceNotification:
    """Read a finance notification. Raises BadNotification for anything that is not one, and nothing else."""
    fields = {_bare(name): value.strip() for name, value in read_fields(raw, content_type).items()}
    kind = fields.get("notification_type", "").lower()
    if not kind:
        raise BadNotification("missing", "notification_type")
    if kind != "settlement":
        return FinanceNotification(kind[:60], fields.get("account", "")[:60], "")
    reference = fields.get("reference", "")
    if not _ID.fullmatch(reference):
        raise BadNotification("reference" if reference else "missing", "reference")
    return FinanceNotification(kind, fields.get("account", "")[:60], reference)


def _bare(name: str) -> str:
    """``reference`` of ``settlement[reference]`` and ``notification[settlement][reference]``."""
    parts = [part for part in re.split(r"[\[\]]+", name) if part]
    inner = list(dropwhile(_INSIDE.__contains__, parts[:-1]))
    return parts[-1] if parts and not inner else name
