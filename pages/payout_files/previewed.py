"""The previews of uploaded files: read one after the other, each shown with its payouts first, its questions and its reading."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from pages.components.common import refusals, texts
from pages.components.markdown import plain
from pages.components.outcome_words import money, number
from pages.payout_files import account_cells, drafts, issues, outlooks, reading_choices
from pages.payout_files.drafts import Draft
from pages.payout_files.outlooks import Shown
from pages.payout_files.preview import in_doubt, show_summary
from pages.payout_files.words import CHOICES
from services.error_messages import stored_sentence
from services.imports.issued_again.issue_answers import NOTHING_SAID, Answers
from services.imports.previews import preview_process
from services.imports.previews.file_payouts import Payout
from services.imports.previews.preview import Preview
from services.imports.previews.preview_process import PreviewJob, PreviewRefused
from services.settlements.errors import EmptyFile, SwallowedRows

Found = Preview | PreviewRefused | PreviewJob
_REFRESH = 1.0  # seconds
_OTHER_TYPES = ("pdf", "gzip", "html", "xml", "image", "rtf")  # files that no choice of reading can correct
# The beginnings of the session keys in which answers are, each with the key of the draft behind it.
_ANSWERS = ("issue_{}_", "issue_rest_{}", "apart_{}_", "others_{}", "reading_{}_")


@dataclass(frozen=True)
class Ready:
    """A file that can be imported: its preview, and what the person said of its issues. ``others``: its lines are others, whatever they
    look like."""

    draft: Draft
    preview: Preview
    answers: Answers = NOTHING_SAID
    others: bool = False


def read(account: str, every: Sequence[Draft]) -> list[tuple[Draft, Found]]:
    """The previews of these files, read one after the other where they are not yet, with progress. Raises NotAllowed."""
    t, found = texts(), list[tuple[Draft, Found]]()
    place = st.empty()
    for done, draft in enumerate(every):
        chosen = reading_choices.chosen_reading(account, draft)
        if not drafts.is_read(draft, account, chosen):
            words = t("Reading {name}…", name=plain(draft.name))
            if len(every) > 1:
                count, of = number(done + 1, t), number(len(every), t)
                words = t("{count} of {of}: {words}", count=count, of=of, words=words)
            place.progress(done / len(every), words)
        found.append((draft, drafts.read_preview(draft, account, chosen)))
    place.empty()
    return found


def follow(jobs: Sequence[PreviewJob]) -> None:
    """Show how far other processes have read large files."""
    if jobs:
        st.fragment(_progress, run_every=_REFRESH)(jobs)


def _progress(jobs: Sequence[PreviewJob]) -> None:
    """Runs the screen once one of them ends."""
    t = texts()
    if any(preview_process.poll(job) is not None for job in jobs):
        st.rerun()
    for job in jobs:
        words = (
            t("Reading the file before anything is stored…")
            if job.process
            else t("Waits until another file is read…")
        )
        st.progress(job.part, words)


def remember_answers(draft: Draft) -> None:
    """Let the answers of a file that is folded away stay: Streamlit forgets the widgets that are not drawn."""
    beginnings = tuple(one.format(draft.key) for one in _ANSWERS)
    for key in [key for key in st.session_state if str(key).startswith(beginnings)]:
        st.session_state[key] = st.session_state[key]


def shared(every: Sequence[tuple[Draft, Found]]) -> frozenset[Payout]:
    """The payouts of which several of these files have lines that are not imported yet."""
    count = Counter[Payout]()
    for _, found in every:
        if isinstance(found, Preview) and not found.imported:
            count.update({(one.account, one.settlement_id) for one in found.payouts})
    return frozenset(payout for payout, times in count.items() if times > 1)


def ready(draft: Draft, found: Found) -> Ready | None:
    """The file as it would be imported; None where it cannot be, or a question is not answered."""
    if not isinstance(found, Preview) or not found.lines:
        return None
    if found.imported:
        return Ready(draft, found)
    answers = issues.answers(found, draft.key)
    if answers is None:
        return None
    others = bool(st.session_state.get(_others(draft)))
    return Ready(draft, found, answers, others) if others or not _alike(found, answers) else None


def payouts(draft: Draft, found: Preview, elsewhere: frozenset[Payout]) -> tuple[Shown, ...]:
    """What the file's payouts will come to."""
    return outlooks.of_preview(found, issues.answers(found, draft.key), elsewhere)


def show(
    account: str,
    draft: Draft,
    found: Found,
    elsewhere: frozenset[Payout] = frozenset(),
    *,
    named: bool = True,
) -> Ready | None:
    """Show the preview of one file, or why it cannot be read. Returns it where it can be imported. ``elsewhere``: payouts that other
    files have lines of, too; ``named``: with the file's name."""
    t = texts()
    with st.container(border=named):
        if named:
            st.markdown(f":material/description: **{plain(draft.name)}**")
        with refusals():
            if isinstance(found, PreviewJob):
                # Drawn all the same: a widget that is not drawn loses its value.
                home = reading_choices.home_account(account, draft, "")
                reading_choices.show_choices(home, draft, found, in_doubt=False)
                return None
            if isinstance(found, PreviewRefused):
                show_refusal(found)
                home = reading_choices.home_account(account, draft, found.account)
                if correctable(found):
                    doubt = bool(found.questions or found.header)
                    reading_choices.show_choices(home, draft, found, in_doubt=doubt)
                return None
            top = st.container()  # the payouts stand first, and depend on the answers below
            show_summary(found)
            if found.lines and not found.imported:
                account_cells.show_known(found)
                _warn_of_stored(found)
                answers = issues.show(found, draft.key)
                if answers is None:
                    st.caption(t("Say first what this file is of each payout that is here already."))
                elif _alike(found, answers):
                    st.checkbox(t("They are other lines: import them too"), key=_others(draft))
                with top:
                    outlooks.show(outlooks.of_preview(found, answers, elsewhere))
            home = reading_choices.home_account(account, draft, found.home)
            reading_choices.show_choices(home, draft, found, in_doubt=in_doubt(found))
            return ready(draft, found)
    return None


def correctable(found: PreviewRefused) -> bool:
    """Whether a choice of the reading may correct it."""
    return found.fields.get("looks_like") not in _OTHER_TYPES and found.code != EmptyFile.code


def asks(found: PreviewRefused) -> bool:
    """Whether the file is refused only until a person answers."""
    return bool(found.questions or found.doubts)


def _alike(found: Preview, answers: Answers) -> bool:
    """Whether the file seems to repeat a stored payout of which the person has said nothing."""
    return any(answers.of((one.account, one.settlement_id)) is None for one in found.stored)


def _others(draft: Draft) -> str:
    return f"others_{draft.key}"


def _warn_of_stored(found: Preview) -> None:
    """Warn of stored payouts that the file seems to repeat in another rendition."""
    t = texts()
    for one in found.stored:
        here, there = (money(units, one.currency, t) for units in (one.units, one.file_units))
        st.warning(
            t(
                "Payout {payout} is stored already: {lines} lines, {amount}. This file has {file_lines} lines of it, {file_amount}, that look like those, written otherwise: imported too, they would count twice.",
                payout=plain(one.settlement_id),
                lines=number(one.lines, t),
                amount=plain(here),
                file_lines=number(one.file_lines, t),
                file_amount=plain(there),
            ),
            icon=":material/content_copy:",
        )


def show_refusal(found: PreviewRefused) -> None:
    t = texts()
    for name in () if found.code == SwallowedRows.code else found.questions:
        text = t("The file does not say how its amounts are written: choose below, and nothing is guessed.")
        st.warning(f"{text} ({t(CHOICES[name][0])})", icon=":material/help:")
    if found.doubts or found.code == SwallowedRows.code:
        st.warning(plain(stored_sentence(found.code, found.fields, t)), icon=":material/help:")
    elif not found.questions:
        st.error(plain(stored_sentence(found.code, found.fields, t)), icon=":material/error:")
