"""Who did what, when. Nothing here can be changed or deleted; the chain of entries can be checked."""

import json

import pandas as pd
import streamlit as st

from pages.common import actor, desk, language, refusals, texts
from services.access.trail import Entry, actions, broken_at, entries
from services.i18n import format_datetime

PAGE = 200


def show() -> None:
    t = texts()
    st.title(t("Audit"), anchor=False)
    st.caption(t("Who did what, when. Entries are only ever added, and each carries a seal over the one before it."))
    with refusals():
        known = actions(desk(), actor())
        left, right = st.columns([3, 1], vertical_alignment="bottom")
        wanted = left.multiselect(t("Actions"), known, key="audit_actions", placeholder=t("All actions"), bind="query-params")  # fmt: skip
        if right.button(t("Check the chain"), icon=":material/link:", key="check_chain", width="stretch"):
            _check()
        _table(entries(desk(), actor(), actions=tuple(wanted), limit=PAGE * st.session_state.get("audit_pages", 1)))


def _check() -> None:
    t = texts()
    broken = broken_at(desk(), actor())
    if broken is None:
        st.success(t("The chain holds: no entry was changed or removed."), icon=":material/verified:")
    else:
        st.error(t("The chain breaks at entry {number}: it, or one before it, was changed or removed. Tell your administrator.", number=broken), icon=":material/link_off:")  # fmt: skip


def _table(found: tuple[Entry, ...]) -> None:
    t, zone = texts(), _zone()
    if not found:
        st.info(t("There is no such entry yet."), icon=":material/info:")
        return
    st.dataframe(
        pd.DataFrame(
            {
                t("When"): [format_datetime(entry.at, zone, language(), named=False) for entry in found],
                t("Who"): [entry.who for entry in found],
                t("Action"): [entry.action for entry in found],
                t("On what"): [entry.subject for entry in found],
                t("Details"): [_detail(entry) for entry in found],
                t("Entry"): [entry.id for entry in found],
            }
        ),
        hide_index=True,
    )
    st.caption(t("Times are those of {zone}.", zone=zone))
    pages = st.session_state.get("audit_pages", 1)
    if len(found) == PAGE * pages and st.button(t("Show older entries"), key="older"):
        st.session_state["audit_pages"] = pages + 1
        st.rerun()


def _zone() -> str:
    """The zone of the first account: the one that the merchant's people live by."""
    return next((account.timezone for account in desk().settings.all_accounts.values()), "UTC")


def _detail(entry: Entry) -> str:
    return json.dumps(entry.detail, ensure_ascii=False)[1:-1] if entry.detail else ""


show()
