"""The registry of screens: file, address, title, icon, right. The address is a screen's identity; its title is translated."""

from copy import copy
from dataclasses import dataclass
from functools import lru_cache

import streamlit as st

from services.access import Right
from services.i18n import Translator


@dataclass(frozen=True, kw_only=True)
class Screen:
    """``section``: of the menu; a screen without one stands above the sections. ``installation``: the screen concerns the
    whole installation, so it needs the right for all accounts."""

    file: str
    url_path: str
    title: str
    icon: str
    right: Right
    section: str = ""
    installation: bool = False


_PAYMENTS, _PAYOUTS, _SETTINGS = "Payments", "Payouts", "Settings"


# In the order of the menu.
SCREENS = (
    Screen(
        file="overview/page.py",
        url_path="overview",
        title="Overview",
        icon=":material/home:",
        right=Right.SEE_ORDERS,
    ),
    Screen(
        file="new_order/page.py",
        url_path="new-order",
        title="New order",
        icon=":material/add_card:",
        right=Right.SEND,
        section=_PAYMENTS,
    ),
    Screen(
        file="bulk/many_at_once.py",
        url_path="many-at-once",
        title="Many at once",
        icon=":material/playlist_add:",
        right=Right.SEND,
        section=_PAYMENTS,
    ),
    Screen(
        file="payment_requests/page.py",
        url_path="payment-requests",
        title="Payment requests",
        icon=":material/receipt_long:",
        right=Right.SEE_ORDERS,
        section=_PAYMENTS,
    ),
    Screen(
        file="payouts/page.py",
        url_path="payouts",
        title="Payouts",
        icon=":material/account_balance:",
        right=Right.SEE_SETTLEMENTS,
        section=_PAYOUTS,
    ),
    Screen(
        file="reconciliation/page.py",
        url_path="reconciliation",
        title="Reconciliation",
        icon=":material/rule:",
        right=Right.SEE_SETTLEMENTS,
        section=_PAYOUTS,
    ),
    Screen(
        file="bank/page.py",
        url_path="bank",
        title="Bank",
        icon=":material/account_balance_wallet:",
        right=Right.BANK,
        section=_PAYOUTS,
    ),
    Screen(
        file="bulk/expected_orders.py",
        url_path="expected-orders",
        title="Expected orders",
        icon=":material/inventory:",
        right=Right.SEE_SETTLEMENTS,
        section=_PAYOUTS,
    ),
    # Read-only without the right to configure: managers look up there what still stops a link.
    Screen(
        file="configuration/page.py",
        url_path="configuration",
        title="Configuration",
        icon=":material/settings:",
        right=Right.SEE_ORDERS,
        section=_SETTINGS,
    ),
    Screen(
        file="admin/my_notices.py",
        url_path="my-notices",
        title="My notices",
        icon=":material/notifications:",
        right=Right.SEND,
        section=_SETTINGS,
    ),
    Screen(
        file="admin/people.py",
        url_path="people",
        title="People",
        icon=":material/group:",
        right=Right.MANAGE_USERS,
        section=_SETTINGS,
        installation=True,
    ),
    Screen(
        file="admin/privacy.py",
        url_path="privacy",
        title="Privacy",
        icon=":material/shield_person:",
        right=Right.CONFIGURE,
        section=_SETTINGS,
    ),
    Screen(
        file="admin/audit.py",
        url_path="audit",
        title="Audit",
        icon=":material/history:",
        right=Right.SEE_AUDIT,
        section=_SETTINGS,
        installation=True,
    ),
)


def page_of(screen: Screen, t: Translator, *, visible: bool) -> st.Page:
    """Streamlit's page of the screen, in the language of ``t``."""
    return copy(_known_page(screen, t, visible=visible))  # each run marks the page that it shows


@lru_cache(maxsize=256)  # not in the router: Streamlit runs that module anew each time
def _known_page(screen: Screen, t: Translator, *, visible: bool) -> st.Page:
    return st.Page(
        screen.file,
        title=t.titled(screen.title),
        icon=screen.icon,
        url_path=screen.url_path,
        visibility="visible" if visible else "hidden",
    )


def menu(anywhere: frozenset[Right], everywhere: frozenset[Right]) -> tuple[Screen, ...]:
    """The screens of a person with these rights on one account at least, and with those for all accounts."""
    return tuple(
        screen for screen in SCREENS if screen.right in (everywhere if screen.installation else anywhere)
    )
