"""Whether the settings still name an account."""

from services.accounts.errors import AccountUnknown
from services.desk import Desk


def require_account(desk: Desk, account: str) -> None:
    """Raises AccountUnknown for an account that the settings do not name."""
    if account not in desk.settings.all_accounts:
        raise AccountUnknown(account)
