"""Whether an observation fits the order and the page that it names: what does not fit is never a payment."""

from services.desk import Desk
from services.hipay.observations import Observation
from services.store.orders.records import Order, Page


def first_misfit(desk: Desk, order: Order, page: Page, seen: Observation) -> str | None:
    """The name of the first thing in the observation that is not the page's; None when all fits."""
    account = desk.settings.all_accounts.get(order.account)  # None: the settings no longer name it
    checks = (
        ("order", seen.order_id, page.hipay_order_id),
        # The id of a page that we lost may be another system's order: only our mark distinguishes the two.
        ("mark", seen.mark or ("none" if page.state == "lost" else None), order.mark),
        ("amount", seen.order_amount, page.amount),
        ("currency", seen.order_currency or seen.currency, page.currency),
        ("account", seen.mid, page.mid or None),
        ("test", seen.test, account and account.environment != "production"),
    )
    amounts = (seen.authorised, seen.captured, seen.refunded, seen.charged_back, seen.operation_amount)
    if min(one or 0 for one in amounts) < 0:
        return "negative"
    if max(seen.authorised or 0, seen.captured or 0) > page.amount:
        return "amount"
    return next(
        (
            name
            for name, seen_value, ours in checks
            if seen_value not in (None, "") and ours is not None and seen_value != ours
        ),
        None,
    )
