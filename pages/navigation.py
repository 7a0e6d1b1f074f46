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
    installation: bool = False  # it concerns the whole installation: the right is needed for all accounts


# In the order of the menu.
SCREENS = (
    Screen("overview/page.py", "overview", "Overview", ":material/home:", Right.SEE_ORDERS),
    Screen("new_order/page.py", "new-order", "New order", ":material/add_card:", Right.SEND),
    Screen("bulk/many_at_once.py", "many-at-once", "Many at once", ":material/playlist_add:", Right.SEND),
    Screen(
        "payment_requests/page.py",
        "payment-requests",
        "Payment requests",
        ":material/receipt_long:",
        Right.SEE_ORDERS,
    ),
    Screen("admin/my_notices.py", "my-notices", "My notices", ":material/notifications:", Right.SEND),
    Screen(
        "reconciliation/page.py", "reconciliation", "Reconciliation", ":material/rule:", Right.SEE_SETTLEMENTS
    ),
    Screen(
        "bulk/expected_orders.py",
        "expected-orders",
        "Expected orders",
        ":material/inventory:",
        Right.SEE_SETTLEMENTS,
    ),
    # Read-only for those who may not configure: they are sent there to see what still stops a link.
    Screen(
        "configuration/page.py", "configuration", "Configuration", ":material/settings:", Right.SEE_ORDERS
    ),
    Screen("admin/people.py", "people", "People", ":material/group:", Right.MANAGE_USERS, installation=True),
    Screen("admin/privacy.py", "privacy", "Privacy", ":material/shield_person:", Right.CONFIGURE),
    Screen("admin/audit.py", "audit", "Audit", ":material/history:", Right.SEE_AUDIT, installation=True),
)


def menu(held: frozenset[Right], everywhere: frozenset[Right]) -> tuple[Screen, ...]:
    """The screens of a person with these rights on one account at least, and with those for all accounts."""
    return tuple(
        screen for screen in SCREENS if screen.right in (everywhere if screen.installation else held)
    )
