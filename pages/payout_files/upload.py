"""Payout files from this computer: what each comes to is shown, its reading can be corrected, and all are imported together."""

import uuid
from collections.abc import Sequence

import streamlit as st

from pages.components import accounts, uploader
from pages.components.common import actor, desk, refusals, texts
from pages.components.markdown import plain
from pages.components.outcome_words import number
from pages.payout_files import account_cells, drafts, file_rows, previewed, progress, reading_choices
from pages.payout_files.drafts import Draft
from pages.payout_files.previewed import Found, Ready
from services.access import NotAllowed, Right
from services.errors import DeskError
from services.imports import batches, files
from services.imports.batches import Refused
from services.imports.errors import FileKnown
from services.imports.previews.preview_process import PreviewJob, PreviewRefused

TYPES = ["csv", "txt", "xls", "xlsx", "ods", "zip"]
_FORM = "import_form_key"  # of the button: pressed twice, it imports once
_HANDED = "payouts_handed_over"  # keys of drafts whose import has begun, while others in the uploader wait for an answer


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
    refused: list[tuple[str, PreviewRefused]] = []
    every = drafts.of_uploads(uploaded, lambda name, why: refused.append((name, why)))
    handed: set[str] = st.session_state.setdefault(_HANDED, set())
    with refusals():
        found = previewed.read(account, [one for one in every if one.key not in handed])
        previewed.follow([one for _, one in found if isinstance(one, PreviewJob)])
        if len(found) + len(refused) > 1:
            ready = file_rows.show(account, found)
        else:
            ready = [one for draft, result in found if (one := previewed.show(account, draft, result))]
        for name, why in refused:
            file_rows.show_refused(name, why)
        _button(account, found, ready, refused)


def _button(
    account: str,
    found: Sequence[tuple[Draft, Found]],
    ready: Sequence[Ready],
    refused: Sequence[tuple[str, PreviewRefused]],
) -> None:
    """The one button that imports all files that can be imported; the others are named in the result, or go on waiting for an answer."""
    t = texts()
    new = [one for one in ready if not one.preview.imported]
    if not new or not account_cells.ask_unknown([one.preview for one in new]):
        return
    can = {one.draft.key for one in ready}
    left = [(draft, one) for draft, one in found if draft.key not in can]
    waiting = [draft for draft, one in left if not isinstance(one, PreviewRefused) or previewed.asks(one)]
    if waiting:
        words = t.plural(
            "{count} file that needs an answer stays here: it is imported afterwards.",
            "{count} files that need an answer stay here: they are imported afterwards.",
            len(waiting),
        )
        st.caption(words)
    label = t.plural("Import {count} file", "Import {count} files", len(new))
    if st.button(label, type="primary", icon=":material/playlist_add_check:", key="import_files"):
        gone = [
            (draft.name, one)
            for draft, one in left
            if isinstance(one, PreviewRefused) and draft not in waiting
        ]
        _import(
            account,
            new,
            [(name, why.code, why.fields) for name, why in (*gone, *refused)],
            waiting=bool(waiting),
        )


def under_way() -> bool:
    """Whether files are in the uploader."""
    return bool(st.session_state.get(_uploader()))


def _uploader() -> str:
    """The key of the uploader: an import begins with another, which is empty."""
    return f"payout_files_{st.session_state.get('uploads', 0)}"


def _import(account: str, new: Sequence[Ready], refused: Sequence[Refused], *, waiting: bool) -> None:
    """Hand the files to the import, as one batch; ``progress`` shows its result. A second press of the button finds the batch, and what
    is handed over already."""
    t, bar = texts(), st.progress(0.0)
    for one in new:
        account_cells.assign_answers(one.preview)
    form_key = st.session_state.setdefault(_FORM, uuid.uuid4().hex)
    batch = batches.begin(desk(), actor(), form_key, len(new))
    taken, not_taken = set[int](), list(refused)
    for place, one in enumerate(new):
        words = t("Handing over {name}…", name=plain(one.draft.name))
        count, of = number(place + 1, t), number(len(new), t)
        bar.progress(place / len(new), t("{count} of {of}: {words}", count=count, of=of, words=words))
        try:
            file = _receive(account, one, batch)
            if file in taken:  # the same bytes under another name
                raise FileKnown(one.draft.name)
            taken.add(file)
        except NotAllowed:
            raise
        except DeskError as refusal:
            not_taken.append((one.draft.name, refusal.code, refusal.fields()))
    batches.refuse(desk(), actor(), batch, not_taken)
    for one in new:
        reading_choices.remember_choices(account, one.draft, one.preview)
    st.session_state.pop(_FORM)
    if waiting:
        st.session_state[_HANDED] |= {one.draft.key for one in new}
    else:
        st.session_state["uploads"] = st.session_state.get("uploads", 0) + 1
        st.session_state[_HANDED] = set()
        drafts.forget()
    st.rerun()


def _receive(account: str, one: Ready, batch: int) -> int:
    """Hand one file over, to be read as its preview was. Returns its id."""
    with one.draft.path.open("rb") as stream:
        return files.receive(
            desk(),
            actor(),
            account,
            one.draft.name,
            stream,
            one.preview.chosen,
            others=one.others,
            answers=one.answers,
            batch=batch,
        )


def correct_failed(file: int, name: str, account: str) -> None:
    """Preview a file whose import failed, ask the same questions, and start the import again."""
    draft = drafts.of_stored(file, name)
    with refusals():
        [(_, found)] = previewed.read(account, [draft])
        previewed.follow([found] if isinstance(found, PreviewJob) else [])
        ready = previewed.show(account, draft, found)
        if ready is None or ready.preview.imported or not account_cells.ask_unknown([ready.preview]):
            return
        label = texts()("Import it like this")
        if st.button(
            label, type="primary", icon=":material/playlist_add_check:", key=f"import_mended_{file}"
        ):
            account_cells.assign_answers(ready.preview)
            files.retry(
                desk(), actor(), file, ready.preview.chosen, others=ready.others, answers=ready.answers
            )
            reading_choices.remember_choices(account, draft, ready.preview)
            progress.follow([file])
            drafts.forget()
            st.rerun()
