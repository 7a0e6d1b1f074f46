"""To do: the questions that the signed-in person was asked, the alarms that they have taken, those that nobody has, and those
of colleagues."""

import streamlit as st

from pages.components import accounts
from pages.components.alarm_words import alarm_words, closing_words
from pages.components.common import (
    actor,
    allowed,
    desk,
    language,
    refusals,
    texts,
)
from pages.components.markdown import plain
from pages.components.order_words import OPERATIONS, person_name
from pages.overview import asked, kind_cards
from pages.payment_requests import payment_actions
from services import clock
from services.access import Right
from services.alarms import cards
from services.alarms.handling import REASON_MAX, Alarm, Closing, close, take, to_do
from services.alarms.kinds import RESOLVED, kind_of
from services.alarms.payouts import PAYOUT_KINDS
from services.i18n import Translator, format_ago, format_date
from services.money import format_money
from services.orders import maintenance_operations
from services.reconciliation.decisions.questions import to_answer
from services.reconciliation.views.groups import Groups

_CLOSING = "closing_alarm"
_MONEY_CAME = frozenset({"paid_twice", "paid_after_cancel", "former_amount", "former_facts"})
_AGAIN = frozenset({"refund_refused", "capture_refused"})
_FOR = {Right.RECONCILE: "for finance", Right.CONFIGURE: "for an administrator"}


def show(payouts: Groups | None, wanted: tuple[str, ...], *, clear: bool) -> None:
    """``payouts``: what reconciliation asks, None where the person sees none of it; ``wanted``: the accounts that are chosen. ``clear``:
    nothing else on the screen is to do, and all of it is known."""
    t = texts()
    found, questions = to_do(desk(), actor(), wanted), to_answer(desk(), actor())
    kinds = cards.cards(found, payouts)
    urgent = sum(card.count for card in kinds) + len(questions)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(t("To do"), anchor=False, width="content")
        if urgent:
            st.badge(str(urgent), icon=":material/priority_high:", color="red")
    if not urgent and clear and (payouts is None or payouts.clear):
        st.success(t("Nothing needs you at the moment."), icon=":material/task_alt:")
    asked.show(questions)
    kind_cards.show(kinds, wanted, _card)
    if found.others.total:
        with st.expander(
            t.plural("{count} with a colleague", "{count} with colleagues", found.others.total),
            icon=":material/group:",
            key="others_to_do",
        ):
            kind_cards.show(cards.of_group(found.others), wanted, _card, others=True)


def show_closing() -> None:
    """Draw the window that asks why an alarm is closed. Called outside the fragment that runs by itself."""
    alarm = st.session_state.get(_CLOSING)
    if alarm is not None:
        st.dialog(texts()("How was it settled?"), on_dismiss=_forget)(_ask_reason)(*alarm)


def _card(alarm: Alarm) -> None:
    t, now = texts(), clock.now()
    happened, do, icon = alarm_words(alarm.kind, alarm.detail, alarm.opened_at, now, t)
    with st.container(border=True, key=f"alarm_{alarm.id}"):
        st.markdown(f"{icon} **{plain(happened)}**")
        if alarm.order is not None:
            st.markdown(plain(_of_order(alarm, t)))
        elif alarm.account and accounts.several():
            st.markdown(plain(accounts.name(alarm.account)))
        st.markdown(plain(do))
        for earlier in alarm.before[-1:]:
            st.caption(plain(_earlier(earlier, alarm.account)))
        holder = ""
        if alarm.holder and alarm.holder != actor().id:
            holder = t("with {name}", name=person_name(alarm.holder_name, t))
        elif not alarm.holder:
            holder = t(_FOR[kind_of(alarm.kind).right])
        ago = t("raised {ago}", ago=format_ago(alarm.opened_at, now, language()))
        with st.container(horizontal=True, vertical_alignment="center"):
            _buttons(alarm)
            st.caption(" · ".join(plain(part) for part in (ago, holder) if part), width="content")


def _of_order(alarm: Alarm, t: Translator) -> str:
    amount = format_money(alarm.amount, alarm.currency, t.locale)
    return " · ".join(part for part in (alarm.customer, amount, alarm.order_id) if part)


def _buttons(alarm: Alarm) -> None:
    t = texts()
    if alarm.order is not None:
        st.page_link(
            "payment_requests/page.py",
            label=t("Open the request"),
            icon=":material/receipt_long:",
            query_params={"order": str(alarm.order)},
        )
    _money_back(alarm)
    if alarm.kind == "sending_paused":
        st.page_link("configuration/page.py", label=t("Configuration"), icon=":material/settings:")
    if alarm.kind == "payout_without_file" and allowed(Right.SEE_SETTLEMENTS, alarm.account):
        st.page_link("payouts/page.py", label=t.titled("Payouts"), icon=":material/account_balance:")
    if alarm.kind in PAYOUT_KINDS and allowed(Right.SEE_SETTLEMENTS, alarm.account):
        _payout_link(alarm)
    if not alarm.may_handle:
        return
    if "file_id" in alarm.detail:
        where = {"show": "files", "file_of": str(alarm.detail["file_id"])}
        st.page_link(
            "payouts/page.py",
            label=t("Open the file"),
            icon=":material/file_open:",
            query_params=where,
        )
    if alarm.kind == "payouts_not_fetched":
        st.page_link("configuration/page.py", label=t("Configuration"), icon=":material/settings:")
    if alarm.holder != actor().id and st.button(
        t("I take it"), icon=":material/front_hand:", key=f"take_{alarm.id}", type="tertiary"
    ):
        with refusals():
            take(desk(), actor(), alarm.id)
            st.rerun()
    if kind_of(alarm.kind).decided:
        return
    st.button(
        t("Close…"),
        icon=":material/check:",
        key=f"close_{alarm.id}",
        type="tertiary",
        on_click=_close,
        args=(alarm,),
    )


def _payout_link(alarm: Alarm) -> None:
    t, detail = texts(), alarm.detail
    where = {"accounts": alarm.account}
    label = t("Open the list of payouts")
    if "payout" in detail:
        where = {"payout_of": f"{alarm.account}:{detail['settlement']}:{detail['currency']}"}
        label = t("Open the payout")
    st.page_link("payouts/page.py", label=label, icon=":material/account_balance:", query_params=where)


def _close(alarm: Alarm) -> None:
    st.session_state[_CLOSING] = (alarm,)
    st.rerun()


def _money_back(alarm: Alarm) -> None:
    """Show a button to refund a payment, or to repeat what the bank refused; a window confirms it."""
    if alarm.order is None or alarm.kind not in _MONEY_CAME | _AGAIN:
        return
    again = alarm.kind in _AGAIN
    wanted = (alarm.kind.removesuffix("_refused"),) if again else ("refund", "cancel")
    _, possible = maintenance_operations.of_order(desk(), actor(), alarm.order)
    named = {str(one) for one in alarm.detail.get("references") or [alarm.detail.get("reference")]}
    back = [one for one in possible if one.kind in wanted and one.reference in named]
    if alarm.kind == "paid_twice" and len(back) < 2:
        return  # one payment was refunded already: the other is what the customer owed
    for one in back:
        _, icon, _ = OPERATIONS[one.kind]
        words = payment_actions.label(alarm.account, alarm.currency, one, back)
        if st.button(words, icon=icon, key=f"back_{alarm.id}_{one.kind}_{one.reference}", type="tertiary"):
            payment_actions.ask_operation(alarm.order, one)
            st.switch_page("payment_requests/page.py", query_params={"order": str(alarm.order)})


def _ask_reason(alarm: Alarm) -> None:
    t = texts()
    happened, _, _ = alarm_words(alarm.kind, alarm.detail, alarm.opened_at, clock.now(), t)
    st.markdown(f"**{plain(happened)}**")
    if alarm.order is not None:
        st.caption(plain(_of_order(alarm, t)))
    reason = st.text_input(
        t("Your colleagues will read this."),
        key="closing_reason",
        max_chars=REASON_MAX,
        placeholder=t("the second payment was refunded"),
    )
    back, go = st.columns(2)
    if back.button(t("Back"), width="stretch", key="closing_back"):
        _forget()
        st.rerun()
    if go.button(t("Close it"), type="primary", width="stretch", key="closing_go"):
        with refusals():
            close(desk(), actor(), alarm.id, reason)
            _forget()
            st.rerun()


def _forget() -> None:
    st.session_state.pop(_CLOSING, None)
    st.session_state.pop("closing_reason", None)


def _earlier(closing: Closing, account: str) -> str:
    t = texts()
    day = format_date(closing.at, desk().account(account).timezone, language())
    if closing.reason == RESOLVED:
        return t("It happened before, and ended by itself on {day}.", day=day)
    name = person_name(closing.closer, t) or t("somebody")
    return t(
        "It happened before. Closed on {day} by {name}: {reason}",
        day=day,
        name=name,
        reason=closing_words(closing.reason, t),
    )
