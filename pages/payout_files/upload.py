"""Payout files from this computer: each is looked at, can be read otherwise, and is handed to the import."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import streamlit as st

from pages.components import accounts, uploader
from pages.components.common import (
    actor,
    desk,
    refusals,
    texts,
)
from pages.components.markdown import plain
from pages.components.outcome_words import money, number
from pages.payout_files import columns, drafts, progress
from pages.payout_files.drafts import Draft
from pages.payout_files.preview import show_preview
from pages.payout_files.words import AUTOMATIC, CHOICES
from services.access import Right
from services.error_messages import sentence, stored_sentence
from services.imports import (
    file_accounts,
    files,
    preview_process,
    reading,
)
from services.imports.errors import FileKnown
from services.imports.preview import Preview
from services.imports.preview_process import PreviewJob, PreviewRefused
from services.settlements.dialect import Chosen
from services.settlements.errors import EmptyFile, SwallowedRows

TYPES = ["csv", "txt", "xls", "xlsx", "ods", "zip"]
_REFRESH = 1.0  # seconds
_OTHER_TYPES = ("pdf", "gzip", "html", "xml", "image", "rtf")  # no other reading makes a payout file of these


def show() -> None:
    t = texts()
    account = accounts.choose(
        "payout_account",
        Right.RECONCILE,
        help=t("For files without an Account column; where there is one, it decides."),
    ).key
    st.session_state.setdefault("uploads", 0)
    uploaded = uploader.files(
        t("Payout files from HiPay (CSV, TXT, XLS, XLSX, ODS, or a ZIP of these), one or more"),
        type=TYPES,
        accept_multiple_files=True,
        key=f"payout_files_{st.session_state['uploads']}",
        help=t("Up to 500 MB each. Larger ones come by the watched folder, or from HiPay."),
    )
    ready = [found for draft in drafts.of(uploaded, _refuse) if (found := _one(account, draft)) is not None]
    new = [(draft, preview) for draft, preview in ready if not preview.imported]
    label = t.plural("Import {count} file", "Import {count} files", len(new))
    if (
        new
        and _told([preview for _, preview in new])
        and st.button(label, type="primary", icon=":material/playlist_add_check:", key="import_files")
    ):
        with refusals():
            _import(account, new)


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


def _one(account: str, draft: Draft) -> tuple[Draft, Preview] | None:
    """One file as it was read, or why it cannot be; what can be imported of it."""
    t = texts()
    with st.container(border=True):
        st.markdown(f":material/description: **{plain(draft.name)}**")
        with refusals():
            chosen = _chosen(account, draft)
            with st.spinner(t("Reading {name}…", name=plain(draft.name))):
                found = drafts.look(draft, account, chosen)
            if isinstance(found, PreviewJob):
                st.fragment(_looking, run_every=_REFRESH)(found)
                _corrections(
                    _home(account, draft, ""), draft, found, open_=False
                )  # else what they say is forgotten
                return None
            if isinstance(found, PreviewRefused):
                _why_not(found)
                home = _home(account, draft, found.account)
                if found.fields.get("looks_like") not in _OTHER_TYPES and found.code != EmptyFile.code:
                    _corrections(home, draft, found, open_=bool(found.questions or found.header))
                return None
            show_preview(found)
            _corrections(_home(account, draft, found.home), draft, found, open_=False)
            if not found.lines:
                return None
            if found.imported:
                return draft, found
            _say_accounts(found)
            return (draft, found) if _others(found, draft) else None
    return None


def mend(file: int, name: str, account: str) -> None:
    """A file that failed, looked at again: the same questions, and an import that begins anew."""
    draft = drafts.of_stored(file, name)
    ready = _one(account, draft)
    if ready is None or ready[1].imported or not _told([ready[1]]):
        return
    if st.button(
        texts()("Import it like this"),
        type="primary",
        icon=":material/playlist_add_check:",
        key=f"import_mended_{file}",
    ):
        with refusals():
            _import(account, [ready])


def _others(found: Preview, draft: Draft) -> bool:
    """Payouts that the file seems to bring once more; whether none does, or a person says that these are others."""
    t = texts()
    if not found.stored:
        return True
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
    return st.checkbox(t("They are other lines: import them too"), key=f"others_{draft.key}")


def _looking(found: PreviewJob) -> None:
    """A large file is read beside: this part asks how far it is, the screen is drawn anew once."""
    t = texts()
    if preview_process.poll(found) is not None:
        st.rerun()
    words = (
        t("Reading the file before anything is stored…")
        if found.process
        else t("Waits until another file is read…")
    )
    st.progress(found.part, words)


def _why_not(found: PreviewRefused) -> None:
    t = texts()
    for name in () if found.code == SwallowedRows.code else found.questions:
        text = t("The file does not say how its amounts are written: choose below, and nothing is guessed.")
        st.warning(f"{text} ({t(CHOICES[name][0])})", icon=":material/help:")
    if found.doubts or found.code == SwallowedRows.code:
        st.warning(plain(stored_sentence(found.code, found.fields, t)), icon=":material/help:")
    elif not found.questions:
        st.error(plain(stored_sentence(found.code, found.fields, t)), icon=":material/error:")


def _say_accounts(found: Preview) -> None:
    """Whose each Account of the file is, as far as that is known; with one account there is nothing to say."""
    t = texts()
    for cell, ours, _ in found.accounts:
        if cell and ours and accounts.several():
            st.caption(
                plain(t("Account {cell} of the file: {account}", cell=cell, account=accounts.name(ours)))
            )


def _told(found: Sequence[Preview]) -> bool:
    """Ask whose each Account of these files is that nobody knows; whether all is said. It is remembered."""
    t, mine = texts(), accounts.offered(Right.RECONCILE)
    unknown: Counter[str] = Counter()
    for preview in found:
        unknown.update({part.cell: part.rows for part in preview.accounts if not part.account})
    said = True
    for cell, rows in unknown.items():
        count, key = number(rows, t), _account_key(cell)
        if accounts.several():
            answer: Any = st.selectbox(
                plain(t("Account {cell} of the file ({count} rows) is", cell=cell, count=count)),
                list(mine),
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
        said = said and bool(answer)
    if not said and len(mine) < len(desk().settings.all_accounts):
        st.caption(
            t(
                "If it is none of these, leave it open: a person who may reconcile all accounts must add the file."
            )
        )
    return said


def _account_key(cell: str) -> str:
    return f"account_{cell}"


def _home(account: str, draft: Draft, found: str) -> str:
    """The account of the file's own rows, once it is known: by what is remembered for it the file is read."""
    key = f"reading_home_{draft.key}_{account}"
    if found:
        st.session_state[key] = found
    return str(st.session_state.get(key, account))


def _chosen(account: str, draft: Draft) -> Chosen | None:
    """What is chosen of the reading by hand; None while that is what is remembered for the account."""
    home = _home(account, draft, "")
    remembered = reading.remembered(desk(), actor(), home)
    before = asdict(remembered or Chosen())
    picked: dict[str, Any] = {
        name: st.session_state.get(_reading_key(draft, home, name), before[name]) or None for name in CHOICES
    }
    line = st.session_state.get(_reading_key(draft, home, "header_line"))
    said = columns.told(_place(draft, home), remembered or Chosen())
    chosen = Chosen(**{**before, **picked, **said, "header_line": int(line) if line else None})
    return None if chosen == (remembered or Chosen()) else chosen


def _reading_key(draft: Draft, account: str, name: str) -> str:
    return f"reading_{draft.key}_{account}_{name}"


def _place(draft: Draft, account: str) -> str:
    return f"{draft.key}_{account}"


def _corrections(
    account: str, draft: Draft, found: Preview | PreviewRefused | PreviewJob, *, open_: bool
) -> None:
    """Every choice of the reading can be made by hand; empty leaves it to the file."""
    t = texts()
    before = reading.remembered(desk(), actor(), account) or Chosen()
    remembered = asdict(before)
    open_ = open_ or columns.said(_place(draft, account))  # there may be more to say
    with st.expander(t("Correct how it is read"), expanded=open_, icon=":material/tune:"):
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


def _import(account: str, found: list[tuple[Draft, Preview]]) -> None:
    """Hand the files over; what each comes to is told above by itself."""
    t, bar, received, refused = texts(), st.progress(0.0), [], []
    for _, preview in found:
        _say_whose(preview)
    for place, (draft, preview) in enumerate(found):
        bar.progress(place / len(found), t("Handing over {name}…", name=plain(draft.name)))
        try:
            received.append(_hand_over(account, draft, preview))
        except FileKnown as known:
            refused.append(sentence(known, t))
    for draft, preview in found:
        _remember(account, draft, preview)
    progress.follow(received)
    st.session_state["payouts_refused"] = refused
    st.session_state["uploads"] = st.session_state.get("uploads", 0) + 1
    drafts.forget()
    st.rerun()


def _hand_over(account: str, draft: Draft, preview: Preview) -> int:
    """Read as it was shown; its id."""
    others = bool(preview.stored)
    if draft.file is not None:
        files.retry(desk(), actor(), draft.file, preview.chosen, others=others)
        return draft.file
    with draft.path.open("rb") as stream:
        return files.receive(desk(), actor(), account, draft.name, stream, preview.chosen, others=others)


def _say_whose(preview: Preview) -> None:
    """Whose each Account of the file is, once it was said."""
    for cell, ours, _ in preview.accounts:
        answer = st.session_state.get(_account_key(cell))
        if cell and not ours and answer:
            assigned = answer if isinstance(answer, str) else next(iter(accounts.offered(Right.RECONCILE)))
            file_accounts.assign(desk(), actor(), cell, assigned)


def _remember(account: str, draft: Draft, preview: Preview) -> None:
    """What was said of the file's reading, so that it need not be said again; files that wait for it go on."""
    home = _home(account, draft, "")
    if st.session_state.get(_reading_key(draft, home, "remember")):
        reading.remember(desk(), actor(), home, preview.chosen)


def say_refused() -> None:
    """Files that turned out to be known when they were handed over: said once."""
    for words in st.session_state.pop("payouts_refused", []):
        st.info(plain(words), icon=":material/content_copy:")
