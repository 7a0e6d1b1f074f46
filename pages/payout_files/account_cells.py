"""The Account cells of payout files: the account of the settings that each belongs to, and a question where it is unknown."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.components import accounts
from pages.components.common import actor, desk, texts
from pages.components.markdown import plain
from pages.components.outcome_words import number
from services.access import Right
from services.imports import file_accounts
from services.imports.previews.preview import Preview


def show_known(found: Preview) -> None:
    """Show the account of each known cell of a file, where there are several accounts."""
    t = texts()
    for cell, ours, _ in found.accounts:
        if cell and ours and accounts.several():
            st.caption(
                plain(t("Account {cell} of the file: {account}", cell=cell, account=accounts.name(ours)))
            )


def ask_unknown(found: Sequence[Preview]) -> bool:
    """Ask to which account each unknown cell belongs. True once every question is answered."""
    t, offered = texts(), accounts.offered(Right.RECONCILE)
    unknown: Counter[str] = Counter()
    for preview in found:
        unknown.update({part.cell: part.rows for part in preview.accounts if not part.account})
    complete = True
    for cell, rows in unknown.items():
        count, key = number(rows, t), _account_key(cell)
        if accounts.several():
            answer: Any = st.selectbox(
                plain(t("Account {cell} of the file ({count} rows) is", cell=cell, count=count)),
                list(offered),
                index=None,
                format_func=accounts.name,
                key=key,
                placeholder=t("choose: it is remembered"),
            )
        else:
            [only] = desk().settings.all_accounts.values()
            answer = st.checkbox(
                plain(
                    t(
                        "Account {cell} of the file ({count} rows) is {account}: remember it",
                        cell=cell,
                        count=count,
                        account=only.name,
                    )
                ),
                key=key,
                help=t(
                    "The first time a file names it, a person must say so: a file of another HiPay account would be counted here."
                ),
            )
        complete = complete and bool(answer)
    if not complete and len(offered) < len(desk().settings.all_accounts):
        st.caption(
            t(
                "If it is none of these, leave it open: a person who may reconcile all accounts must add the file."
            )
        )
    return complete


def assign_answers(preview: Preview) -> None:
    """Store the answers for the cells of a file."""
    for cell, ours, _ in preview.accounts:
        answer = st.session_state.get(_account_key(cell))
        if cell and not ours and answer:
            assigned = answer if isinstance(answer, str) else next(iter(accounts.offered(Right.RECONCILE)))
            file_accounts.assign(desk(), actor(), cell, assigned)


def _account_key(cell: str) -> str:
    return f"account_{cell}"
