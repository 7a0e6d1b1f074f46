"""The optional settings of HiPay's payment page, and links to HiPay's own screens."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.components.common import actor, desk, refusals, texts
from pages.components.markdown import plain
from services.accounts.configuration import save_payment_page
from services.accounts.errors import FieldProblems
from services.checklist.guidance import DEVELOPER_PORTAL, HOSTED_PAGE_DOCS, console_url
from services.checklist.overview import Overview
from services.error_messages import sentence
from services.hipay.fields import DISPLAY_NAME_MAX
from services.settings.account import Account


def form(account: Account, found: Overview) -> None:
    t = texts()
    with st.form(f"cfg_payment_page_{account.key}", border=False):
        values, slots = _fields(account, found)
        save = st.form_submit_button(
            t("Save the payment page"), key="cfg_save_payment_page", disabled=not found.may_configure
        )
        if save:
            _save(account, values, slots)
    with st.container(horizontal=True):
        name = t("The sandbox's console") if account.environment == "sandbox" else t("HiPay's console")
        console = console_url(account, desk().settings.sandbox_url)
        st.link_button(name, console, icon=":material/open_in_new:", type="tertiary")
        st.link_button(
            t("HiPay's developer portal"), DEVELOPER_PORTAL, icon=":material/open_in_new:", type="tertiary"
        )
        st.link_button(
            t("About the payment page"), HOSTED_PAGE_DOCS, icon=":material/open_in_new:", type="tertiary"
        )


def _fields(account: Account, found: Overview) -> tuple[dict[str, object], dict[str, DeltaGenerator]]:
    """Draw the fields. Returns their values, and a place below each for what is wrong with it."""
    t, may, page = texts(), found.may_configure, found.configuration.payment_page
    codes = {
        code
        for check in found.checks
        if check.name.startswith("products_")
        for code in check.detail.get("codes", "").split()
    }
    products = sorted(codes | set(page.payment_product_list))
    left, right = st.columns(2, gap="large")
    key = f"cfg_hosted_{account.key}"
    values: dict[str, object] = {}
    slots = {}
    with left:
        values["merchant_display_name"] = st.text_input(
            t("Name shown to the customer"),
            page.merchant_display_name,
            key=f"{key}_name",
            disabled=not may,
            help=t("At most {limit} characters; empty: the name HiPay knows.", limit=DISPLAY_NAME_MAX),
        )
        slots["merchant_display_name"] = st.empty()
        values["theme_code"] = st.text_input(
            t("Theme code"), page.theme_code, key=f"{key}_theme", disabled=not may
        )
        slots["theme_code"] = st.empty()
    with right:
        values["payment_product_list"] = st.multiselect(
            t("Payment methods"),
            products,
            list(page.payment_product_list),
            key=f"{key}_products",
            disabled=not may,
            placeholder=t("all that are open"),
            help=t("Those open on the account when it was last checked."),
        )
        slots["payment_product_list"] = st.empty()
        values["display_cancel_button"] = st.checkbox(
            t("Show a button to cancel"), page.display_cancel_button, key=f"{key}_cancel", disabled=not may
        )
    return values, slots


def _save(account: Account, values: dict[str, object], slots: dict[str, DeltaGenerator]) -> None:
    with refusals():
        try:
            changed = save_payment_page(desk(), actor(), account.key, values)
        except FieldProblems as error:
            for name, problem in error.problems.items():
                slots[name].caption(f":red[:material/error: {plain(sentence(problem, texts()))}]")
            raise
        st.session_state["cfg_saved"] = bool(changed)
        st.rerun()
