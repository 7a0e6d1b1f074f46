"""The router: signs the person in, chooses the language, and runs the screens that the person may see."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import streamlit as st

from pages.components import accounts, exports, open_screens, uploader
from pages.components.common import actor, desk, language, texts
from pages.components.markdown import plain
from pages.components.order_words import person_name
from pages.navigation import SCREENS, Screen, menu, page_of
from pages.new_order import stored_drafts
from pages.shell import (
    backup_banner,
    passphrase_banner,
    pause_banner,
    sandbox_banner,
    server_banners,
    signed_out,
    typed_card_numbers,
)
from services.access import ALL_ACCOUNTS, Actor, NotSignedIn, Right, rights, rights_on, sign_in, users
from services.i18n import DASHBOARD_LANGUAGES, best_language

ICON = Path(__file__).with_name("icon.svg")
STYLE = Path(__file__).with_name("shell.css")


def _resolve() -> Actor | None:
    """The person of this session; None when nobody has signed in. Raises NotSignedIn when a sign-in is no longer valid."""
    if desk().settings.auth is None:
        return st.session_state.get("actor") or sign_in.local_user(desk())
    return sign_in.sign_in(desk(), st.user.to_dict()) if st.user.is_logged_in else None


def _route() -> tuple[Callable[[], None], str]:
    """The screen to run, and its address. A person who is not signed in gets the sign-in at every address, which is then ""."""
    ended: NotSignedIn | None = None
    open_screens.remember()
    try:
        found = _resolve()
    except NotSignedIn as refusal:
        found, ended = None, refusal
    st.session_state["actor"] = found
    if found is None:
        _sidebar(None)
        return _everywhere(partial(signed_out.show, ended), texts()("Sign in")), ""
    with desk().store.read() as tx:
        open_to = menu(rights(tx, found), rights_on(tx, found, ALL_ACCOUNTS))
    _sidebar(found)
    if not open_to:
        return _everywhere(signed_out.without_role, texts()("No role yet")), ""
    return _screens(open_to)


def _everywhere(show: Callable[[], None], title: str) -> Callable[[], None]:
    """One screen at every address, so that an old link does not end in "page not found"."""
    addresses = ("", *(screen.url_path for screen in SCREENS))
    pages = [
        st.Page(show, title=title, url_path=address or "home", default=not address) for address in addresses
    ]
    return st.navigation(pages, position="hidden").run


def _screens(open_to: tuple[Screen, ...]) -> tuple[Callable[[], None], str]:
    """Register every screen, so that links between screens work. Only screens that the person has the right for are in the
    menu and run."""
    t, first = texts(), open_to[0]
    # In Streamlit the default page has no address of its own, so it is an empty page that leads to the first screen.
    home = st.Page(
        partial(st.switch_page, first.file),
        title="E-Terminal Desk",
        url_path="home",
        default=True,
        visibility="hidden",
    )
    sections = {"": [home]}
    for screen in SCREENS:
        visible = screen in open_to  # a section of hidden screens alone would show its heading
        section = t(screen.section) if visible and screen.section else ""
        sections.setdefault(section, []).append(page_of(screen, t, visible=visible))
    current = st.navigation(sections, expanded=True)
    forbidden = {screen.url_path for screen in SCREENS if screen not in open_to}
    return signed_out.without_right if current.url_path in forbidden else current.run, current.url_path


def _sidebar(found: Actor | None) -> None:
    if "language" not in st.session_state:
        stored = users.language(desk(), found) if found else ""
        st.session_state["language"] = stored or best_language(st.context.locale)
    t = texts()
    with st.sidebar:
        if found:
            accounts.follow()
        _names(found)
        if found:
            accounts.draw()
        st.segmented_control(
            t("Language"),
            DASHBOARD_LANGUAGES,
            key="language",
            required=True,
            on_change=_store_language,
            format_func=str.upper,
            label_visibility="collapsed",
        )
        if found:
            st.caption(t("Signed in as {name}", name=plain(person_name(found.name, t))))
        if found and found.session:
            st.button(t("Sign out"), icon=":material/logout:", key="sign_out", on_click=_sign_out)


def _names(found: Actor | None) -> None:
    """The product, and the shop as the chosen accounts are called."""
    shops = accounts.offered(Right.SEE_ORDERS) if found else {}
    shop = ", ".join(one.name for key, one in shops.items() if key in (accounts.chosen() or shops))
    # opened.js takes the document's language from this key: a screen reader reads French aloud by French rules.
    with st.container(key=f"speaks_{language()}"), st.container(key="product"):
        st.markdown(f"**E-Terminal Desk**  \n:small[{plain(shop)}]" if shop else "**E-Terminal Desk**")


def _store_language() -> None:
    """Store the choice with the person, for all their browsers."""
    if st.session_state.get("actor"):
        users.save_language(desk(), actor(), st.session_state["language"])


def _sign_out() -> None:
    stored_drafts.store()
    sign_in.sign_out(desk(), actor())
    st.session_state["actor"] = None
    st.logout()


def _title(address: str) -> None:
    """Name the screen in the browser's tab and history. The first call of all names none: a title in the router goes before a
    page's own."""
    t = texts()
    for screen in SCREENS:
        if screen.url_path == address:
            st.set_page_config(page_title=f"{t.titled(screen.title)} · E-Terminal Desk")


st.set_page_config(page_title="E-Terminal Desk", page_icon=ICON, layout="wide")
st.logo(ICON, size="large")
st.html(STYLE)
typed_card_numbers.remove()
uploader.begin_run()
with desk().store.snapshot():
    run, address = _route()
    _title(address)
    if address != "new-order":
        stored_drafts.leave()
    if desk().settings.demo:
        sandbox_banner.show()
    backup_banner.show()
    server_banners.show()
    exports.show()
    if address != "configuration":  # that screen shows these warnings itself, with the buttons that end them
        pause_banner.show()
        passphrase_banner.show()
    run()
    uploader.release_unused()
