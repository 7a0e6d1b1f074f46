"""The names of badges and channels, on screens and in files alike: English msgids."""

from services.store.order_states import Badge

BADGE_NAMES: dict[Badge, str] = {
    "preparing": "Being sent",
    "open": "Awaiting payment",
    "uncertain": "Check whether it arrived",
    "bounced": "E-mail came back",
    "failed": "Not sent",
    "expired": "Expired, unpaid",
    "cancelled": "Called off",
    "refused": "Payment refused",
    "pending": "Payment pending",
    "unconfirmed": "Payment being confirmed",
    "authorised": "Held",
    "paid": "Paid",
    "refunded": "Refunded",
    "charged_back": "Charged back",
}
CHANNEL_NAMES = {"link": "By link", "phone": "By phone or post (MO/TO)"}
