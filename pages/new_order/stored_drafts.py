"""Orders that were not sent: stored while one types, offered above the form, and never filled in by themselves.

What is typed is stored every two seconds while it changes, and whenever the screen is left. A key pressed costs nothing.
"""

import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from datetime import time as time_of_day
from typing import Any

import streamlit as st

from pages.components import accounts
from pages.components.common import actor, desk, language, refusals, texts
from pages.components.markdown import plain
from pages.new_order.form import reset_form
from services import money
from services.disk_space import raising_no_room
from services.error_messages import sentence
from services.errors import DeskError
from services.i18n import Translator, format_time
from services.money import format_money
from services.orders import stored_drafts
from services.orders.create import new_form_key
from services.orders.drafts import Channel
from services.orders.stored_drafts import FIELDS, StoredDraft
from services.settings.account import Account

_EVERY = 2.0  # seconds
_OFFERED = 5
_Draft = tuple[str, Channel, dict[str, str]]  # account, channel, field → text


def offer() -> None:
    """Show a line for each order that the person had typed and not sent when the form was first drawn: a line that came while
    one types would move the fields."""
    with st.container(), refusals():
        if refusal := st.session_state.pop("draft_refusal", None):
            st.error(plain(sentence(refusal, texts())))
        own = st.session_state.get("order_key")
        found = [one for one in stored_drafts.listing(desk(), actor()) if one.form_key != own]
        offered = st.session_state.setdefault("order_offered", {one.id for one in found[:_OFFERED]})
        for one in found:
            if one.id in offered:
                _line(one)


def _line(one: StoredDraft) -> None:
    t = texts()
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"draft_{one.id}"):
        st.markdown(f":material/draft: {_words(one, t)}", width="stretch")
        for label, icon, act in (
            ("Resume", ":material/edit:", _resume),
            ("Delete", ":material/delete:", _delete),
        ):
            st.button(t(label), icon=icon, key=f"{label}_{one.id}", on_click=act, args=(one.id,))


def watch(account: Account, channel: Channel) -> None:
    """Store what is typed, every two seconds while it changes. Called once the form is drawn."""
    # Kept beside the fields: Streamlit removes theirs before another screen runs.
    draft = st.session_state["order_draft"] = account.key, channel, _typed()
    if _to_store(draft):  # a form that nobody types in asks for no run
        st.fragment(_store_now_and_then, run_every=_EVERY)()


def leave() -> None:
    """Store what is typed and empty the form. Called on every other screen, before it is drawn."""
    if "order_key" in st.session_state:
        _store(st.session_state.get("order_draft"))
        reset_form()


def store() -> None:
    """Store what is typed now, where that is not stored yet. Called while the form is on the screen."""
    if drawn := st.session_state.get("order_draft"):
        account, channel, _ = drawn
        _store((account, channel, _typed()))


def _to_store(draft: _Draft | None) -> bool:
    """Whether it differs from what is stored; where nothing is, whether there is anything to keep."""
    state = st.session_state
    if draft is None or draft == state.get("order_stored") or state.get("actor") is None:
        return False
    return "order_stored" in state or stored_drafts.worth_keeping(draft[2])


def _store(draft: _Draft | None) -> None:
    state = st.session_state
    if draft is None or not _to_store(draft):
        return
    account, channel, typed = draft
    state["order_stored"], state["order_stored_at"] = draft, time.monotonic()
    # The person types on whatever becomes of the draft: what stops it stops the order, too, and is said there.
    with suppress(DeskError), raising_no_room():
        stored_drafts.keep(desk(), actor(), account, channel, state["order_key"], typed)


def _store_now_and_then() -> None:
    if time.monotonic() - st.session_state.get("order_stored_at", -_EVERY) >= _EVERY:
        store()


def _typed() -> dict[str, str]:
    """Field → text of what differs from what is proposed."""
    state = st.session_state
    values: dict[str, Any] = {name: state.get(f"order_{name}") for name in FIELDS}
    if values["order_id"] == state.get("order_proposed_id"):
        del values["order_id"]
    proposed = state.get("order_proposed")
    if proposed and (values["end_date"], values["end_time"]) == (proposed[0].date(), proposed[0].time()):
        del values["end_date"], values["end_time"]
    values["locale"] = texts().locale
    return {
        name: value.isoformat() if isinstance(value, date | time_of_day) else value
        for name, value in values.items()
        if value
    }


def _words(one: StoredDraft, t: Translator) -> str:
    saved = format_time(one.saved_at, desk().account(one.account).timezone, language())
    typed = one.data
    whose = f"{typed.get('first_name', '')} {typed.get('last_name', '')}".strip() or typed.get("email", "")
    units = _amount(typed)
    amount = format_money(units, typed["currency"], t.locale) if units else typed.get("amount", "")
    account = accounts.name(one.account) if accounts.several() else ""
    parts = (whose, amount, typed.get("description", ""), account)
    return " · ".join([t("Draft of {time}", time=saved), *(f"**{plain(part)}**" for part in parts if part)])


def _amount(typed: Mapping[str, str]) -> int | None:
    """The typed amount in units of 1/10000; None where it cannot be read."""
    try:
        return money.to_units(money.parse(typed["amount"], typed["currency"], typed["locale"]))
    except (money.AmountError, KeyError):
        return None


def _resume(draft: int) -> None:
    """Fill in the form from the draft. What is in the form stays, as a draft of its own."""
    state, key = st.session_state, new_form_key()
    store()
    try:
        found = stored_drafts.resume(desk(), actor(), draft, key)
    except DeskError as refusal:
        state["draft_refusal"] = refusal
        return
    proposed = state.get("order_proposed")
    reset_form()
    values: dict[str, Any] = {name: text for name, text in found.data.items() if name != "locale"}
    if found.data.get("locale") != texts().locale:  # 1,250 is another amount in another notation
        units = _amount(found.data)
        values["amount"] = money.plain(units, found.data["currency"], texts().locale) if units else ""
    if "end_date" in values and "end_time" in values:
        values["end_date"] = date.fromisoformat(values["end_date"])
        values["end_time"] = time_of_day.fromisoformat(values["end_time"])
        state["order_proposed"] = proposed  # else the end would be proposed anew
    for name, value in values.items():
        state[f"order_{name}"] = value
    state["order_key"] = key
    state["new_order_channel"] = found.channel
    accounts.answer("account", found.account)


def _delete(draft: int) -> None:
    with suppress(DeskError):
        stored_drafts.delete(desk(), actor(), draft)
