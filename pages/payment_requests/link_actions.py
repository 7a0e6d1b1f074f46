"""What can be done with a request's link: QR code, send again, remind, correct, extend, renew, call off, duplicate."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import streamlit as st

from pages.components import accounts
from pages.components.common import actor, desk, language, refusals, texts
from pages.components.markdown import plain
from pages.new_order.form import reset_form
from pages.new_order.warnings import DUPLICATED_FROM
from services import money
from services.i18n import format_datetime
from services.mail.addresses import parse_address
from services.mail.errors import AddressError
from services.orders import history, link_rules, links, qr
from services.orders.create import new_form_key
from services.orders.drafts import DEFAULT_DAYS, local_time
from services.orders.email_typos import suggestion
from services.orders.errors import LinkRefused, NoLink, NotOurLink, StillSending
from services.orders.history import Detail
from services.orders.link_rules import Action, Offer

# action → (button, icon, what it does)
ACTIONS: dict[Action, tuple[str, str, str]] = {
    "resend": ("Send again", ":material/forward_to_inbox:", "The same link goes to {address} once more."),
    "remind": ("Remind", ":material/notifications:", "The same link goes to {address} once more; the e-mail begins with a reminder."),
    "readdress": ("Send to another address", ":material/alternate_email:", "The same link goes to another address, which replaces {address}."),
    "correct": ("Correct", ":material/edit:", "The link stays the same and shows the new facts at once."),
    "extend": ("Extend", ":material/more_time:", "The link stays the same and ends later, or earlier."),
    "renew": ("Renew", ":material/autorenew:", "The request gets a new end under the same order id, and the customer an e-mail."),
    "cancel": ("Call off", ":material/cancel:", "The link then tells the customer, kindly, that there is nothing to pay. This cannot be undone."),
}  # fmt: skip
# refusal → why a button that a person may expect is absent, where nothing else on the screen says it
_WHY_ABSENT: dict[type[LinkRefused], str] = {
    NotOurLink: "The customer holds HiPay's own page: HiPay has no way to call it off, to correct it or to extend it. For another amount, duplicate the request; the former link can then still be paid until it ends.",
    StillSending: "The e-mail has not left yet, or is being tried again: it can be sent anew once that has ended.",
    NoLink: "There is no link to send at present: HiPay's page is not there yet, or the public address of our own links was taken out of the settings.",
}
_WINDOW = "link_window"


def show(found: Detail) -> None:
    """Show the buttons of what the link allows now, and why others are absent."""
    t, order = texts(), found.order
    offered = link_rules.offer(desk(), actor(), order.id)
    with st.container(horizontal=True):
        if found.url and st.button(t("QR code"), icon=":material/qr_code_2:", key="link_qr"):
            _ask(order.id, "qr")
        if offered is None:
            return
        for action, (label, icon, _) in ACTIONS.items():
            if action not in offered.refusals and st.button(t(label), icon=icon, key=f"link_{action}"):
                _ask(order.id, action)
        if order.erased_at is None and st.button(
            t("Duplicate as new"), icon=":material/content_copy:", key="link_duplicate"
        ):
            _duplicate(order)
    reasons = {type(refusal) for refusal in offered.refusals.values()}
    for kind, words in _WHY_ABSENT.items():
        if kind in reasons and order.delivery != "none":
            st.caption(f":material/info: {t(words)}")
    if found.badge == "cancelled" and offered.payable_until is not None:
        _warn_payable(order, offered.payable_until)


def open_window(order_id: int) -> bool:
    """Draw the window if it is open for this order. Returns whether it is."""
    wanted_for, wanted, key = st.session_state.get(_WINDOW, (None, "", ""))
    if wanted_for != order_id:
        _close()
        return False
    t = texts()
    title = "QR code" if wanted == "qr" else ACTIONS[wanted][0]
    st.dialog(t(title), on_dismiss=_close)(_window)(order_id, wanted, key)
    return True


def _ask(order_id: int, wanted: str) -> None:
    st.session_state[_WINDOW] = (order_id, wanted, new_form_key())
    st.rerun(scope="app")


def _close() -> None:
    st.session_state.pop(_WINDOW, None)


def _window(order_id: int, wanted: Any, key: str) -> None:
    with refusals():
        found = history.detail(desk(), actor(), order_id)
        offered = link_rules.offer(desk(), actor(), order_id)
        if wanted == "qr":
            _qr(found)
        elif offered is not None:
            st.write(texts()(ACTIONS[wanted][2], address=plain(found.order.email)))
            act = _WINDOWS[wanted](found, offered, key)
            _confirm(wanted, act, key)


def _confirm(wanted: Action, act: Callable[[], object] | None, key: str) -> None:
    t = texts()
    back, go = st.columns(2)
    if back.button(t("Back"), width="stretch", key=f"link_back_{key}"):
        _close()
        st.rerun()
    label = t("Yes, {what}", what=t(ACTIONS[wanted][0]).lower())
    if go.button(label, type="primary", width="stretch", disabled=act is None, key=f"link_go_{key}") and act:
        with refusals():
            act()
            _close()
            st.rerun()


def _qr(found: Detail) -> None:
    t, url = texts(), found.url
    if url is None:
        st.info(t("There is no link that can be paid at present."))
        return
    st.image(qr.png(url), width=280, caption=t("QR code of the payment link"))
    one, two = st.columns(2)
    name = found.order.order_id
    one.download_button(t("Download PNG"), qr.png(url), f"{name}.png", "image/png", width="stretch")
    two.download_button(t("Download SVG"), qr.svg(url), f"{name}.svg", "image/svg+xml", width="stretch")


def _resend(found: Detail, _offered: Offer, key: str) -> Callable[[], object]:
    return lambda: links.resend(desk(), actor(), found.order.id, key)


def _remind(found: Detail, _offered: Offer, key: str) -> Callable[[], object]:
    return lambda: links.resend(desk(), actor(), found.order.id, key, reminder=True)


def _readdress(found: Detail, _offered: Offer, key: str) -> Callable[[], object] | None:
    t = texts()
    typed = st.text_input(t("New address"), key=f"link_email_{key}", autocomplete="off").strip()
    st.warning(
        t("Whoever has the first e-mail can still pay with it: both hold the same link."),
        icon=":material/info:",
    )
    if not typed:
        return None
    try:
        address = parse_address(typed)
    except AddressError:
        with refusals():
            raise
        return None
    meant = suggestion(address.text)
    if meant is not None:
        words = t(
            "The address looks mistyped: {address}. Did you mean {suggestion}?",
            address=address.text,
            suggestion=meant,
        )
        st.warning(plain(words), icon=":material/info:")
    if address.internationalised and not st.checkbox(
        t(
            "The address has unusual letters. It will be sent to: {address}. This is right.",
            address=plain(address.text),
        ),
        key=f"link_sure_{key}",
    ):
        return None
    return lambda: links.readdress(desk(), actor(), found.order.id, typed, key)


def _cancel(found: Detail, offered: Offer, key: str) -> Callable[[], object]:
    if offered.payable_until is not None:
        _warn_payable(found.order, offered.payable_until)
    return lambda: links.cancel(desk(), actor(), found.order.id, key)


def _extend(found: Detail, offered: Offer, key: str) -> Callable[[], object] | None:
    end = _end(found, offered, key)
    return (lambda: links.extend(desk(), actor(), found.order.id, end, key)) if end else None


def _renew(found: Detail, offered: Offer, key: str) -> Callable[[], object] | None:
    end = _end(found, offered, key)
    return (lambda: links.renew(desk(), actor(), found.order.id, end, key)) if end else None


def _end(found: Detail, offered: Offer, key: str) -> datetime | None:
    t, account = texts(), desk().account(found.order.account)
    now = found.now.astimezone(account.zone)
    former = found.order.expires_at.astimezone(account.zone)
    proposed = max(former, now) + timedelta(days=DEFAULT_DAYS)
    latest = now + timedelta(days=offered.most_days)
    one, two = st.columns(2)
    day = one.date_input(
        t("Valid until (date)"),
        min(proposed, latest).date(),
        min_value=now.date(),
        max_value=latest.date(),
        format="DD/MM/YYYY",
        key=f"link_day_{key}",
    )
    hour = two.time_input(
        t("Valid until (time, {zone})", zone=account.timezone),
        former.time().replace(second=0, microsecond=0),
        step=900,
        key=f"link_hour_{key}",
    )
    if isinstance(day, tuple) or hour is None:
        return None
    with refusals():
        return local_time(datetime.combine(day, hour), account.zone)
    return None


def _correct(found: Detail, offered: Offer, key: str) -> Callable[[], object] | None:
    t, order = texts(), found.order
    typed = st.text_input(
        t("Amount ({currency})", currency=order.currency),
        money.plain(order.amount, order.currency, t.locale),
        key=f"link_amount_{key}",
    )
    description = st.text_input(t("Description"), order.description, key=f"link_description_{key}")
    mail = st.checkbox(t("Send the e-mail again, with the new facts"), True, key=f"link_mail_{key}")
    if offered.payable_until is not None:
        _warn_payable(order, offered.payable_until)
    with refusals():
        units = money.to_units(money.parse(typed or "", order.currency, t.locale))
        return lambda: links.correct(desk(), actor(), order.id, units, description or "", key, mail=mail)
    return None


def _warn_payable(order: Any, until: datetime) -> None:
    zone = desk().account(order.account).timezone
    st.warning(
        texts()(
            "A page of HiPay's that is already open can still be paid until {until}. You would be told.",
            until=format_datetime(until, zone, language(), named=False),
        ),
        icon=":material/schedule:",
    )


_WINDOWS: dict[Action, Callable[[Detail, Offer, str], Callable[[], object] | None]] = {
    "resend": _resend, "remind": _remind, "readdress": _readdress, "correct": _correct, "extend": _extend,
    "renew": _renew, "cancel": _cancel,
}  # fmt: skip


def _duplicate(order: Any) -> None:
    """Open New order with this order's facts, except its order id and its end."""
    reset_form()
    st.session_state.pop("sent_order", None)
    accounts.answer("account", order.account)
    st.session_state["new_order_channel"] = order.channel
    t = texts()
    facts = {
        "first_name": order.first_name,
        "last_name": order.last_name,
        "email": order.email,
        "phone": order.phone,
        "amount": money.plain(order.amount, order.currency, t.locale),
        "currency": order.currency,
        "description": order.description,
        "language": order.language,
        "capture": order.capture,
        **{f"reference_{n}": getattr(order, f"reference_{n}") for n in range(1, 6)},
    }
    for name, value in facts.items():
        st.session_state[f"order_{name}"] = value
    st.session_state[DUPLICATED_FROM] = order.id
    st.switch_page("new_order/page.py")
