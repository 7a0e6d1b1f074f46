"""The accounts that a screen offers to a person."""

from services.access import Actor, Right, allowed_accounts, rights
from services.desk import Desk
from services.settings.account import Account


def offered(desk: Desk, actor: Actor, right: Right) -> dict[str, Account]:
    """The accounts of the settings on which the actor has the right, in the settings' order."""
    with desk.store.read() as tx:
        if right not in rights(tx, actor):
            return {}
        allowed = allowed_accounts(tx, actor, right)
    return {
        key: account
        for key, account in desk.settings.all_accounts.items()
        if allowed is None or key in allowed
    }
