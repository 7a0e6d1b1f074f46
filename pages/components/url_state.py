"""A screen's choices in its address, as codes: a link is valid in every language and on every day.

``follow`` sets the widgets from the address before they are drawn, when somebody opened a link or went back; ``write``
stores the widgets' values in the address. (Streamlit's own binding writes the label of an option, which changes with the
language and with the counts in it.)
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

import streamlit as st

from services.text import card_numbers


@dataclass(frozen=True)
class Choice:
    """``key``: of the widget, and its name in the address. ``read`` raises ValueError for text that is no value; the choice
    then has its default."""

    key: str
    default: Any
    write: Callable[[Any], str]
    read: Callable[[str], Any]


def text(key: str, default: str = "", most: int = 100) -> Choice:
    return Choice(key, default, lambda value: str(value or ""), lambda found: found[:most])


def one_of(key: str, values: Sequence[str], default: str) -> Choice:
    def read(found: str) -> str:
        if found not in values:
            raise ValueError(found)
        return found

    return Choice(key, default, lambda value: str(value or default), read)


def some_of(key: str, values: Callable[[], Sequence[str]], default: Sequence[str] = ()) -> Choice:
    """Several of the values. None of them, where some are the default, is written as "all"."""

    def read(found: str) -> list[str]:
        return [name for name in found.split(",") if name in values()]

    return Choice(key, list(default), lambda value: ",".join(value or ()) or "all", read)


def day(key: str) -> Choice:
    return Choice(key, None, lambda value: value.isoformat() if value else "", date.fromisoformat)


def month(key: str) -> Choice:
    """A month as YYYY-MM, "" for none."""

    def read(found: str) -> str:
        date.fromisoformat(f"{found}-01")
        return found

    return Choice(key, "", lambda value: str(value or ""), read)


def number(key: str) -> Choice:
    return Choice(key, None, lambda value: str(value or ""), lambda found: int(found[:18]))


def numbers(key: str) -> Choice:
    """Several numbers, with commas."""

    def read(found: str) -> list[int]:
        return [int(one[:18]) for one in found.split(",")]

    return Choice(key, [], lambda value: ",".join(map(str, value or ())), read)


def page(key: str) -> Choice:
    """Of a list, counted from 1."""
    return Choice(key, 1, lambda value: str(value or 1), lambda found: max(1, int(found[:9])))


def flag(key: str) -> Choice:
    return Choice(key, False, lambda value: "1" if value else "", lambda found: found == "1")


def follow(screen: str, choices: Sequence[Choice]) -> None:
    """Set the widgets' values from the address, where it has changed since the screen wrote it, or where another screen was
    shown meanwhile: Streamlit has then forgotten the values."""
    now, state = _address(choices), st.session_state.to_dict()
    if state.get(_place(screen)) == now and choices[0].key in state:
        return
    for choice in choices:
        value = choice.default
        if choice.key in now:
            with suppress(ValueError):
                value = choice.read(now[choice.key])
        st.session_state[choice.key] = value
    st.session_state[_place(screen)] = now


def codes(choices: Sequence[Choice], values: Mapping[str, Any]) -> dict[str, str]:
    """The address of these values: those that differ from their defaults, card numbers excepted."""
    written = {choice.key: choice.write(values.get(choice.key, choice.default)) for choice in choices}
    return {
        choice.key: written[choice.key]
        for choice in choices
        if written[choice.key] != choice.write(choice.default) and not card_numbers.found(written[choice.key])
    }


def write(screen: str, choices: Sequence[Choice]) -> None:
    """Write the choices that differ from their defaults into the address, card numbers excepted."""
    # all at once: each look into the session's state costs as much as ten choices
    wanted = codes(choices, st.session_state.to_dict())
    now = _address(choices)
    for choice in choices:
        if choice.key in wanted:
            if now.get(choice.key) != wanted[choice.key]:
                st.query_params[choice.key] = wanted[choice.key]
        elif choice.key in now:
            del st.query_params[choice.key]
    st.session_state[_place(screen)] = wanted


def _address(choices: Sequence[Choice]) -> dict[str, str]:
    named = st.query_params.to_dict()
    return {choice.key: named[choice.key] for choice in choices if choice.key in named}


def _place(screen: str) -> str:
    return f"address of {screen}"
