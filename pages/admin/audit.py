"""Audit: who did what, when. Entries cannot be changed or deleted here; their chain of digests can be checked."""

import pandas as pd
import streamlit as st

from pages.components import accounts, configuration_words
from pages.components.common import (
    actor,
    desk,
    first_zone,
    language,
    refusals,
    texts,
)
from pages.components.configuration_words import EMAIL, PAGES
from pages.components.order_words import ACTORS, ROLE_NAMES, person_name
from pages.configuration.checks import SIGNS
from services import money
from services.access.trail import Entry, actions, broken_at, entries
from services.checklist.guidance import TITLES
from services.error_messages import stored_sentence
from services.error_messages.sentences import SENTENCES
from services.i18n import Translator, format_datetime, language_name
from services.orders.names import CHANNEL_NAMES

PAGE = 200
# action of the audit trail → the reader's words; any other action is shown as its code
ACTIONS = {
    "account.checked": "Account checked",
    "account.demo": "Demo account set up",
    "account.email": "E-mail settings changed",
    "account.paused": "Sending paused",
    "account.payment_page": "Payment page settings changed",
    "account.redirect_pages": "Redirect pages changed",
    "account.resumed": "Sending resumed",
    "account.test_email": "Test e-mail sent",
    "account.alarms": "Alarm settings changed",
    "account.options": "Payment link settings changed",
    "account.reminders": "Reminder settings changed",
    "backup.held": "Sending held: a backup was put back",
    "backup.released": "Sending released after a backup was put back",
    "alarm.closed": "Alarm closed",
    "alarm.resolved": "Alarm ended by itself",
    "alarm.taken": "Alarm taken",
    "batch_cancelled": "List cancelled",
    "batch_paused": "List paused",
    "batch_running": "List resumed",
    "batch_started": "List of payment requests started",
    "table_columns_named": "Columns of a table named by hand",
    "cancel_asked": "Giving up a hold asked",
    "capture_asked": "Collection asked",
    "operation_decided": "Unknown operation looked up",
    "payment_confirmed": "Payment confirmed by hand",
    "template_deleted": "Template deleted",
    "template_renamed": "Template renamed",
    "template_saved": "Template kept",
    "customer_erased": "Customer erased",
    "customers_erased": "Customers past their time erased",
    "retention_set": "Retention changed",
    "expected_orders_imported": "Expected orders added",
    "link_cancelled": "Request called off",
    "link_corrected": "Request corrected",
    "link_extended": "Link extended",
    "link_readdressed": "Link sent to another address",
    "link_reminded": "Reminder sent",
    "link_renewed": "Request renewed",
    "link_resent": "Link sent again",
    "account.matching": "Rules of reconciliation changed",
    "account.reading": "How payout files are read remembered",
    "account.file_account": "Account of payout files told",
    "correction.taken": "Correction of HiPay's lines taken",
    "correction.dismissed": "Correction of HiPay's lines dismissed",
    "correction.undone": "Decision on a correction undone",
    "issue.newest": "Newest issue of a payout said",
    "withdrawal.undone": "Withdrawn lines taken back",
    "withdrawal.redone": "Lines withdrawn again",
    "correction.confirmed": "Corrections decided by HiPay's delivery",
    "aside.dealt_with": "Rows set aside dealt with",
    "aside.undone": "Rows set aside stand in the way again",
    "comment_written": "Comment written",
    "bank.file_kept": "Bank file added",
    "line.match": "Line matched by hand",
    "line.split": "Line split by hand",
    "line.unmatch": "Order taken away from a line",
    "line.not_ours": "Line marked as not this business",
    "line.exclude": "Line left out",
    "line.twice": "Line withdrawn by a person",
    "order.accepted": "Open order accepted as it stands",
    "order.acceptance_undone": "Acceptance of an order undone",
    "line.undone": "Decision on a line undone",
    "payout.accepted": "Difference of a payout accepted",
    "payout.acceptance_undone": "Acceptance of a payout's difference undone",
    "account.payout_limits": "Limits of payouts changed",
    "question.asked": "Question asked of a colleague",
    "question.answered": "Question answered",
    "question.withdrawn": "Question withdrawn",
    "not_ours_rule_begun": "Rule of what is not this business begun",
    "not_ours_rule_ended": "Rule of what is not this business ended",
    "history_exported": "Payment requests exported",
    "order_created": "Order created",
    "refund_asked": "Refund asked",
    "role.granted": "Role given",
    "role.revoked": "Role taken away",
    "sample_made": "Samples made",
    "sending_retried": "Sending taken up again",
    "account.payouts": "Fetching of payouts changed",
    "lines_exported": "Payout lines exported",
    "orders_exported": "Orders exported with where they stand",
    "payouts_exported": "Payouts exported",
    "payout_fetched": "Payout file fetched from HiPay",
    "payouts_asked_for": "Payouts asked of HiPay",
    "settlement_file_received": "Payout file received",
    "settlement_file_imported": "Payout file imported",
    "settlement_file_cancelled": "Import of a payout file cancelled",
    "settlement_file_retried": "Import of a payout file tried again",
    "settlement_file_opened": "Payout file downloaded as it came",
    "user.created": "Person added",
    "user.disabled": "Account closed",
    "user.enabled": "Account opened again",
    "user.address": "Own address changed",
    "user.notices": "Own notices chosen",
    "user.signed_in": "Signed in",
    "user.signed_out": "Signed out",
}
SUBJECTS = {
    "database": "Database",
    "account": "HiPay account {id}",
    "alarm": "Alarm {id}",
    "batch": "List {id}",
    "line": "Payout line {id}",
    "lines": "Payout lines",
    "order": "Order {id}",
    "settlement_file": "Payout file {id}",
    "bank_file": "Bank file {id}",
    "user": "{id}",
}
# The details of an entry, and below their values; checks have the names and results of the configuration screen.
DETAILS = {
    "account": "Account", "after": "Lines of the file", "amount": "Amount", "before": "HiPay's lines", "changed_lines": "changed", "channel": "Channel", "claimed": "Roles from the provider",
    "done": "Done", "entries": "New entries", "statements": "New statements", "fields": "Fields", "held_lines": "beside", "known_lines": "already known", "language": "Language", "lines": "Lines",
    "not_settled_days": "Days until a payment must be paid out", "order": "Order", "reason": "Reason", "replaced": "Lines replaced", "result": "Result",
    "older_lines": "of an older issue", "restored": "Lines restored", "withdrawn": "Lines withdrawn", "withdrawn_lines": "withdrawn",
    "role": "Role", "roles": "Roles", "rows": "Rows", "what": "Paused", **TITLES,
}  # fmt: skip
VALUES = {
    **ROLE_NAMES,
    **CHANNEL_NAMES,
    **PAGES,
    **EMAIL,
    **configuration_words.SUBJECTS,
    **{status: word for status, (word, _, _) in SIGNS.items()},
    "sent": "sent",
    "true": "yes",
    "false": "no",
}


def show() -> None:
    t = texts()
    st.title(t("Audit"), anchor=False)
    st.caption(
        t("Who did what, when. Entries are only ever added, and each carries a seal over the one before it.")
    )
    with refusals():
        known = actions(desk(), actor())
        left, right = st.columns([2, 1], vertical_alignment="bottom")
        wanted = left.multiselect(
            t("Actions"),
            known,
            key="audit_actions",
            placeholder=t("All actions"),
            format_func=lambda code: _action(code, t),
        )
        if right.button(
            t("Check that nothing was changed"),
            icon=":material/verified:",
            key="check_chain",
            width="stretch",
        ):
            _check()
        _table(
            entries(
                desk(),
                actor(),
                actions=tuple(wanted),
                accounts=accounts.chosen(),
                limit=PAGE * st.session_state.get("audit_pages", 1),
            )
        )


def _check() -> None:
    t = texts()
    broken = broken_at(desk(), actor())
    if broken is None:
        st.success(t("No entry was changed or removed."), icon=":material/verified:")
    else:
        st.error(
            t(
                "Entry {number}, or one before it, was changed or removed. Tell your administrator.",
                number=broken,
            ),
            icon=":material/link_off:",
        )


def _table(found: tuple[Entry, ...]) -> None:
    t, zone = texts(), first_zone()
    if not found:
        st.info(t("There is no such entry yet."), icon=":material/info:")
        return
    st.dataframe(
        pd.DataFrame(
            {
                t("When"): [format_datetime(entry.at, zone, language(), named=False) for entry in found],
                t("Who"): [
                    person_name(entry.who, t) or t(ACTORS.get(entry.kind, entry.kind)) for entry in found
                ],
                t("Action"): [_action(entry.action, t) for entry in found],
                t("On what"): [_subject(entry) for entry in found],
                t("Details"): [_detail(entry) for entry in found],
                t("Entry"): [entry.id for entry in found],
            }
        ),
        hide_index=True,
        column_config={t("Details"): st.column_config.TextColumn(width="large")},
    )
    st.caption(t("Times are those of {zone}.", zone=zone))
    pages = st.session_state.get("audit_pages", 1)
    if len(found) == PAGE * pages and st.button(t("Show older entries"), key="older"):
        st.session_state["audit_pages"] = pages + 1
        st.rerun()


def _action(code: str, t: Translator) -> str:
    return t(ACTIONS.get(code, code))


def _subject(entry: Entry) -> str:
    kind, _, identity = entry.subject.partition(":")
    t = texts()
    return t(SUBJECTS.get(kind, "{kind} {id}"), kind=kind, id=person_name(entry.subject_name, t) or identity)


def _detail(entry: Entry) -> str:
    t = texts()
    details = ((name, _value(name, value, t)) for name, value in entry.detail.items() if name in DETAILS)
    return " · ".join(
        t("{name}: {value}", name=t(DETAILS[name]), value=value) for name, value in details if value
    )


def _value(name: str, value: object, t: Translator) -> str:
    if isinstance(value, list):
        return ", ".join(_value(name, one, t) for one in value)
    if value is None or value == "":
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if name == "amount":
        return money.plain(int(text), "", t.locale)
    if name == "language":
        return language_name(text, t.language)
    return t(VALUES[text]) if text in VALUES else stored_sentence(text, {}, t) if text in SENTENCES else text


show()
