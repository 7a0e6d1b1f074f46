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
    Screen("new_order.py", "new-order", "New order", ":material/add_card:", Right.SEND),
    Screen("many_at_once.py", "many-at-once", "Many at once", ":material/playlist_add:", Right.SEND),
    Screen(
        "payment_requests.py",
        "payment-requests",
        "Payment requests",
        ":material/receipt_long:",
        Right.SEE_ORDERS,
    ),
    Screen("reconciliation.py", "reconciliation", "Reconciliation", ":material/rule:", Right.SEE_SETTLEMENTS),
    Screen("configuration.py", "configuration", "Configuration", ":material/settings:", Right.CONFIGURE),
    Screen("people.py", "people", "People", ":material/group:", Right.MANAGE_USERS),
    Screen("audit.py", "audit", "Audit", ":material/history:", Right.SEE_AUDIT),
)

# Where a person begins: their own work before what they may merely look at.
_BEGINNINGS = (Right.SEND, Right.SEE_SETTLEMENTS, Right.CONFIGURE)


def first(rights: frozenset[Right]) -> Screen:
    """The screen that a person with these rights (of one role at least) meets first."""
    return next(
        screen for right in _BEGINNINGS for screen in SCREENS if screen.right == right and right in rights
    )
