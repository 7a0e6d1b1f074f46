"""Keys as they are compared: what is done in columns is what the rules say of each text."""

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.orders.transactions import TransactionLog
from services.reconciliation.matching.key_texts import LOOSE, normalised
from services.settlements.cells import trimmed
from services.settlements.placeholders import say_none, says_none
from services.spreadsheets.lost import ERRORS

PLAIN = " \t\n\x0b\x0c\r-_./#nNaA0012eErRfFhHlLoObBdDuUiI:=?!K xyZ"
ANY = PLAIN + "–—\u2003\u0130ſłŁé"
texts = st.one_of(*(st.lists(st.text(alphabet, max_size=6), max_size=8) for alphabet in (PLAIN, ANY)))
NONE = [
    *ERRORS,
    "Err:502",
    "fehler: 502",
    "fout:501",
    "błąd:502",
    "ERRO : 502",
    "###",
    "=A1",
    " N/A ",
    "n / a.",
    "NONE",
    "nil",
    "-–—",
]


def column(cells: list[str]) -> pa.Array:
    """A part of a longer column."""
    return pa.array(["x", *cells, "y"], pa.large_string()).slice(1, len(cells))


@given(texts)
@example(NONE)
@example([""])
def test_placeholders(cells: list[str]) -> None:
    assert say_none(column(cells)).to_pylist() == [says_none(text.strip(" \t\n\f\r")) for text in cells]


def test_each_error_of_a_spreadsheet_is_a_placeholder() -> None:
    assert all(say_none(column(NONE)).to_pylist())


@given(texts)
def test_blanks_around_a_text(cells: list[str]) -> None:
    assert trimmed(column(cells)).to_pylist() == pc.utf8_trim_whitespace(column(cells)).to_pylist()


@given(texts, st.sets(st.sampled_from(sorted(LOOSE))))
@example(["0012-A", "000", "0", "İ-x"], {"zeros", "dashes", "case"})
def test_plain_texts_are_compared_as_texts_with_other_letters_are(cells: list[str], ignore: set[str]) -> None:
    """One letter beyond ASCII among them, and the expressions decide instead of the bytes."""
    found = normalised(column(cells), frozenset(ignore)).to_pylist()
    assert found == normalised(column([*cells, "é"]), frozenset(ignore)).to_pylist()[:-1]


seen = st.fixed_dictionaries(
    {"reference": st.sampled_from(["T1", "T2"]), "status": st.sampled_from([116, 117, 118, 119, 125, 173])},
    optional={
        "source": st.just("read"),
        "captured": st.none() | st.sampled_from([0, 1_0000, 2_0000, 3_0000]),
        "at": st.sampled_from(["", "2026-11-20T10:00:00", "2026-11-21T10:00:00"]),
        "operation_id": st.sampled_from(["o1", "o2"]),
        "operation_ids": st.lists(st.sampled_from(["o3", "o4"]), max_size=2),
    },
)


@pytest.mark.parametrize("sourced", [True, False])
@given(data=st.lists(seen, max_size=6))
def test_what_an_orders_payments_are_known_by(sourced: bool, data: list[dict[str, object]]) -> None:
    log = TransactionLog()
    for one in data:
        log.add_payment({**one, "source": "read"} if sourced else one)
    whole = [(one.reference, one.operations, len(one.captures)) for one in log.confirmed()]
    assert list(log.known_by()) == whole
