"""One card for each kind of what is to do: how many and how much, what can be done with all of it, and unfolded each one."""

import uuid
from collections.abc import Callable, Sequence

import streamlit as st

from pages.components import accounts
from pages.components.alarm_words import WORDS
from pages.components.common import actor, desk, refusals, texts
from pages.components.markdown import plain
from pages.overview import payout_groups
from pages.overview.kind_words import LATE, OTHER, SEVERAL
from services.access import Right
from services.alarms.cards import Card, days_late
from services.alarms.handling import Alarm, take_kind
from services.i18n import Translator
from services.imports.received.fetch_requests import read_fetching, request_fetch
from services.money import format_money

_ICON = ":material/warning:"
# kind → the badge by which Payment requests shows them all
_BADGES = (
    ("page_failed", "failed"),
    ("mail_failed", "failed"),
    ("mail_bounced", "bounced"),
    ("mail_uncertain", "uncertain"),
    ("charged_back", "charged_back"),
    ("payment_unconfirmed", "unconfirmed"),
)
# Kinds that end once the payouts' files are here.
_FETCHED = frozenset({"not_settled", "payout_without_file", "payouts_not_fetched"})


def show(
    found: Sequence[Card], wanted: tuple[str, ...], draw: Callable[[Alarm], None], *, others: bool = False
) -> None:
    """``draw`` shows one alarm. ``others``: those that colleagues have."""
    for card in found:
        if card.total == 1 and card.count == 1:  # its own words say more
            draw(card.alarms[0])
        else:
            with st.container(border=True, key=f"kind_{card.kind}{'_others' if others else ''}"):
                _card(card, wanted, draw, others=others)


def _card(card: Card, wanted: tuple[str, ...], draw: Callable[[Alarm], None], *, others: bool) -> None:
    t = texts()
    words, icon = _heading(card, wanted, t)
    sums = " + ".join(
        format_money(units, currency, t.locale) for currency, units in sorted(card.units.items()) if units
    )
    st.markdown(f"{icon} **{plain(words)}**" + (f" · {plain(sums)}" if sums else ""))
    _, do, _ = WORDS.get(card.kind, ("", "", ""))
    if do and card.total and "{" not in do:  # else each says its own
        st.markdown(plain(t(do)))
    with st.container(horizontal=True, vertical_alignment="center"):
        _acts(card, wanted, others=others)
    if card.total:
        _each(card, draw, others=others)


def _heading(card: Card, wanted: tuple[str, ...], t: Translator) -> tuple[str, str]:
    if card.kind == "not_settled" and (days := days_late(desk(), actor(), wanted)) is not None:
        return t.plural(*LATE, card.count, days=days), WORDS[card.kind][2]
    if len(card.items) == 1:
        words, icon, _ = payout_groups.words(card.items[0], t)
        return words, icon
    one, several = SEVERAL.get(card.kind, OTHER)
    return t.plural(one, several, card.count), WORDS[card.kind][2] if card.kind in WORDS else _ICON


def _acts(card: Card, wanted: tuple[str, ...], *, others: bool) -> None:
    t = texts()
    if len(card.items) == 1:
        payout_groups.link(card.items[0], t("Show"))
    elif card.items:
        payout_groups.links(card.items)
    elif badge := dict(_BADGES).get(card.kind):
        where = {"state": badge}
        st.page_link(
            "payment_requests/page.py", label=t("Show"), icon=":material/receipt_long:", query_params=where
        )
    if card.kind in _FETCHED:
        _fetch(card.kind, wanted)
    if card.total and card.free == card.total:
        st.caption(t("Nobody's yet"), width="content")
    if others or card.free < 2:
        return
    label = t("I take all {count}", count=card.free)
    if st.button(label, icon=":material/front_hand:", key=f"take_all_{card.kind}", type="tertiary"):
        with refusals():
            take_kind(desk(), actor(), card.kind, wanted)
            st.rerun()


def _fetch(kind: str, wanted: tuple[str, ...]) -> None:
    """A button that asks HiPay for the payouts of these accounts, where it has any and the reader may."""
    t = texts()
    offered = [one for one in accounts.offered(Right.RECONCILE) if not wanted or one in wanted]
    fetching = {one: read_fetching(desk(), actor(), one) for one in offered}
    possible = [one for one, found in fetching.items() if found.possible]
    if not possible:
        return
    if any(fetching[one].under_way for one in possible):
        st.caption(t("Payouts are being fetched from HiPay…"), width="content")
        return
    if st.button(t("Fetch payouts"), icon=":material/cloud_download:", key=f"fetch_{kind}", type="tertiary"):
        with refusals():
            for one in possible:
                request_fetch(desk(), actor(), one, uuid.uuid4().hex)
            st.rerun()


def _each(card: Card, draw: Callable[[Alarm], None], *, others: bool) -> None:
    t = texts()
    key = f"each_{card.kind}{'_others' if others else ''}"
    label = t.plural("{count} item", "{count} items", card.total)
    fold = st.expander(label, icon=":material/list:", key=key, on_change="rerun")
    if not fold.open:
        return
    with fold:
        for alarm in card.alarms:
            draw(alarm)
        if card.total > len(card.alarms):
            left = card.total - len(card.alarms)
            st.caption(
                t.plural(
                    "and {count} more, shown once these are closed",
                    "and {count} more, shown once these are closed",
                    left,
                )
            )
