"""The timeline of a payment request, oldest first: its events, its payout lines and its alarms."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import streamlit as st

from pages.components.alarm_words import alarm_words, closing_words
from pages.components.common import desk, language, texts
from pages.components.markdown import plain
from pages.components.order_words import ACTORS, event_words, person_name
from pages.components.outcome_words import day, money
from services.error_messages import sentence
from services.hipay.statuses import Effect, status
from services.i18n import Translator, format_datetime
from services.orders.history import Detail
from services.orders.transactions import AMOUNTS
from services.reconciliation.views.line_text import operation

# Effects that a capture or a refund passes through: a later read with at least the same amounts confirms them.
_PASSED_THROUGH = frozenset(
    {
        Effect.PENDING,
        Effect.REVIEW,
        Effect.AUTHORISED,
        Effect.CAPTURE_REQUESTED,
        Effect.CAPTURED,
        Effect.REFUND_REQUESTED,
        Effect.REFUNDED,
    }
)


@dataclass(frozen=True)
class _Step:
    """``more``: the texts below the sentence, after the time."""

    at: datetime
    sentence: str
    icon: str
    more: tuple[str, ...]


def show(found: Detail) -> None:
    t = texts()
    st.subheader(t("What happened"), anchor=False)
    zone = desk().account(found.order.account).timezone
    steps = [*_happened(found, zone, t), *_settled(found, t), *_alarms(found, t)]
    # HiPay's times are whole seconds: within one second the order of recording counts.
    for step in sorted(steps, key=lambda one: one.at.replace(microsecond=0)):
        when = format_datetime(step.at, zone, language(), named=False)
        with st.container(horizontal=True, gap="small"):
            st.markdown(step.icon, width="content")
            with st.container(gap=None):
                st.markdown(plain(step.sentence))
                st.caption(" · ".join(plain(part) for part in (when, *step.more) if part))
    st.caption(t("Times are those of {zone}.", zone=zone))


def _happened(found: Detail, zone: str, t: Translator) -> Iterator[_Step]:
    for event in _in_payment_order(_without_repeats(found.events)):
        sentence, icon, detail = event_words(
            _kind(event, found.events), event.data, found.order.currency, zone, t
        )
        why = found.whys.get(event.data.get("operation_row", 0), "")
        yield _Step(event.at, sentence, icon, (_who(found, event.actor_kind, event.actor_id, t), detail, why))


def _without_repeats(events: Sequence[Any]) -> list[Any]:
    """Leave out unconfirmed payments that a read confirmed unchanged, and reads that repeat the one before."""
    shown = {_reported(event) for event in events if event.kind == "payment"}
    before = dict[str, tuple[Any, ...]]()
    shown_events = []
    for event in events:
        if event.kind == "payment_told" and _reported(event) in shown:
            continue
        if event.kind == "payment":
            reference = event.data["reference"]
            if before.get(reference) == _reported(event):
                continue
            before[reference] = _reported(event)
        shown_events.append(event)
    return shown_events


def _kind(event: Any, events: Sequence[Any]) -> str:
    """The kind of an event. An unconfirmed payment is confirmed by a later read, untrue, or still open."""
    if event.kind != "payment_told":
        return str(event.kind)
    reads = [
        one
        for one in events
        if one.kind == "payment" and one.id > event.id and one.data["reference"] == event.data["reference"]
    ]
    if not reads:
        return "payment_told"
    passed_through = status(int(event.data["status"])).effect in _PASSED_THROUGH
    for read in reads:
        same = read.data["status"] == event.data["status"]
        if (same or passed_through) and all(
            (event.data.get(name) or 0) <= (read.data.get(name) or 0) for name in AMOUNTS
        ):
            return "payment"
    return "payment_untrue"


def _reported(event: Any) -> tuple[Any, ...]:
    return (event.data["reference"], event.data["status"], *(event.data.get(name) or 0 for name in AMOUNTS))


def _in_payment_order(events: Sequence[Any]) -> list[Any]:
    """The events as recorded; those of one transaction within one second by amount, since HiPay reports these in any order."""
    places: dict[tuple[str, datetime], list[int]] = {}
    for place, event in enumerate(events):
        if event.kind == "payment":
            places.setdefault((event.data["reference"], event.at), []).append(place)
    ordered = list(events)
    for same in places.values():
        its = sorted((events[place] for place in same), key=_sum_of_amounts)
        for place, event in zip(same, its, strict=True):
            ordered[place] = event
    return ordered


def _sum_of_amounts(event: Any) -> int:
    return sum(
        int(event.data.get(name) or 0) for name in ("authorised", "captured", "refunded", "charged_back")
    )


def _settled(found: Detail, t: Translator) -> Iterator[_Step]:
    """The lines of payout files, at the time when their file was imported; or why they cannot be shown."""
    if found.no_lines:
        yield _Step(found.now, sentence(found.no_lines, t), ":material/hourglass:", ())
    for line in found.settled:
        amount = money(line.original_amount_units, line.original_currency, t)
        words = t(
            "{operation} in payout {payout}: {amount} ({date})",
            operation=operation(line.operation_code, line.operation, t),
            payout=line.settlement_id,
            amount=amount,
            date=day(line.date, t),
        )
        where = t("{file}, line {number}", file=line.file_name, number=line.line)
        assert line.file_finished_at is not None  # a line is visible once its file is complete
        yield _Step(line.file_finished_at, words, ":material/account_balance:", (where,))


def _alarms(found: Detail, t: Translator) -> Iterator[_Step]:
    """Each alarm twice: when it was raised, and when and how it ended."""
    for alarm in found.alarms:
        happened, _, icon = alarm_words(alarm.kind, alarm.detail, alarm.opened_at, alarm.opened_at, t)
        worker = t(ACTORS["worker"])
        yield _Step(alarm.opened_at, t("To do: {what}", what=happened), icon, (worker,))
        if alarm.closed_at is None or alarm.closed_by is None:
            continue
        closer = person_name(found.people.get(alarm.closed_by, ""), t) or t(
            ACTORS.get(alarm.closed_by, "A colleague")
        )
        yield _Step(
            alarm.closed_at,
            t("No longer to do: {what}", what=happened),
            ":material/task_alt:",
            (closer, closing_words(alarm.closing_reason or "", t)),
        )


def _who(found: Detail, kind: str, actor_id: str, t: Translator) -> str:
    if kind != "user":
        return t(ACTORS.get(kind, kind))
    name = found.order.sender_name if actor_id == found.order.actor_id else ""
    return person_name(name or found.people.get(actor_id, "") or t("A colleague"), t)
