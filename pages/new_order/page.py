"""New order: the form, *Send by e-mail* once it is right, a window with the customer's e-mail, then the order's progress."""

from dataclasses import replace

import streamlit as st

from pages.components import accounts
from pages.components.common import actor, desk, language, refusals, texts
from pages.components.facts import show_facts
from pages.components.markdown import plain
from pages.new_order import sent, stored_drafts, templates
from pages.new_order.form import Form, draw_form, reset_form
from pages.new_order.readiness import show_missing
from pages.new_order.warnings import show_warnings
from pages.shell import sandbox_banner
from services.access import Right
from services.accounts.readiness import readiness
from services.error_messages import sentence
from services.errors import DeskError
from services.i18n import format_datetime, language_name
from services.money import format_money
from services.notices.choices import may_set_address, set_address
from services.orders import create
from services.orders.create import Preview
from services.orders.drafts import Channel
from services.orders.names import CHANNEL_NAMES
from services.settings.account import Account

LABELS = {
    "first_name": "First name", "last_name": "Last name", "email": "E-mail address", "amount": "Amount",
    "description": "Description", "order_id": "Order id", "language": "Customer's language", "expires_at": "Valid until",
    "phone": "Telephone", "reference_1": "Invoice number",
}  # fmt: skip

_CHANNELS: tuple[Channel, ...] = ("link", "phone")


def page() -> None:
    t = texts()
    st.title(t("New order"))
    order_id = st.session_state.get("sent_order")
    if order_id is not None:
        sent.show(order_id)
        return
    if sandbox_banner.being_made():
        sandbox_banner.show_being_made()
        return
    stored_drafts.offer()
    account, channel = _account_and_channel()
    if account is None:
        return
    ready = readiness(desk(), account.key, channel)
    if not ready.ready:
        show_missing(ready, channel)
    place = st.container()
    form = draw_form(account, channel)
    stored_drafts.watch(account, channel)
    with place:
        templates.show(account, form)
    if form.accepted is None:
        for text, names in (("Still needed: {fields}", form.empty), ("To correct: {fields}", form.wrong)):
            if names:
                st.caption(t(text, fields=", ".join(_label(name) for name in names)))
        return
    _summary(account, form)
    if not ready.ready:
        return
    if channel == "link":
        if st.button(t("Send by e-mail"), type="primary", icon=":material/mail:"):
            st.session_state["confirming"] = True
        # Stored in the session, so that a rerun for another reason does not close the window.
        if st.session_state.get("confirming"):
            window = st.dialog(t("This is what the customer will receive"), width="large", on_dismiss=_close)
            window(_confirm)(form)
    else:
        show_warnings(form.accepted)
        st.button(
            t("Prepare the telephone payment"),
            type="primary",
            icon=":material/call:",
            on_click=_create,
            args=(form,),
        )
        _show_refusal()


def _label(field: str) -> str:
    number = field.removeprefix("reference_")
    return texts()("Reference {number}", number=number) if field not in LABELS else texts()(LABELS[field])


def _account_and_channel() -> tuple[Account | None, Channel]:
    """The account and the channel; the account is None until the reader has chosen it."""
    t = texts()
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    # Set in the session, not as the widget's default: duplicating an order sets it, too.
    st.session_state.setdefault("new_order_channel", "link")
    channel = left.segmented_control(
        t("How will the customer pay?"),
        _CHANNELS,
        format_func=lambda key: t(CHANNEL_NAMES[key]),
        required=True,
        key="new_order_channel",
        help=t(
            "By link: the customer pays on HiPay's page (e-commerce, ECI 7). By phone or post: you type the card on HiPay's page (MO/TO, ECI 1)."
        ),
    )
    return accounts.choose("account", Right.SEND, place=right), channel or "link"


def _summary(account: Account, form: Form) -> None:
    """Show in one line what will be sent, with the values of folded fields."""
    t, order = texts(), form.accepted
    assert order is not None
    values = {
        "name": f"{order.first_name} {order.last_name}",
        "amount": format_money(order.amount, order.currency, t.locale),
        "expiry": format_datetime(order.expires_at, account.timezone, language()),
        "language": language_name(order.language, language()),
        "order_id": order.order_id,
    }
    st.markdown(
        t(
            "**{name}** is asked for **{amount}**, in {language}, until {expiry}. Order id {order_id}.",
            **{key: plain(text) for key, text in values.items()},
        )
    )


def _confirm(form: Form) -> None:
    t, order = texts(), form.accepted
    assert order is not None
    if st.session_state.get("sent_order") is not None:
        st.rerun()
    with refusals():
        preview = create.preview(desk(), actor(), order)
        facts = [
            (t("Subject"), preview.composed.subject),
            (t("To"), preview.to),
            (t("From"), preview.sender),
            (t("Replies go to"), preview.reply_to),
        ]
        # What is decided on the left, the letter on the right: the buttons are in sight in a window of 800 pixels.
        left, right = st.columns([2, 3], gap="medium")
        with left:
            show_facts(facts)
            show_warnings(order)
            _offer_a_copy()
            _send(form, preview)
        right.iframe(preview.composed.html, height=560, alt=t("The e-mail as the customer will receive it"))


def _send(form: Form, preview: Preview) -> None:
    t, sure = texts(), True
    if preview.internationalised:
        sure = st.checkbox(
            t(
                "The address has unusual letters. It will be sent to: {address}. This is right.",
                address=plain(preview.to),
            ),
            key="confirm_address",
        )
    back, send = st.columns(2)
    if back.button(t("Back"), width="stretch"):
        _close()
        st.rerun()
    send.button(
        t("Send"),
        type="primary",
        width="stretch",
        disabled=not sure,
        icon=":material/send:",
        on_click=_create,
        args=(form,),
    )
    _show_refusal()


def _offer_a_copy() -> None:
    """Offer a copy to the sender's own address. A person who has none and may set it types it here."""
    t, own = texts(), create.copy_address(actor())
    if own is None and may_set_address(desk(), actor()):
        st.text_input(
            t("To receive a copy: your own e-mail address"),
            key="confirm_own_address",
            on_change=_store_own_address,
        )
        if problem := st.session_state.pop("confirm_own_problem", None):
            st.markdown(f":small[:red[:material/error: {plain(problem)}]]")
        return
    st.checkbox(
        t("Send me a copy ({address})", address=plain(own))
        if own
        else t("Send me a copy (your account has no e-mail address)"),
        disabled=own is None,
        key="confirm_copy",
    )


def _store_own_address() -> None:
    typed = st.session_state["confirm_own_address"].strip()
    try:
        if typed:
            st.session_state["actor"] = set_address(desk(), actor(), typed)
            st.session_state["confirm_copy"] = True
    except DeskError as error:
        st.session_state["confirm_own_problem"] = sentence(error, texts())


def _close() -> None:
    st.session_state.pop("confirming", None)


def _create(form: Form) -> None:
    """Create the order under the form's key: a second press finds the order of the first.

    As a callback it runs before anything is drawn: a tab that is closed after the press cannot interrupt it.
    """
    draft = replace(form.draft, copy_to_sender=bool(st.session_state.get("confirm_copy")))
    try:
        st.session_state["sent_order"] = create.create(desk(), actor(), draft, form.key)
    except DeskError as refusal:
        st.session_state["send_refusal"] = refusal
        return
    _close()
    reset_form()


def _show_refusal() -> None:
    with refusals():
        if refusal := st.session_state.pop("send_refusal", None):
            raise refusal


page()
