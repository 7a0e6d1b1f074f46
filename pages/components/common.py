"""What every screen uses: the desk, the signed-in person, the language, and refusals as sentences."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

import streamlit as st

import services.desk
from pages.components.markdown import plain
from services.access import Actor, Right, rights_on
from services.access.payout_files import FileOfAccounts, accounts_of
from services.desk import Desk
from services.disk_space import raising_no_room
from services.error_messages import sentence
from services.errors import DeskError
from services.i18n import DASHBOARD_LANGUAGES, Translator, best_language, translator
from services.reconciliation.views.overview import zone_of

P = ParamSpec("P")
R = TypeVar("R")


def in_one_read(draw: Callable[P, R]) -> Callable[P, R]:
    """A fragment that reads all it shows in one transaction. (The router does so for a whole screen.)"""

    @wraps(draw)
    def drawn(*arguments: P.args, **options: P.kwargs) -> R:
        with desk().store.snapshot():
            return draw(*arguments, **options)

    return drawn


def desk() -> Desk:
    return services.desk.current()


def actor() -> Actor:
    """The signed-in person, as the router resolved them in this session."""
    found: Actor = st.session_state["actor"]
    return found


def language() -> str:
    """The reader's choice in this session, else the browser's language. Resolved at each call, since a fragment's rerun
    loses context variables."""
    chosen = st.session_state.get("language")
    return chosen if chosen in DASHBOARD_LANGUAGES else best_language(st.context.locale)


def allowed(right: Right, account: str) -> bool:
    """Whether the signed-in person has the right on the account; with ALL_ACCOUNTS, on the whole installation."""
    with desk().store.read() as tx:
        return right in rights_on(tx, actor(), account)


def allowed_on_file(right: Right, file: FileOfAccounts) -> bool:
    """Whether the signed-in person has the right on every account of the payout file, as every action on it requires."""
    return all(allowed(right, account) for account in accounts_of(file))


def first_zone() -> str:
    """The time zone of the first account, for what belongs to no account."""
    return zone_of(desk()).key


def texts() -> Translator:
    return translator(language())


def toast_saved(changed: bool) -> None:
    """Say that a form was saved, or that nothing in it had ``changed``."""
    t = texts()
    st.toast(t("Saved.") if changed else t("Nothing to save: it was already so."), icon=":material/check:")


@contextmanager
def refusals() -> Iterator[None]:
    """Show a refusal raised in the block, a full disk included, as one sentence; the rest of the screen is drawn."""
    try:
        with raising_no_room():
            yield
    except DeskError as error:
        st.error(plain(sentence(error, texts())))
