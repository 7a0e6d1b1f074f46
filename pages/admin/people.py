"""People: each person's roles and where they come from, giving and taking roles, closing and opening accounts."""

from datetime import UTC, datetime, timedelta

import streamlit as st

from pages.components.common import actor, desk, language, refusals, texts
from pages.components.markdown import plain
from pages.components.order_words import ROLE_NAMES, person_name
from services.access import ALL_ACCOUNTS, ROLES, Grant
from services.access.sign_in import LOCAL_ISSUER
from services.access.users import Person, list_people, set_disabled, set_grants
from services.i18n import format_ago


def show() -> None:
    t = texts()
    st.title(t("People"), anchor=False)
    st.caption(
        t(
            "Managers send payment requests, finance reconciles the payouts, administrators connect HiPay and give roles."
        )
    )
    if desk().settings.auth is None:
        st.info(
            t(
                "No identity provider is configured: the person at this machine is the only user. Others sign in once your administrator has added one."
            ),
            icon=":material/info:",
        )
    with refusals():
        for person in list_people(desk(), actor()):
            _card(person)


def _card(person: Person) -> None:
    t = texts()
    with st.container(border=True, key=f"person_{person.id}"):
        who, roles, actions = st.columns([4, 4, 3], vertical_alignment="center")
        with who:
            st.markdown(f"**{plain(person_name(person.name, t))}**")
            origin = t("this machine") if person.issuer == LOCAL_ISSUER else person.issuer
            st.caption(plain(" · ".join(part for part in (person.email, origin) if part)))
            st.caption(t("Last seen {ago}", ago=_ago(person.seen_at)))
        with roles, st.container(horizontal=True):
            if person.disabled:
                st.badge(t("Account closed"), icon=":material/block:", color="red")
            for role in ROLES:
                if role in person.claimed:
                    st.badge(
                        t("{role} (from the provider)", role=t(ROLE_NAMES[role])),
                        icon=":material/verified_user:",
                        color="blue",
                    )
                for grant in sorted(person.given):
                    if grant.role == role:
                        st.badge(_given(grant), icon=":material/badge:", color="green")
            if not person.claimed and not person.given:
                st.badge(t("No role yet"), icon=":material/remove_moderator:", color="gray")
        with actions, st.container(horizontal=True, horizontal_alignment="right"):
            with st.popover(t("Change roles"), icon=":material/edit:"):
                _change_roles(person)
            if person.id != actor().id:
                label, icon = (
                    ("Open account", ":material/lock_open:")
                    if person.disabled
                    else ("Close account", ":material/block:")
                )
                with st.popover(t(label), icon=icon):
                    _change_account(person)


def _change_roles(person: Person) -> None:
    t = texts()
    if person.claimed:
        names = ", ".join(t(ROLE_NAMES[role]) for role in ROLES if role in person.claimed)
        st.caption(
            t(
                "The provider gives: {roles}. Only your provider's administrator can take these away.",
                roles=names,
            )
        )
    if person.id == actor().id:
        st.caption(t("You can give up a role of your own. Only another administrator can give you one."))
    accounts = _accounts(person)
    with st.form(f"roles_{person.id}", border=False):
        wanted = _grants_of_accounts(person, accounts) if len(accounts) > 1 else _grants(person)
        if st.form_submit_button(t("Save these roles"), type="primary", key=f"save_{person.id}"):
            with refusals():
                set_grants(desk(), actor(), person.id, wanted)
                st.rerun()


def _grants(person: Person) -> frozenset[Grant]:
    """Ask for the roles where there is one account: each is for all accounts. A person can only give up their own."""
    t = texts()
    own = person.id == actor().id
    wanted = st.pills(
        t("Roles given here"),
        [role for role in ROLES if not own or Grant(role) in person.given],
        selection_mode="multi",
        default=[role for role in ROLES if Grant(role) in person.given],
        format_func=lambda role: t(ROLE_NAMES[role]),
        key=f"wanted_{person.id}",
    )
    return frozenset(Grant(role) for role in wanted)


def _grants_of_accounts(person: Person, accounts: list[str]) -> frozenset[Grant]:
    """Ask for each role's accounts. A person can only give up their own."""
    t, own = texts(), person.id == actor().id
    st.markdown(t("Roles given here"))
    return frozenset(
        Grant(role, account)
        for role in ROLES
        if not own or any(grant.role == role for grant in person.given)
        for account in st.multiselect(
            t(ROLE_NAMES[role]),
            [
                account
                for account in (ALL_ACCOUNTS, *accounts)
                if not own or Grant(role, account) in person.given
            ],
            default=[grant.account for grant in sorted(person.given) if grant.role == role],
            format_func=account_name,
            placeholder=t("Not given"),
            key=f"wanted_{person.id}_{role}",
        )
    )


def _accounts(person: Person) -> list[str]:
    """The accounts of the settings, and those that the person's grants still name."""
    named = {grant.account for grant in person.given} - {ALL_ACCOUNTS}
    return list(dict.fromkeys([*desk().settings.all_accounts, *sorted(named)]))


def account_name(account: str) -> str:
    """The name in the settings; the id of an account that they no longer name."""
    if account == ALL_ACCOUNTS:
        return texts()("All accounts")
    found = desk().settings.all_accounts.get(account)
    return found.name if found else account


def _given(grant: Grant) -> str:
    t = texts()
    if grant.account == ALL_ACCOUNTS:
        return t("{role} (given here)", role=t(ROLE_NAMES[grant.role]))
    return t(
        "{role}, {account} (given here)",
        role=t(ROLE_NAMES[grant.role]),
        account=plain(account_name(grant.account)),
    )


def _change_account(person: Person) -> None:
    t = texts()
    st.write(
        t("The person can sign in again, with the roles they had.")
        if person.disabled
        else t(
            "The person's next action is refused, and no new sign-in is accepted. What they did stays in the audit trail."
        )
    )
    if st.button(t("Confirm"), type="primary", key=f"confirm_{person.id}"):
        with refusals():
            set_disabled(desk(), actor(), person.id, not person.disabled)
            st.rerun()


def _ago(seen_at: datetime) -> str:
    # Sign-ins have the machine's time, not the sandbox's.
    now = datetime.now(UTC)
    return format_ago(min(seen_at, now - timedelta(seconds=1)), now, language())


show()
