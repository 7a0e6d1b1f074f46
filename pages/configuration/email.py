"""The settings of the e-mail: a default, and exceptions per language; next to the form, the e-mail as a customer would get it."""

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.components.common import actor, desk, language, refusals, texts
from pages.components.configuration_words import EMAIL, field_names
from pages.components.facts import show_facts
from pages.components.markdown import plain
from services.accounts.configuration import save_email_settings
from services.checklist.overview import Overview
from services.checklist.test_email import sample, send_test_email
from services.error_messages import sentence
from services.errors import DeskError
from services.i18n import LANGUAGES, language_name
from services.mail import settings
from services.mail.compose import DEFAULT_COLOUR
from services.mail.errors import SettingsRefused
from services.mail.settings import WHITE, EmailSettings, text_colour
from services.settings.account import Account

_BLOCKS = ("signature", "footer")
_EXAMPLES = {
    "sender_name": "Maison Demo", "sender_address": "shop@example.com", "reply_to": "hello@example.com",
    "merchant_name": "Maison Demo", "support_contact": "hello@example.com, +33 1 99 00 12 34",
    "logo_url": "https://www.example.com/logo.png", "colour": DEFAULT_COLOUR,
}  # fmt: skip


@dataclass(frozen=True)
class _Field:
    """A text field of the form. Its text is kept while the page is open, even while another language is shown."""

    label: str
    key: str
    placeholder: str
    disabled: bool

    def text_input(self, place: DeltaGenerator | None = None) -> str:
        draw = place.text_input if place else st.text_input
        typed = draw(
            self.label,
            live=True,
            key=self.key,
            disabled=self.disabled,
            persist_state="page",
            placeholder=self.placeholder,
        )
        return typed or ""

    def text_area(self) -> str:
        typed = st.text_area(
            self.label,
            height=100,
            key=self.key,
            disabled=self.disabled,
            persist_state="page",
            placeholder=self.placeholder,
        )
        return typed or ""


def form(account: Account, found: Overview) -> None:
    """The language, its fields, and the e-mail."""
    t, reader = texts(), language()
    chosen = (
        st.segmented_control(
            t("Language of the e-mail"),
            ["", *LANGUAGES],
            key="cfg_email_language",
            default="",
            required=True,
            format_func=lambda code: language_name(code, reader).capitalize() if code else t("Default"),
        )
        or ""
    )
    left, right = st.columns([1, 1], gap="large")
    with left:
        typed, problems = _fields(account, found, chosen)
        _save(account, found, chosen, typed)
    # A wrong field has the value that was saved last in the preview.
    stored = found.configuration.email.of(chosen)
    good = {name: getattr(stored, name) if name in problems else text for name, text in typed.items()}
    shown = _as_received(found, chosen, settings.read(good))
    with right:
        _preview(account, chosen or reader, shown)
        _test(account, found, chosen or reader)


def _fields(account: Account, found: Overview, chosen: str) -> tuple[dict[str, str], dict[str, DeskError]]:
    """Draw the form with what is wrong below each field; returns what is typed and what is wrong, by field."""
    t, may = texts(), found.may_configure
    stored, default = found.configuration.email.of(chosen), found.configuration.email.default
    typed, slots = {}, {}
    for name, label in EMAIL.items():
        key = _key(account, chosen, name)
        st.session_state.setdefault(key, getattr(stored, name))
        hint = getattr(default, name) if chosen else _EXAMPLES.get(name, "")
        placeholder = t("as the default: {text}", text=hint) if chosen and hint else hint
        field = _Field(t(label), key, placeholder, disabled=not may)
        if name in _BLOCKS:
            typed[name] = field.text_area()
        elif name == "colour":
            typed[name] = _colour(field, hint or DEFAULT_COLOUR)
        else:
            typed[name] = field.text_input()
        slots[name] = st.empty()
    problems = _problems(typed)
    for name, problem in problems.items():
        slots[name].caption(f":red[:material/error: {plain(sentence(problem, t))}]")
    colour = typed["colour"].strip().lower()
    if colour and "colour" not in problems and text_colour(colour) != WHITE:
        slots["colour"].caption(
            ":material/info: " + t("White could not be read on this colour: the button's text is dark.")
        )
    if not chosen and (empty := [name for name in EMAIL if not typed[name].strip()]):
        st.caption(":material/edit: " + t("Still to be filled in: {fields}.", fields=field_names(empty, t)))
    return typed, problems


def _colour(field: _Field, shown: str) -> str:
    """The colour as text, which may be empty, and a picker that writes into it."""
    key = field.key
    text, picker = st.columns([3, 1], vertical_alignment="bottom")
    typed = field.text_input(text)
    valid = not _problems({"colour": typed}) and typed.strip()
    st.session_state[f"{key}_picker"] = typed.strip().lower() if valid else shown

    def picked() -> None:
        st.session_state[key] = st.session_state[f"{key}_picker"]

    picker.color_picker(
        field.label,
        key=f"{key}_picker",
        on_change=picked,
        disabled=field.disabled,
        label_visibility="collapsed",
    )
    return typed


def _save(account: Account, found: Overview, chosen: str, typed: dict[str, str]) -> None:
    t = texts()
    if not st.button(
        t("Save the e-mail settings"), type="primary", key="cfg_save_email", disabled=not found.may_configure
    ):
        return
    with refusals():
        changed = save_email_settings(desk(), actor(), account.key, chosen, typed)
        for name in EMAIL:
            st.session_state.pop(_key(account, chosen, name), None)
        st.session_state["cfg_saved"] = bool(changed)
        st.rerun()


def _preview(account: Account, chosen: str, shown: EmailSettings) -> None:
    t = texts()
    composed = sample(desk(), account.key, shown, chosen)
    sender = f"{shown.sender_name} <{shown.sender_address}>" if shown.sender_address else t("not set yet")
    show_facts([(t("From"), sender), (t("Subject"), composed.subject)])
    with st.container(border=True):
        st.iframe(composed.html, height=560, alt=t("The e-mail as the customer will receive it"))


def _test(account: Account, found: Overview, chosen: str) -> None:
    """Offer the test e-mail. No other e-mail is sent by a screen itself: the person waits for the mail server's answer."""
    t, own = texts(), actor().email
    st.markdown(f"**{t('Test e-mail')}**")
    to = own
    if own:
        st.caption(
            t(
                "With the saved settings and sample data, in {language}, to {address}.",
                language=language_name(chosen, language()),
                address=plain(own),
            )
        )
    else:
        to = st.text_input(t("Your address"), key="cfg_test_to", disabled=not found.may_configure) or ""
    if not st.button(
        t("Send me a test e-mail"),
        icon=":material/outgoing_mail:",
        key="cfg_test",
        disabled=not found.may_configure,
    ):
        return
    with refusals(), st.spinner(t("Handing the message to the mail server…")):
        sent = send_test_email(desk(), actor(), account.key, chosen, to)
        st.success(
            t("The mail server took it: look into the mailbox of {address}.", address=plain(sent.to)),
            icon=":material/mark_email_read:",
        )
        if desk().settings.demo:
            st.caption(f"[{t('Open the mailbox of the sandbox')}]({desk().settings.sandbox_url}/mailbox)")


def _as_received(found: Overview, chosen: str, typed: EmailSettings) -> EmailSettings:
    """The settings of a customer's e-mail if the typed ones were saved."""
    config = found.configuration.email
    if chosen:
        return settings.resolve(config.default, {chosen: typed}, chosen)
    return settings.resolve(typed, config.per_language, language())


def _problems(typed: dict[str, str]) -> dict[str, DeskError]:
    try:
        settings.read(typed)
    except SettingsRefused as error:
        return dict(error.problems)
    return {}


def _key(account: Account, chosen: str, name: str) -> str:
    return f"cfg_email_{account.key}_{chosen or 'default'}_{name}"
