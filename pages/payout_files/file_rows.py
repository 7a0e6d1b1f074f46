"""Several files as one list, a row each: its payouts, its lines, and what is in doubt. A file that asks something is open."""

from collections.abc import Sequence

import streamlit as st

from pages.components.colours import Colour
from pages.components.common import texts
from pages.components.markdown import plain
from pages.components.outcome_words import number
from pages.payout_files import previewed
from pages.payout_files.drafts import Draft
from pages.payout_files.previewed import Found, Ready
from services.error_messages import stored_sentence
from services.i18n import Translator
from services.imports.previews.file_payouts import Payout
from services.imports.previews.preview import Preview
from services.imports.previews.preview_process import PreviewJob, PreviewRefused

_OPEN = "payout_rows_open"  # by key of a draft, whether a person has opened or closed its row
_NAMED = 3  # payouts that a row names


def show(account: str, every: Sequence[tuple[Draft, Found]]) -> list[Ready]:
    """Show the files. Returns those that can be imported."""
    t, elsewhere = texts(), previewed.shared(every)
    ready = list[Ready]()
    lines = sum(found.lines for _, found in every if isinstance(found, Preview))
    counted = t.plural("{count} file", "{count} files", len(every))
    st.markdown(f"**{counted}, {t.plural('{count} line', '{count} lines', lines)}**")
    for draft, found in every:
        with st.container(border=True, gap="xsmall"):
            if _row(draft, found, elsewhere, t):
                one = previewed.show(account, draft, found, elsewhere, named=False)
            else:
                previewed.remember_answers(draft)
                one = previewed.ready(draft, found)
        if one is not None:
            ready.append(one)
    return ready


def show_refused(name: str, why: PreviewRefused) -> None:
    """Show a file that cannot be unpacked."""
    t = texts()
    sentence = plain(stored_sentence(why.code, why.fields, t))
    st.error(t("{name}: {value}", name=f"**{plain(name)}**", value=sentence), icon=":material/error:")


def _row(draft: Draft, found: Found, elsewhere: frozenset[Payout], t: Translator) -> bool:
    """Show the file's row; whether it is open."""
    words, colour, asks = _state(draft, found, elsewhere, t)
    chosen: dict[str, bool] = st.session_state.setdefault(_OPEN, {})
    opened = chosen.get(draft.key, asks)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/description: **{plain(draft.name)}**", width="content")
        if isinstance(found, Preview):
            st.markdown(plain(_content(found, t)), width="content")
        st.badge(plain(words), color=colour)
        label = t("Close {name}", name=draft.name) if opened else t("Open {name}", name=draft.name)
        st.button(
            t("Hide details") if opened else t("Show details"),
            icon=":material/expand_less:" if opened else ":material/expand_more:",
            type="tertiary",
            key=f"row_{draft.key}",
            help=label,
            on_click=chosen.__setitem__,
            args=(draft.key, not opened),
        )
    return opened


def _content(found: Preview, t: Translator) -> str:
    """The payouts and the lines of a file."""
    ids = list(dict.fromkeys(one.settlement_id for one in found.payouts))
    named = ", ".join(ids[:_NAMED])
    if len(ids) > _NAMED:
        named = t("{payouts} and {count} more", payouts=named, count=number(len(ids) - _NAMED, t))
    parts = [t.plural("Payout {payouts}", "Payouts {payouts}", len(ids), payouts=named)] if ids else []
    return " · ".join([*parts, t.plural("{count} line", "{count} lines", found.lines)])


def _state(
    draft: Draft, found: Found, elsewhere: frozenset[Payout], t: Translator
) -> tuple[str, Colour, bool]:
    """What is in doubt, the colour of its badge, and whether the file asks something."""
    if isinstance(found, PreviewJob):
        return t("… being read"), "gray", False
    if isinstance(found, PreviewRefused):
        if previewed.asks(found):
            return t("? needs an answer"), "orange", True
        return t("! is not imported"), "red", True
    if found.imported:
        return t("– imported before"), "gray", False
    if not found.lines:
        return t("! is not imported"), "red", True
    if previewed.ready(draft, found) is None:
        return t("? needs an answer"), "orange", True
    shown = previewed.payouts(draft, found, elsewhere)
    bad = [one for one in shown if not one.tie]
    if not shown:
        words = [t("no payout")]
    elif len(shown) == 1:
        words = [bad[0].words(t) if bad else t("✓ ties")]
    else:
        words = [
            t.plural(
                "{tied} of {count} payout ties",
                "{tied} of {count} payouts tie",
                len(shown),
                tied=number(len(shown) - len(bad), t),
            )
        ]
    if found.set_aside_blocking:
        words.append(t.plural("{count} row set aside", "{count} rows set aside", found.set_aside_blocking))
    doubt = bool(bad or found.set_aside_blocking or not shown)
    return " · ".join(words), "orange" if doubt else "green", False
