"""What a delivery report says of each recipient of an e-mail."""

import re
from dataclasses import dataclass
from typing import Literal

Action = Literal["failed", "delayed"]
ACTIONS: dict[str, Action] = {"failed": "failed", "delayed": "delayed", "5": "failed", "4": "delayed"}
STATUS_CODE = re.compile(r"\b([245])\.[0-7]\.\d{1,3}\b(?!\.\d)")  # RFC 3463


@dataclass(frozen=True)
class RecipientStatus:
    """The outcome for one recipient. ``recipients``: the recipient's addresses in the report, in small letters: the one
    written to and the one that it was passed on to; empty where the report names nobody.

    ``code``: of RFC 3463, "" where the report has none. ``answer``: the receiving server's text, on one line, at most 300
    characters, from a stranger.
    """

    action: Action
    recipients: frozenset[str]
    code: str
    answer: str


@dataclass(frozen=True)
class Report:
    """``message_ids``: of the message reported on, the likeliest first. ``statuses``: the failed ones first, never empty."""

    message_ids: tuple[str, ...]
    statuses: tuple[RecipientStatus, ...]

    def about(self, recipient: str) -> RecipientStatus | None:
        """The status of this recipient; None where the report names only others."""
        wanted = recipient.casefold()
        return next((one for one in self.statuses if not one.recipients or wanted in one.recipients), None)
