"""Payout files from this computer: each is previewed, its reading can be corrected, and it is handed to the import."""

from dataclasses import dataclass

import streamlit as st

from pages.components import accounts, uploader
from pages.components.common import actor, desk, refusals, texts
from pages.components.markdown import plain
from pages.components.outcome_words import money, number
from pages.payout_files import account_cells, drafts, issues, progress, reading_choices
from pages.payout_files.drafts import Draft
from pages.payout_files.preview import show_preview
from pages.payout_files.words import CHOICES
from services.access import Right
from services.error_messages import sentence, stored_sentence
from services.imports import files, preview_process
from services.imports.errors import FileKnown
from services.imports.issue_answers import NOTHING_SAID, Answers
from services.imports.preview import Preview
from services.imports.preview_process import PreviewJob, PreviewRefused
from services.settlements.errors import EmptyFile, SwallowedRows

TYPES = ["csv", "txt", "xls", "xlsx", "ods", "zip"]
_REFRESH = 1.0  # seconds
_OTHER_TYPES = ("pdf", "gzip", "html", "xml", "image", "rtf")  # files that no choice of reading can correct


@dataclass(frozen=True)
class Ready:
    """A file that can be imported: its preview, and what the person said of its issues."""

    draft: Draft
    preview: Preview
    answers: Answers = NOTHING_SAID


def show() -> None:
    t = texts()
    chosen = accounts.choose(
        "payout_account",
        Right.RECONCILE,
        help=t("For files without an Account column; where there is one, it decides."),
    )
    if chosen is None:
        return
    account = chosen.key
    uploaded = uploader.files(
        t("Payout files from HiPay (CSV, TXT, XLS, XLSX, ODS, or a ZIP of these), one or more"),
        types=TYPES,
        several=True,
        key=_uploader(),
        help=t("Up to 500 MB each. Larger ones come by the watched folder, or from HiPay."),
    )
    ready = [found for draft in drafts.of_uploads(uploaded, _refuse) if (found := _preview(account, draft))]
    new = [one for one in ready if not one.preview.imported]
    label = t.plural("Import {count} file", "Import {count} files", len(new))
    if (
        new
        and account_cells.ask_unknown([one.preview for one in new])
        and st.button(label, type="primary", icon=":material/playlist_add_check:", key="import_files")
    ):
        with refusals():
            _import(account, new)


def under_way() -> bool:
    """Whether files are in the uploader."""
    return bool(st.session_state.get(_uploader()))


def _uploader() -> str:
    """The key of the uploader: an import begins with another, which is empty."""
    return f"payout_files_{st.session_state.get('uploads', 0)}"


def _refuse(name: str, why: PreviewRefused) -> None:
    t = texts()
    st.error(
        t(
            "{name}: {value}",
            name=f"**{plain(name)}**",
            value=plain(stored_sentence(why.code, why.fields, t)),
        ),
        icon=":material/error:",
    )


def _preview(account: str, draft: Draft) -> Ready | None:
    """Show the preview of one file, or why it cannot be read. Returns it where it can be imported."""
    t = texts()
    with st.container(border=True):
        st.markdown(f":material/description: **{plain(draft.name)}**")
        with refusals():
            chosen = reading_choices.chosen_reading(account, draft)
            with st.spinner(t("Reading {name}…", name=plain(draft.name))):
                found = drafts.read_preview(draft, account, chosen)
            if isinstance(found, PreviewJob):
                st.fragment(_preview_progress, run_every=_REFRESH)(found)
                # Drawn all the same: a widget that is not drawn loses its value.
                reading_choices.show_choices(
                    reading_choices.home_account(account, draft, ""), draft, found, open_=False
                )
                return None
            if isinstance(found, PreviewRefused):
                _show_refusal(found)
                home = reading_choices.home_account(account, draft, found.account)
                if found.fields.get("looks_like") not in _OTHER_TYPES and found.code != EmptyFile.code:
                    reading_choices.show_choices(
                        home, draft, found, open_=bool(found.questions or found.header)
                    )
                return None
            show_preview(found)
            reading_choices.show_choices(
                reading_choices.home_account(account, draft, found.home), draft, found, open_=False
            )
            if not found.lines:
                return None
            if found.imported:
                return Ready(draft, found)
            account_cells.show_known(found)
            _warn_of_stored(found)
            answers = issues.show(found, draft.key)
            if answers is None:
                st.caption(t("Say first what this file is of each payout that is here already."))
                return None
            return Ready(draft, found, answers) if _confirm_other_lines(found, draft, answers) else None
    return None


def correct_failed(file: int, name: str, account: str) -> None:
    """Preview a file whose import failed, ask the same questions, and start the import again."""
    draft = drafts.of_stored(file, name)
    ready = _preview(account, draft)
    if ready is None or ready.preview.imported or not account_cells.ask_unknown([ready.preview]):
        return
    if st.button(
        texts()("Import it like this"),
        type="primary",
        icon=":material/playlist_add_check:",
        key=f"import_mended_{file}",
    ):
        with refusals():
            _import(account, [ready])


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


def _confirm_other_lines(found: Preview, draft: Draft, answers: Answers) -> bool:
    """True where the file seems to repeat no stored payout, or the person has said what its lines are."""
    unsaid = [one for one in found.stored if answers.of((one.account, one.settlement_id)) is None]
    label = texts()("They are other lines: import them too")
    return not unsaid or st.checkbox(label, key=_others(draft))


def _others(draft: Draft) -> str:
    return f"others_{draft.key}"


def _preview_progress(found: PreviewJob) -> None:
    """Show how far another process has read a large file. Runs the screen once at its end."""
    t = texts()
    if preview_process.poll(found) is not None:
        st.rerun()
    words = (
        t("Reading the file before anything is stored…")
        if found.process
        else t("Waits until another file is read…")
    )
    st.progress(found.part, words)


def _show_refusal(found: PreviewRefused) -> None:
    t = texts()
    for name in () if found.code == SwallowedRows.code else found.questions:
        text = t("The file does not say how its amounts are written: choose below, and nothing is guessed.")
        st.warning(f"{text} ({t(CHOICES[name][0])})", icon=":material/help:")
    if found.doubts or found.code == SwallowedRows.code:
        st.warning(plain(stored_sentence(found.code, found.fields, t)), icon=":material/help:")
    elif not found.questions:
        st.error(plain(stored_sentence(found.code, found.fields, t)), icon=":material/error:")


def _import(account: str, found: list[Ready]) -> None:
    """Hand the files to the import; ``progress`` shows the outcome of each."""
    t, bar, received, refused = texts(), st.progress(0.0), [], []
    for one in found:
        account_cells.assign_answers(one.preview)
    for place, one in enumerate(found):
        bar.progress(place / len(found), t("Handing over {name}…", name=plain(one.draft.name)))
        try:
            received.append(_hand_over(account, one))
        except FileKnown as known:
            refused.append(sentence(known, t))
    for one in found:
        reading_choices.remember_choices(account, one.draft, one.preview)
    progress.follow(received)
    st.session_state["payouts_refused"] = refused
    st.session_state["uploads"] = st.session_state.get("uploads", 0) + 1
    drafts.forget()
    st.rerun()


def _hand_over(account: str, one: Ready) -> int:
    """Hand one file over, to be read as its preview was. Returns its id."""
    draft, chosen = one.draft, one.preview.chosen
    others = bool(st.session_state.get(_others(draft)))
    if draft.file is not None:
        files.retry(desk(), actor(), draft.file, chosen, others=others, answers=one.answers)
        return draft.file
    with draft.path.open("rb") as stream:
        return files.receive(
            desk(), actor(), account, draft.name, stream, chosen, others=others, answers=one.answers
        )


def show_known_files() -> None:
    """Show once which of the files handed over had been imported before."""
    for words in st.session_state.pop("payouts_refused", []):
        st.info(plain(words), icon=":material/content_copy:")
