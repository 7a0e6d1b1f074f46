"""The HiPay accounts that the screens are about: one choice for all screens, in the side bar and in the address.

The choice is an account, or all of them. An address may name several, with commas. Lists, counts and exports are filtered
by ``chosen``; a form for one account takes it from ``choose``, which asks where the choice does not say which.
"""

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

import services.accounts.offered
from pages.components.common import actor, desk, texts
from pages.components.markdown import plain
from services.access import NotAllowed, Right
from services.error_messages import sentence
from services.settings.account import Account

PARAMETER = "account"  # in the address of every screen
_FORMER = ("accounts", "in")  # what Reconciliation and Payment requests called it
# Session keys: the choice, the side bar's widget, and what was last written into the address.
_CHOSEN, _WIDGET, _WRITTEN = "chosen_account", "shown_account", "written_account"


def several() -> bool:
    """Whether there are several accounts, so that a screen must name the one that it means."""
    return len(desk().settings.all_accounts) > 1


def name(key: str) -> str:
    return desk().account(key).name


def offered(right: Right) -> dict[str, Account]:
    """The accounts that the reader has the right on."""
    return services.accounts.offered.offered(desk(), actor(), right)


def chosen() -> tuple[str, ...]:
    """The keys of the accounts that every list is filtered by. An empty tuple is all that the reader has the right on."""
    return tuple(st.session_state.get(_CHOSEN, "").split(",")) if st.session_state.get(_CHOSEN) else ()


def answer(key: str, account: str) -> None:
    """Give the form with the widget ``key`` this account, for a button that opens it. Where another account is chosen for all
    screens, this one is from now on."""
    if chosen() and account not in chosen():
        st.session_state[_CHOSEN] = account
    st.session_state[key], st.session_state[_asked_under(key)] = account, chosen()


def follow() -> None:
    """Take the choice from the address, where it has changed since it was written, and write it there. An address that
    names no account leaves the choice as it is: a link of the menu has none."""
    known, named = tuple(offered(Right.SEE_ORDERS)), st.query_params.to_dict()
    former = [named[one] for one in _FORMER if one in named]
    found = named.get(PARAMETER, *former[:1]) if former else named.get(PARAMETER)
    if found is not None and (former or found != st.session_state.get(_WRITTEN)):
        st.session_state[_CHOSEN] = _valid(found.split(","), known)
    now = st.session_state[_CHOSEN] = _valid(chosen(), known)
    for one in _FORMER:
        if one in named:
            del st.query_params[one]
    if now and named.get(PARAMETER) != now:
        st.query_params[PARAMETER] = now
    elif not now and PARAMETER in named:
        del st.query_params[PARAMETER]
    st.session_state[_WRITTEN] = now


def draw() -> None:
    """Draw the choice, where the reader has several accounts."""
    known = offered(Right.SEE_ORDERS)
    if len(known) < 2:
        return
    t, now = texts(), st.session_state.get(_CHOSEN, "")
    options = ["", *known, *({now} - {"", *known})]
    st.session_state[_WIDGET] = now
    st.selectbox(
        t("Account"),
        options,
        key=_WIDGET,
        format_func=lambda one: ", ".join(map(name, one.split(","))) if one else t("All accounts"),
        on_change=_choose_all,
    )


def choose(
    key: str, right: Right, *, place: DeltaGenerator | None = None, help: str | None = None
) -> Account | None:
    """The account of a form. ``key``: of the widget, which remembers an answer until the choice of all screens changes.

    It is the choice of all screens, or the only account that the reader has the right on: the widget then shows it and is
    disabled. Else the widget asks, and the answer is None until there is one. Stops the screen where the reader has the
    right on no account of the settings.
    """
    known = offered(right)
    if not known:
        st.error(plain(sentence(NotAllowed(right), texts())))
        st.stop()
    if not several():
        return next(iter(known.values()))
    options = [one for one in known if one in chosen()] or list(known)
    # The reader's only account for this form is not taken where another one is chosen.
    decided = len(options) == 1 and options[0] in (*chosen(), *(() if chosen() else options))
    if decided:
        st.session_state[key] = options[0]
    elif (
        st.session_state.get(key) not in options
        or st.session_state.get(_asked_under(key), chosen()) != chosen()
    ):
        st.session_state[key] = None
    st.session_state[_asked_under(key)] = chosen()
    draw_in = place.selectbox if place else st.selectbox
    found = draw_in(
        texts()("Account"),
        options,
        index=None,
        format_func=name,
        key=key,
        help=help,
        placeholder=texts()("Choose the account"),
        disabled=decided,
        persist_state="page",  # where it is folded away
    )
    return known[found] if found else None


def _asked_under(key: str) -> str:
    """The session key of the choice under which the widget was drawn: an answer lasts as long as that."""
    return f"{key} asked under"


def _choose_all() -> None:
    st.session_state[_CHOSEN] = st.session_state[_WIDGET]


def _valid(keys: Sequence[str], known: Sequence[str]) -> str:
    """The known ones of these keys, in the settings' order; empty where they are all."""
    found = [one for one in known if one in keys]
    return ",".join(found) if len(found) < len(known) else ""
