"""Bank statements from this computer: what a file says is shown, then it is added."""

from decimal import Decimal

import pyarrow as pa
import streamlit as st

from pages.components import accounts, outcome_words, tables, uploader
from pages.components.common import actor, desk, texts
from pages.components.markdown import plain
from services.access import Right
from services.bank import files
from services.bank.reading.statements import BOOKED, Statement
from services.error_messages import sentence
from services.errors import DeskError
from services.i18n import Translator
from services.money import TooManyDecimals, format_money, to_units
from services.reconciliation.views.payout_list import masked_iban

TYPES = ["xml", "txt", "cfo", "asc", "sta", "mt940", "940", "ofx", "qfx"]
_FILE, _RESULT, _READ = "bank_file", "bank_result", "bank_read"
# Why a statement proves nothing, by the code of its finding.
FINDINGS = {
    "control_total": "its control total is {announced}, {read} was read: it is not whole",
    "other_currency": "entry {entry} is in {entry_currency}",
    "no_booking_date": "entry {entry} has no booking date",
    "balances_differ": "its balance {balance} is there twice, with different amounts",
    "pages_missing": "a page before or after page {page} is missing",
}


def show(*, expanded: bool) -> None:
    t = texts()
    for message, icon in st.session_state.pop(_RESULT, ()):
        st.info(plain(message), icon=icon)
    with st.expander(
        t("Add bank statements"), icon=":material/upload_file:", expanded=expanded, key="add_bank"
    ):
        chosen = accounts.choose(
            "bank_hipay_account",
            Right.BANK,
            help=t(
                "The account whose payouts come to this bank account. Once it is known, the statement itself tells."
            ),
        )
        if chosen is None:
            return
        uploaded = uploader.files(
            t("Bank statements (CAMT, CFONB 120, MT940 or OFX), one or more"),
            types=TYPES,
            several=True,
            key=f"{_FILE}_{st.session_state.get(_FILE, 0)}",
        )
        if not uploaded:
            st.session_state.pop(_READ, None)
            return
        read: list[tuple[str, bytes]] = []
        for one in uploaded:
            raw = bytes(one.getbuffer())
            try:
                with st.spinner(t("Reading {name}…", name=one.name)):
                    statements = _read(chosen.key, one.file_id, raw)
            except DeskError as error:
                st.error(plain(f"{one.name}: {sentence(error, t)}"))
                continue
            st.markdown(f"**{plain(one.name)}**")
            _table(statements, t)
            read.append((one.name, raw))
        if read:
            st.button(
                t.plural("Add {count} file", "Add {count} files", len(read)),
                type="primary",
                on_click=_add,
                args=(chosen.key, read),
            )


def _read(account: str, file_id: str, raw: bytes) -> tuple[Statement, ...]:
    """Remembered for the session: each rerun of the screen would read the file again."""
    remembered: dict[tuple[str, str], tuple[Statement, ...]] = st.session_state.setdefault(_READ, {})
    if (account, file_id) not in remembered:
        remembered[account, file_id] = files.preview(desk(), actor(), account, raw)
    return remembered[account, file_id]


def _add(account: str, read: list[tuple[str, bytes]]) -> None:
    t = texts()
    said = []
    for name, raw in read:
        try:
            kept = files.add(desk(), actor(), account, name, raw)
        except DeskError as error:
            said.append((f"{name}: {sentence(error, t)}", ":material/error:"))
            continue
        words = t(
            "{name}: {statements} new statements, {entries} new entries, {known} known already.",
            name=name,
            statements=outcome_words.number(kept.statements, t),
            entries=outcome_words.number(kept.entries, t),
            known=outcome_words.number(kept.known, t),
        )
        said.append((words, ":material/check_circle:"))
    st.session_state[_RESULT] = said
    st.session_state[_FILE] = st.session_state.get(_FILE, 0) + 1
    st.session_state.pop(_READ, None)


def _table(statements: tuple[Statement, ...], t: Translator) -> None:
    rows = [
        {
            t("Check"): check_of_read(one, t),
            t("Bank account"): masked_iban(one.iban or one.account),
            t("From"): outcome_words.day(one.from_date.isoformat(), t) if one.from_date else "—",
            t("To"): outcome_words.day(one.to_date.isoformat(), t) if one.to_date else "—",
            t("Opening balance"): _money(one, one.opening, t),
            t("Booked entries"): outcome_words.number(sum(e.status == BOOKED for e in one.entries), t),
            t("Booked"): _money(one, one.booked, t),
            t("Closing balance"): _money(one, one.closing, t),
        }
        for one in statements
    ]
    st.dataframe(
        pa.Table.from_pylist(rows),
        hide_index=True,
        height=tables.height(len(rows)),
        column_config=tables.right_aligned(("Opening balance", "Booked", "Closing balance"), t),
        alt=t("Statements of the file"),
    )


def check_of_read(one: Statement, t: Translator) -> str:
    if one.format in ("camt.052", "camt.054"):
        return t("– for information")
    if one.findings:
        first = one.findings[0]
        return t("! proves nothing: {why}", why=t(FINDINGS[first.code], **first.fields))
    if one.difference is None:
        return t("? without balances")
    if one.difference:
        return t("! does not add up: {amount}", amount=_money(one, one.difference, t))
    return t("✓ adds up")


def _money(one: Statement, amount: Decimal | None, t: Translator) -> str:
    """As the reader writes it; as the bank does where it has more decimals than the store."""
    if amount is None:
        return "—"
    try:
        return format_money(to_units(amount), one.currency, t.locale)
    except TooManyDecimals:
        return f"{amount} {one.currency}"
