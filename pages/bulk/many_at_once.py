"""Many at once: each row of a table is checked, the good rows are sent at a set pace, each list shows its progress."""

from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from pages.bulk import columns, lists, table
from pages.components import accounts, uploader
from pages.components.common import actor, desk, language, refusals, texts
from pages.components.facts import show_facts
from pages.components.markdown import plain
from pages.components.warning_words import warning_cell
from pages.new_order.readiness import show_missing
from pages.shell import sandbox_banner
from services.access import Right
from services.accounts.readiness import readiness
from services.bulk import request_table, sending
from services.bulk.columns import REQUESTS
from services.bulk.request_table import RequestsPreview
from services.bulk.rows import Rules
from services.bulk.sending import MOST_PER_MINUTE, PER_MINUTE
from services.i18n import LANGUAGES, Translator, language_name
from services.money import format_money
from services.orders import create
from services.orders.drafts import DEFAULT_DAYS, MAX_DAYS
from services.settings.account import Account

SHOWN = 500
ADDRESSES = 8  # with unusual letters; a longer list is scrolled


def page() -> None:
    t = texts()
    st.title(t("Many at once"))
    st.caption(
        t(
            "Send a list of payment requests by e-mail from a table. Each row is checked first; nothing leaves before you confirm."
        )
    )
    with refusals():
        if sending.listing(desk(), actor(), wanted=accounts.chosen()).total:
            lists.show()
        if sandbox_banner.being_made():
            sandbox_banner.show_being_made()
        else:
            _new_list()


def _new_list() -> None:
    t = texts()
    with st.container(border=True):
        st.markdown(f"**{t('A new list')}**")
        table.offer_template(REQUESTS, "payment-requests")
        account = accounts.choose("many_account", Right.SEND)
        if account is None:
            return
        ready = readiness(desk(), account.key, "link")
        if not ready.ready:
            show_missing(ready, "link")
        rules, per_minute = _rules(account)
        st.session_state.setdefault("many_uploads", 0)
        uploaded = uploader.files(
            t("The table: CSV, XLSX, XLS or ODS"),
            types=table.TYPES,
            key=f"many_file_{st.session_state['many_uploads']}",
        )
        if uploaded is None:
            return
        rules = replace(rules, decimal=table.ask_decimal(uploaded.file_id))
        preview = _preview(account, uploaded, rules)
        if preview is not None:
            _show(preview, table.place(account, uploaded))
            if preview.good and ready.ready:
                _offer(account, uploaded, preview, rules, per_minute)


def _rules(account: Account) -> tuple[Rules, int]:
    t = texts()
    one, two, three = st.columns(3, vertical_alignment="bottom")
    names = {code: language_name(code, language()).capitalize() for code in LANGUAGES}
    st.session_state.setdefault("many_language", language())
    chosen = one.selectbox(
        t("Customers' language, where the table names none"),
        LANGUAGES,
        key="many_language",
        format_func=names.__getitem__,
    )
    days = two.number_input(
        t("Days each link is valid, where the table names no date"),
        1,
        MAX_DAYS - 1,
        DEFAULT_DAYS,
        key="many_days",
    )
    pace = three.number_input(
        t("Requests per minute"),
        1,
        MOST_PER_MINUTE,
        PER_MINUTE,
        key="many_pace",
        help=t("A steady pace keeps mail servers from taking the list for spam."),
    )
    return Rules(chosen, int(days), t.locale), int(pace)


def _preview(account: Account, uploaded: Any, rules: Rules) -> RequestsPreview | None:
    """The preview of the table, which is read again only when one of its inputs changes."""
    place = table.place(account, uploaded)
    choices = columns.choices(place)
    key = (place, rules, tuple(choices.items()))
    known = st.session_state.get("many_preview")
    if known and known[0] == key:
        stored: RequestsPreview = known[1]
        return stored
    t = texts()
    with st.spinner(t("Checking each row…")), table.table_refusals(REQUESTS, place):
        sheets = table.sheets(uploaded.file_id)
        preview = request_table.preview(
            desk(), actor(), account.key, uploaded.getvalue(), rules, choices, sheets
        )
        st.session_state["many_preview"] = (key, preview, create.new_form_key())
        return preview
    return None


def _show(preview: RequestsPreview, place: str) -> None:
    t = texts()
    columns.show_columns(preview.table.head, REQUESTS, place)
    if preview.decision.decimal is None:
        table.undecided(preview.decision.cell)
        return
    warned = sum(bool(row.warnings) for row in preview.good)
    one, two, three = st.columns(3)
    one.metric(t("Rows ready to be sent"), len(preview.good), border=True)
    two.metric(t("Rows to correct"), len(preview.bad), border=True)
    three.metric(t("Rows with a warning"), warned, border=True)
    if preview.bad:
        st.markdown(f"**{t('To correct')}**")
        st.dataframe(
            table.bad_table(preview.bad[:SHOWN], REQUESTS, t), hide_index=True, alt=t("Rows to correct")
        )
        st.download_button(
            t("Download the rows to correct, with the reasons"),
            table.bad_csv(preview.bad, REQUESTS, t),
            file_name=t("to-correct") + ".csv",
            mime="text/csv",
            icon=":material/download:",
            help=t("Correct them in a spreadsheet and add that file as a list of its own."),
        )
    if preview.good:
        st.markdown(f"**{t('Ready')}**")
        st.dataframe(_good_table(preview, t), hide_index=True, alt=t("Rows ready to be sent"))
        if len(preview.good) > SHOWN:
            st.caption(t("The first {count} are shown.", count=SHOWN))


def _good_table(preview: RequestsPreview, t: Translator) -> pd.DataFrame:
    """Warnings are the second column, since the last columns of a wide table are scrolled out of view."""
    rows = preview.good[:SHOWN]
    frame = pd.DataFrame(
        [
            {
                t("Row"): row.line.number,
                t("Warnings"): "; ".join(warning_cell(code, row, t) for code in row.warnings),
                t("Customer"): f"{row.accepted.first_name} {row.accepted.last_name}",
                t("E-mail address"): row.accepted.email,
                t("Amount"): format_money(row.accepted.amount, row.accepted.currency, t.locale),
                t("Description"): row.accepted.description,
                t("Invoice number"): row.accepted.references[0] or "—",
                t("Language"): row.accepted.language,
            }
            for row in rows
        ]
    )
    return frame if any(row.warnings for row in rows) else frame.drop(columns=t("Warnings"))


def _offer(account: Account, uploaded: Any, preview: RequestsPreview, rules: Rules, per_minute: int) -> None:
    t = texts()
    label = t.plural("Send {count} payment request", "Send {count} payment requests", len(preview.good))
    if st.button(label, type="primary", icon=":material/mail:", key="many_send"):
        st.session_state["many_confirming"] = True
    if st.session_state.get("many_confirming"):
        window = st.dialog(t("Send this list?"), width="large", on_dismiss=_close)
        window(_confirm)(account, uploaded.name, preview, rules, per_minute)


def _confirm(account: Account, name: str, preview: RequestsPreview, rules: Rules, per_minute: int) -> None:
    t = texts()
    with refusals():
        sums = ", ".join(
            format_money(units, code, t.locale) for code, units in sorted(preview.totals.items())
        )
        st.markdown(
            t.plural(
                "**{count}** customer gets an e-mail, for **{sums}** in all.",
                "**{count}** customers get an e-mail, for **{sums}** in all.",
                len(preview.good),
                sums=plain(sums),
            )
        )
        minutes = -(-len(preview.good) // per_minute)
        st.caption(
            t.plural(
                "It takes about {count} minute; you may leave this page.",
                "It takes about {count} minutes; you may leave this page.",
                minutes,
            )
        )
        if preview.bad:
            st.warning(
                t.plural(
                    "{count} row is not sent: correct it and add it later.",
                    "{count} rows are not sent: correct them and add them later.",
                    len(preview.bad),
                ),
                icon=":material/rule:",
            )
        st.markdown(t("The first e-mail:"))
        shown = create.preview(desk(), actor(), preview.good[0].accepted)
        show_facts([(t("To"), shown.to), (t("Subject"), shown.composed.subject)])
        st.iframe(shown.composed.html, height=320, alt=t("The e-mail as the customer will receive it"))
        sure = _addresses_are_right(preview)
        back, send = st.columns(2)
        if back.button(t("Back"), width="stretch", key="many_back"):
            _close()
            st.rerun()
        if send.button(
            t("Send"),
            type="primary",
            width="stretch",
            icon=":material/send:",
            key="many_confirm",
            disabled=not sure,
        ):
            key = st.session_state["many_preview"][2]
            sending.start(
                desk(),
                actor(),
                account.key,
                name,
                preview.good,
                days=rules.days,
                per_minute=per_minute,
                form_key=key,
                head=preview.table.head,
            )
            _close()
            st.session_state.pop("many_preview", None)
            st.session_state["many_uploads"] += 1
            st.rerun()


def _addresses_are_right(preview: RequestsPreview) -> bool:
    """Whether the person has confirmed the addresses with unusual letters, each shown as typed and as used."""
    t = texts()
    unusual = [row for row in preview.good if row.accepted.internationalised]
    if not unusual:
        return True
    st.markdown(
        f":material/alternate_email: **{t('Addresses with unusual letters, as in the table and as they will be used')}**"
    )
    with st.container(height=300 if len(unusual) > ADDRESSES else "content", border=False):
        show_facts([(row.draft.email, row.accepted.email) for row in unusual])
    return st.checkbox(
        t.plural("This address is right.", "These {count} addresses are right.", len(unusual)),
        key="many_addresses",
    )


def _close() -> None:
    st.session_state.pop("many_confirming", None)


page()
