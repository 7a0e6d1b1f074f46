"""The order form: draws the fields with what is wrong below each, and returns the draft."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import streamlit as st

from pages.components.common import language, texts
from pages.components.markdown import plain
from services import clock, money
from services.error_messages import sentence
from services.errors import DeskError
from services.i18n import LANGUAGES, language_name
from services.money import CURRENCIES, FREQUENT_CURRENCIES, format_money
from services.orders.create import new_form_key
from services.orders.drafts import (
    DEFAULT_DAYS,
    MAX_DAYS,
    Accepted,
    Channel,
    Draft,
    check,
    local_time,
    propose_order_id,
)
from services.settings.account import Account

_PROPOSAL_LASTS = timedelta(
    hours=1
)  # until then a proposed end is not moved while the person fills in the form
# The form's keys in the session, in full: keys of other screens begin with the same letters.
KEYS = tuple(
    f"order_{name}"
    for name in (
        "key",
        "proposed",
        "proposed_id",
        "duplicated_from",
        "draft",
        "offered",
        "stored",
        "stored_at",
        "first_name",
        "last_name",
        "email",
        "phone",
        "amount",
        "currency",
        "description",
        "reference_1",
        "reference_2",
        "reference_3",
        "reference_4",
        "reference_5",
        "order_id",
        "language",
        "end_date",
        "end_time",
        "capture",
    )
)
# Problems of a field that nobody has filled in yet: shown as needed, not as mistakes.
_STILL_EMPTY = {"field_empty", "address_empty"}


@dataclass(frozen=True)
class Form:
    draft: Draft
    accepted: Accepted | None
    problems: dict[str, DeskError]
    key: str

    @property
    def empty(self) -> list[str]:
        """The fields that nobody has filled in yet."""
        return [name for name, problem in self.problems.items() if problem.code in _STILL_EMPTY]

    @property
    def wrong(self) -> list[str]:
        return [name for name in self.problems if name not in self.empty]


def reset_form() -> None:
    """Empty the form: the next drawing has a new form key."""
    for key in KEYS:
        st.session_state.pop(key, None)


def draw_form(account: Account, channel: Channel) -> Form:
    """Draw the form for the account and channel, with what is wrong below each field."""
    t, now = texts(), clock.now()
    state: Any = st.session_state
    state.setdefault("order_key", new_form_key())
    state.setdefault("order_proposed_id", propose_order_id(now.astimezone(account.zone)))
    _propose(account, now.astimezone(account.zone))
    slots: dict[str, Any] = {}
    field = _fields(slots)

    with st.container(border=True):
        left, right = st.columns(2, gap="large")
        with left:
            st.markdown(f"**{t('Customer')}**")
            one, two = st.columns(2)
            first_name = field(one, "first_name", t("First name"), autocomplete="off")
            last_name = field(two, "last_name", t("Last name"), autocomplete="off")
            label = t("E-mail address") if channel == "link" else t("E-mail address (optional)")
            email = field(left, "email", label, autocomplete="off")
        with right:
            st.markdown(f"**{t('Order')}**")
            one, two = st.columns([2, 1])
            example = money.plain(1234_5000, account.currency, t.locale)
            amount = field(one, "amount", t("Amount"), placeholder=t("for example {amount}", amount=example))
            currencies = sorted(CURRENCIES, key=lambda code: (_rank(code, account.currency), code))
            currency = two.selectbox(t("Currency"), currencies, key="order_currency")
            description = field(
                right, "description", t("Description"), placeholder=t("what the customer is paying for")
            )
            reference = field(
                right,
                "reference_1",
                t("Invoice number"),
                help=t(
                    "Repeated in HiPay's payout file (Reporting data 1): this is how the payment is found there."
                ),
            )
            if not reference.strip():
                slots["reference_1"].caption(
                    ":material/warning: "
                    + t("Without an invoice number the payout line can only be found by the order id.")
                )
    more = _more(account, channel, field, slots)
    draft = Draft(
        channel=channel,
        account=account.key,
        first_name=first_name,
        last_name=last_name,
        email=email,
        amount=amount,
        currency=currency,
        description=description,
        references=(reference, *more["references"]),
        order_id=more["order_id"],
        language=more["language"],
        expires_at=more["expires_at"],
        locale=t.locale,
        phone=more["phone"],
        capture=more["capture"],
    )
    accepted, problems = check(draft, now)
    if more["problem"]:
        accepted, problems = None, {**problems, "expires_at": more["problem"]}
    for name, problem in problems.items():
        if problem.code not in _STILL_EMPTY and name in slots:
            slots[name].markdown(f":small[:red[:material/error: {plain(sentence(problem, t))}]]")
    if "amount" not in problems and accepted is not None:
        slots["amount"].markdown(
            f":small[:green[:material/check: {plain(format_money(accepted.amount, currency, t.locale))}]]"
        )
    return Form(draft, accepted, problems, state["order_key"])


def _fields(slots: dict[str, Any]) -> Callable[..., str]:
    """A function that draws a text field, checked while one types, with a place below it for what is wrong."""

    def field(place: Any, name: str, label: str, **options: Any) -> str:
        with place:
            typed: str | None = st.text_input(label, key=f"order_{name}", live=True, **options)
            slots[name] = st.empty()
        return typed or ""

    return field


def _more(
    account: Account, channel: Channel, field: Callable[..., str], slots: dict[str, Any]
) -> dict[str, Any]:
    """Draw the rarely changed fields, folded; the summary below the form shows their values."""
    t, state = texts(), st.session_state
    state.setdefault("order_order_id", state["order_proposed_id"])
    state.setdefault("order_language", language())
    today = clock.now().astimezone(account.zone).date()
    with st.expander(t("More: telephone, order id, references, language, validity, collection")):
        one, two, three = st.columns(3)
        phone = field(one, "phone", t("Telephone"), type="phone", autocomplete="off")
        order_id = field(
            two,
            "order_id",
            t("Order id"),
            help=t("Proposed; change it if your order has a number of its own."),
        )
        with three:
            # The reader's language first: a box whose first drawing was interrupted starts with its first option.
            codes = sorted(LANGUAGES, key=lambda code: code != language())
            names = {code: language_name(code, language()).capitalize() for code in codes}
            chosen = st.selectbox(
                t("Customer's language"), codes, key="order_language", format_func=names.__getitem__
            )
            if chosen == "pl":
                st.caption(
                    ":material/info: "
                    + t("The e-mail is in Polish; HiPay's page has no Polish and is shown in English.")
                )
        columns = st.columns(4)
        references = tuple(
            field(
                column,
                f"reference_{n}",
                t("Reference {number}", number=n),
                help=t("Repeated in the payout file, too."),
            )
            for n, column in enumerate(columns, 2)
        )
        one, two, three = st.columns(3)
        day = one.date_input(
            t("Valid until (date)"),
            key="order_end_date",
            format="DD/MM/YYYY",
            min_value=today,
            max_value=today + timedelta(days=MAX_DAYS),
        )
        hour = two.time_input(
            t("Valid until (time, {zone})", zone=account.timezone), key="order_end_time", step=900
        )
        with one:
            slots["expires_at"] = st.empty()
        moments = {"now": t("At once"), "later": t("Later (the amount is held on the card)")}
        capture = three.radio(
            t("Collection"), list(moments), key="order_capture", format_func=moments.__getitem__
        )
    expires_at, problem = None, None
    if isinstance(day, type(today)) and hour is not None:
        try:
            expires_at = local_time(datetime.combine(day, hour), account.zone)
        except DeskError as error:
            problem = error
    return {
        "phone": phone,
        "order_id": order_id,
        "language": chosen,
        "references": references,
        "expires_at": expires_at,
        "capture": capture,
        "problem": problem,
    }


def _propose(account: Account, now: datetime) -> None:
    """Propose the account's currency and an end seven days from now. A value that a person or a template has set stays,
    unless it is no longer possible.
    """
    state: Any = st.session_state
    end, before, day = _default_end(now), state.get("order_proposed"), state.get("order_end_date")
    if before and before[0].tzinfo == end.tzinfo and abs(end - before[0]) < _PROPOSAL_LASTS:
        end = before[0]
    own = before and day and (day, state.get("order_end_time")) != (before[0].date(), before[0].time())
    if not own or not now.date() <= day <= now.date() + timedelta(days=MAX_DAYS):
        state["order_end_date"], state["order_end_time"] = end.date(), end.time()
    if state.get("order_currency") in (None, before and before[1]):
        state["order_currency"] = account.currency
    state["order_proposed"] = (end, account.currency)


def _default_end(now: datetime) -> datetime:
    """HiPay's own seven days, to the next quarter of an hour."""
    return now.replace(second=0, microsecond=0) + timedelta(days=DEFAULT_DAYS, minutes=15 - now.minute % 15)


def _rank(code: str, own: str) -> int:
    if code == own:
        return 0
    return 1 + FREQUENT_CURRENCIES.index(code) if code in FREQUENT_CURRENCIES else 99
