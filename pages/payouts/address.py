"""The choices of the screen of payouts, all stored in its address."""

from pages.components import url_state
from pages.components.outcome_words import PAYOUT_STATES

SCREEN = "payouts"
VIEWS = {"payouts": "Payouts", "files": "Files"}

CHOICES = (
    url_state.one_of("show", tuple(VIEWS), "payouts"),
    url_state.some_of("check", lambda: tuple(PAYOUT_STATES)),
    url_state.text("payout_of"),
    url_state.number("file_of"),
)


def follow() -> None:
    """Set the widgets' values from the address."""
    url_state.follow(SCREEN, CHOICES)


def write() -> None:
    """Write the widgets' values into the address."""
    url_state.write(SCREEN, CHOICES)
