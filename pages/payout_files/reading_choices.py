"""A person's choices of how a payout file is read, and whether they are remembered for the account."""

from dataclasses import asdict
from typing import Any

import streamlit as st

from pages.components.common import actor, desk, texts
from pages.payout_files import columns
from pages.payout_files.drafts import Draft
from pages.payout_files.preview import show_details
from pages.payout_files.words import AUTOMATIC, CHOICES
from services.imports import reading
from services.imports.previews.preview import Preview
from services.imports.previews.preview_process import PreviewJob, PreviewRefused
from services.settlements.dialect import Chosen


def chosen_reading(account: str, draft: Draft) -> Chosen | None:
    """The reading that the person chose; None where it is the one remembered for the account."""
    home = home_account(account, draft, "")
    remembered = reading.remembered_reading(desk(), actor(), home)
    before = asdict(remembered or Chosen())
    picked: dict[str, Any] = {
        name: st.session_state.get(_reading_key(draft, home, name), before[name]) or None for name in CHOICES
    }
    line = st.session_state.get(_reading_key(draft, home, "header_line"))
    columns_chosen = columns.chosen_columns(_place(draft, home), remembered or Chosen())
    chosen = Chosen(**{**before, **picked, **columns_chosen, "header_line": int(line) if line else None})
    return None if chosen == (remembered or Chosen()) else chosen


def home_account(account: str, draft: Draft, found: str) -> str:
    """The account whose remembered reading applies to the file: that of its rows once ``found``, before that ``account``."""
    key = f"reading_home_{draft.key}_{account}"
    if found:
        st.session_state[key] = found
    return str(st.session_state.get(key, account))


def show_choices(
    account: str, draft: Draft, found: Preview | PreviewRefused | PreviewJob, *, in_doubt: bool
) -> None:
    """Show how the file was read, and a box for each choice of the reading; an empty one is detected. All of it is folded away, unless
    it is ``in_doubt`` at first; a person's folding is kept while the file is read again."""
    t = texts()
    before = reading.remembered_reading(desk(), actor(), account) or Chosen()
    remembered = asdict(before)
    key = f"reading_fold_{draft.key}"
    opened = st.session_state.get(f"{key}_first", in_doubt)
    if not isinstance(found, PreviewJob):
        st.session_state[f"{key}_first"] = opened  # another value would be another expander
    label = t("How it was read")
    with st.expander(label, expanded=opened, icon=":material/tune:", key=key, on_change="rerun"):
        if isinstance(found, Preview):
            show_details(found)
        st.markdown(f"**{t('Correct how it is read')}**")
        if isinstance(found, PreviewRefused):
            columns.ask(found, _place(draft, account))
        with st.container(horizontal=True):
            for name, (label, options) in CHOICES.items():
                words = {AUTOMATIC: t("as detected"), **{key: t(text) for key, text in options.items()}}
                first = remembered[name] if remembered[name] in words else AUTOMATIC
                st.selectbox(
                    t(label),
                    list(words),
                    index=list(words).index(first),
                    format_func=words.__getitem__,
                    width=220,
                    key=_reading_key(draft, account, name),
                )
            st.number_input(
                t("Line of the column names"),
                min_value=1,
                max_value=1_000_000,
                value=None,
                step=1,
                width=220,
                placeholder=t("as detected"),
                key=_reading_key(draft, account, "header_line"),
            )
        if not isinstance(found, PreviewJob):
            columns.show(found, _place(draft, account), before)
        st.checkbox(t("Remember this reading for the account"), key=_reading_key(draft, account, "remember"))


def remember_choices(account: str, draft: Draft, preview: Preview) -> None:
    """Remember the reading for the account where the person asked for it; files that wait for it are imported."""
    home = home_account(account, draft, "")
    if st.session_state.get(_reading_key(draft, home, "remember")):
        reading.remember(desk(), actor(), home, preview.chosen)


def _reading_key(draft: Draft, account: str, name: str) -> str:
    return f"reading_{draft.key}_{account}_{name}"


def _place(draft: Draft, account: str) -> str:
    return f"{draft.key}_{account}"
