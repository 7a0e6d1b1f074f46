"""Fetching payouts from HiPay: its list, payouts without a file first, and buttons to fetch one or all."""

import uuid
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from pages.components import accounts
from pages.components.common import actor, allowed, desk, in_one_read, language, refusals, texts
from pages.components.markdown import plain
from services import clock
from services.access import Right
from services.error_messages import stored_sentence
from services.i18n import Translator, format_ago, format_date, format_datetime
from services.imports.received.fetch_requests import (
    Fetching,
    FetchRequest,
    Payout,
    read_fetching,
    request_fetch,
)
from services.money import format_money

HERE = {
    "absent": "not here",
    "reading": "being read",
    "here": "here",
    "unreadable": "could not be read",
}
OUTCOME_ICONS = {
    "absent": ":material/cloud_download:",
    "reading": ":material/hourglass_top:",
    "unreadable": ":material/error:",
}
ROWS = 10  # payouts without a file that have a button each; the table lists all
_REFRESH_SECONDS = 2.0
_UNDER_WAY = "payout_fetch_under_way"


def show() -> None:
    """Show the section to whoever may see payouts, its buttons to whoever may reconcile."""
    t, chosen = texts(), accounts.choose("payout_fetch_account", Right.SEE_SETTLEMENTS)
    if chosen is None:
        return
    account = chosen.key
    with refusals():
        found = read_fetching(desk(), actor(), account)
        if not found.possible:
            st.info(t("HiPay has no payouts on its test platform."), icon=":material/info:")
            return
        may = allowed(Right.RECONCILE, account)
        # While a request is under way this fragment is drawn again and again; the whole screen once, at the end.
        st.session_state[_UNDER_WAY] = found.under_way is not None
        every = _REFRESH_SECONDS if found.under_way else None
        st.fragment(_section, run_every=every)(account, may)


def configured() -> bool:
    """Whether payouts of one of the chosen accounts are fetched by themselves, or ever were."""
    offered = accounts.offered(Right.SEE_SETTLEMENTS)
    for account in accounts.chosen() or tuple(offered):
        if account in offered:
            found = read_fetching(desk(), actor(), account)
            if found.possible and (found.automatic.on or found.well is not None):
                return True
    return False


def under_way() -> bool:
    """Whether this session has asked for payouts that are not here yet, or follows somebody's request."""
    return bool(st.session_state.get(_UNDER_WAY))


@in_one_read
def _section(account: str, may: bool) -> None:
    with refusals():
        found = read_fetching(desk(), actor(), account)
        under_way = found.under_way is not None
        if st.session_state.get(_UNDER_WAY) != under_way:
            st.session_state[_UNDER_WAY] = under_way
            st.rerun()
        _state(found)
        _get_all(account, found, may)
        waiting = [payout for payout in found.payouts if payout.here in ("absent", "unreadable")]
        for payout in waiting[:ROWS]:
            _row(account, payout, may and not under_way)
        _table(account, found, may and not under_way)


def _state(found: Fetching) -> None:
    t, now = texts(), clock.now()
    parts = [
        t.plural(
            "HiPay's list is looked at by itself every hour.",
            "HiPay's list is looked at by itself every {count} hours.",
            found.automatic.hours,
        )
        if found.automatic.on
        else t("HiPay's list is looked at when somebody asks.")
    ]
    if found.well and found.well.finished_at:
        parts.append(t("Last time: {ago}.", ago=format_ago(found.well.finished_at, now, language())))
    if found.announced_at:
        parts.append(t("Last announced by HiPay {ago}.", ago=format_ago(found.announced_at, now, language())))
    st.caption(plain(" ".join(parts)))
    if found.under_way:
        _progress(found.under_way, t)
    elif found.last:
        _outcome(found.last, t)


def _progress(under_way: FetchRequest, t: Translator) -> None:
    if under_way.state == "waiting" and under_way.failure and under_way.due_at > clock.now():
        when = format_ago(under_way.due_at, clock.now(), language())
        st.info(
            t("{reason} It is tried again {when}.", reason=plain(_sentence(under_way, t)), when=when),
            icon=":material/update:",
        )
        return
    if not under_way.wanted:
        st.progress(0.0, t("Looking at HiPay's list…"))
        return
    words = t(
        "{done} of {wanted} payouts; now {payout}",
        done=under_way.done,
        wanted=under_way.wanted,
        payout=under_way.current or "…",
    )
    if under_way.bytes >= 1_000_000:
        words = t("{words} ({megabytes} MB)", words=words, megabytes=under_way.bytes // 1_000_000)
    st.progress(under_way.done / under_way.wanted, plain(words))


def _outcome(last: FetchRequest, t: Translator) -> None:
    if last.missed:
        st.warning(
            t.plural(
                "{count} payout could not be fetched: the reason stands beside it.",
                "{count} payouts could not be fetched: the reason stands beside each.",
                last.missed,
            ),
            icon=":material/cloud_off:",
        )
    elif last.state == "failed":
        st.warning(plain(_sentence(last, t)), icon=":material/cloud_off:")
    if last.fetched:
        st.success(
            t.plural(
                "{count} new file was fetched; it is read and joined now.",
                "{count} new files were fetched; they are read and joined now.",
                last.fetched,
            ),
            icon=":material/check_circle:",
        )
    elif last.state == "done":
        st.caption(
            ":material/check: "
            + (t("The file is the same as before.") if last.unchanged else t("Nothing new."))
        )


def _sentence(request: FetchRequest, t: Translator) -> str:
    return stored_sentence(request.failure, request.failure_detail, t)


def _get_all(account: str, found: Fetching, may: bool) -> None:
    t = texts()
    if not may:
        return
    label = (
        t.plural("Get {count} payout that is not here", "Get {count} payouts that are not here", found.absent)
        if found.absent
        else t("Look for new payouts")
    )
    st.button(
        label,
        type="primary" if found.absent else "secondary",
        icon=":material/cloud_download:",
        key="payout_fetch_all",
        disabled=found.under_way is not None and not found.under_way.failure,
        on_click=_ask,
        args=(account, "", _key("")),
    )


def _row(account: str, payout: Payout, may: bool) -> None:
    t = texts()
    words, button = st.columns([5, 1.4], vertical_alignment="center")
    amount = format_money(payout.amount, payout.currency, t.locale)
    title = " · ".join(part for part in (payout.settlement_id, amount, _day(payout.date_value)) if part)
    words.markdown(f"{OUTCOME_ICONS[payout.here]} **{plain(title)}** — {t(HERE[payout.here])}")
    if payout.failure:
        words.caption(plain(stored_sentence(payout.failure, payout.failure_detail, t)))
    button.button(
        t("Get it"),
        key=f"payout_fetch_{payout.settlement_id}",
        disabled=not may,
        width="stretch",
        on_click=_ask,
        args=(account, payout.settlement_id, _key(payout.settlement_id)),
    )


def _table(account: str, found: Fetching, may: bool) -> None:
    """Show the whole list; any payout can be fetched again, since HiPay may have issued it again."""
    t = texts()
    if not found.payouts:
        return
    with st.expander(t.plural("HiPay's list: {count} payout", "HiPay's list: {count} payouts", found.total)):
        frame = pd.DataFrame(
            {
                t("Payout"): [one.settlement_id for one in found.payouts],
                t("Date"): [one.date_value for one in found.payouts],
                t("Amount"): [format_money(one.amount, one.currency, t.locale) for one in found.payouts],
                t("File"): [t(HERE[one.here]) for one in found.payouts],
                t("Fetched"): [_moment(one, account) for one in found.payouts],
                t("Note"): [
                    t("other figures since it was fetched") if one.changed else "" for one in found.payouts
                ],
            }
        )
        st.dataframe(frame, hide_index=True, alt=t("HiPay's payouts"))
        if not may:
            return
        with st.container(horizontal=True, vertical_alignment="bottom"):
            chosen = st.selectbox(
                t("Get a payout once more"),
                [one.settlement_id for one in found.payouts],
                index=None,
                width=260,
                placeholder=t("Its number"),
                key="payout_fetch_chosen",
            )
            st.button(
                t("Get it once more"),
                key="payout_fetch_again",
                disabled=chosen is None,
                on_click=_ask,
                args=(account, chosen or "", _key("again")),
            )


def offer_again(account: str, settlement_id: str, key: str) -> bool:
    """A button that asks HiPay for a payout's file once more; whether there is one: who may reconcile sees it for a payout of
    HiPay's list. Raises NotAllowed."""
    found = read_fetching(desk(), actor(), account)
    listed = any(one.settlement_id == settlement_id for one in found.payouts)
    if not (found.possible and listed and allowed(Right.RECONCILE, account)):
        return False
    under_way = found.under_way is not None and not found.under_way.failure
    st.button(
        texts()("Ask HiPay for the file again"),
        icon=":material/cloud_download:",
        type="tertiary",
        key=key,
        disabled=under_way,
        help=texts()("HiPay is being asked.") if under_way else None,
        on_click=_ask,
        args=(account, settlement_id, _key(settlement_id)),
    )
    return True


def _key(of: str) -> str:
    """The form key of the button as it is drawn: a second press asks for nothing more."""
    keys: dict[str, str] = st.session_state.setdefault("payout_fetch_keys", {})
    return keys.setdefault(of, uuid.uuid4().hex)


def _ask(account: str, settlement_id: str, form_key: str) -> None:
    with refusals():
        request_fetch(desk(), actor(), account, form_key, settlement_id)
        st.session_state["payout_fetch_keys"] = {}


def _moment(payout: Payout, account: str) -> str:
    if payout.fetched_at is None:
        return ""
    return format_datetime(payout.fetched_at, desk().account(account).timezone, language(), named=False)


def _day(value: str) -> str:
    try:
        return format_date(datetime.fromisoformat(value).replace(tzinfo=UTC), "UTC", language())
    except ValueError:
        return value
