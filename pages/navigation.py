"""The screens: which file, at which address, for whom. The address is a screen's identity: titles are translated."""

from dataclasses import dataclass

from services.access import Right


@dataclass(frozen=True)
class Screen:
    file: str
    url_path: str
    title: str
    icon: str
    right: Right


# In the order of the menu.
SCREENS = (
    Screen("overview.py", "overview", "Overview", ":material/home:", Right.SEE_ORDERS),
    Screen("new_order.py", "new-order", "New order", ":material/add_card:", Right.SEND),
    Screen("many_at_once.py", "many-at-once", "Many at once", ":material/playlist_add:", Right.SEND),
    Screen(
        "payment_requests.py",
        "payment-requests",
        "Payment requests",
        ":material/receipt_long:",
        Right.SEE_ORDERS,
    ),
    Screen("my_notices.py", "my-notices", "My notices", ":material/notifications:", Right.SEND),
    Screen("reconciliation.py", "reconciliation", "Reconciliation", ":material/rule:", Right.SEE_SETTLEMENTS),
    Screen(
        "expected_orders.py",
        "expected-orders",
        "Expected orders",
        ":material/inventory:",
        Right.SEE_SETTLEMENTS,
    ),
    # Read-only for those who may not configure: they are sent there to see what still stops a link.
    Screen("configuration.py", "configuration", "Configuration", ":material/settings:", Right.SEE_ORDERS),
    Screen("people.py", "people", "People", ":material/group:", Right.MANAGE_USERS),
    Screen("privacy.py", "privacy", "Privacy", ":material/shield_person:", Right.CONFIGURE),
    Screen("audit.py", "audit", "Audit", ":material/history:", Right.SEE_AUDIT),
)


def first(rights: frozenset[Right]) -> Screen:
    """The screen that a person with these rights (of one role at least) meets first: the first of their menu."""
    return next(screen for screen in SCREENS if screen.right in rights)
