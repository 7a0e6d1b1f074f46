"""Templates on the order form: filling it in from one, saving it as one, renaming and deleting them."""

from datetime import timedelta

import streamlit as st

from pages.components.common import actor, desk, refusals, texts
from pages.new_order.form import Form
from services import clock, money
from services.orders import templates
from services.orders.templates import Content, Template
from services.settings.account import Account


def show(account: Account, form: Form) -> None:
    """Show a select box of the templates, if there are any, and a menu to save and manage them."""
    t = texts()
    with refusals():
        known = {one.id: one for one in templates.listing(desk(), actor(), account.key)}
        with st.container(horizontal=True, vertical_alignment="bottom"):
            if known:
                st.selectbox(
                    t("Start from a template"),
                    list(known),
                    index=None,
                    key=f"template_{account.key}",
                    width=320,
                    format_func=lambda number: known[number].name,
                    placeholder=t("none"),
                    on_change=_fill_in,
                    args=(account, known),
                )
            with st.popover(t("Templates"), icon=":material/bookmarks:", type="tertiary"):
                _save(account, form)
                if known:
                    st.divider()
                    _manage(known)


def _fill_in(account: Account, known: dict[int, Template]) -> None:
    """Fill in the form from the template; customer, invoice number and order id stay as they are."""
    chosen = known.get(st.session_state.get(f"template_{account.key}") or 0)
    if chosen is None:
        return
    state, content = st.session_state, chosen.content
    if content.amount is not None:
        state["order_amount"] = money.plain(content.amount, content.currency, texts().locale)
    state["order_currency"] = content.currency
    state["order_description"] = content.description
    for number, text in enumerate(content.references, 2):
        state[f"order_reference_{number}"] = text
    state["order_language"] = content.language
    state["order_capture"] = content.capture
    state["order_end_date"] = (clock.now().astimezone(account.zone) + timedelta(days=content.days)).date()


def _save(account: Account, form: Form) -> None:
    t = texts()
    st.markdown(f"**{t('Keep this form as a template')}**")
    st.caption(
        t(
            "Amount, description, references, language, collection and validity; never the customer nor the invoice number."
        )
    )
    name = st.text_input(t("Name of the template"), key="template_name", autocomplete="off")
    content: Content = templates.content_of(form.draft, clock.now())
    if st.button(t("Keep"), type="primary", icon=":material/bookmark_add:", key="template_keep"):
        with refusals():
            templates.save(desk(), actor(), account.key, name, content)
            st.session_state.pop("template_name", None)
            st.rerun()


def _manage(known: dict[int, Template]) -> None:
    t = texts()
    st.markdown(f"**{t('Rename or delete')}**")
    chosen = st.selectbox(
        t("Template"), list(known), key="template_managed", format_func=lambda number: known[number].name
    )
    name = st.text_input(
        t("New name"), known[chosen].name, key=f"template_rename_{chosen}", autocomplete="off"
    )
    if st.button(t("Rename"), icon=":material/edit:", key="template_rename"):
        with refusals():
            templates.rename(desk(), actor(), chosen, name)
            st.rerun()
    sure = st.checkbox(t("Delete it: orders made from it stay."), key=f"template_sure_{chosen}")
    if st.button(t("Delete"), icon=":material/delete:", disabled=not sure, key="template_delete"):
        with refusals():
            templates.delete(desk(), actor(), chosen)
            st.rerun()
