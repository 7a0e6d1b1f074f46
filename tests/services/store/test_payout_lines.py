"""Lines packed and unpacked: what a file says is read again to the letter, whatever it is."""

from dataclasses import asdict
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from services.desk import Desk
from services.settlements.settlement_operations import OPERATIONS, Bucket, bucket
from services.store.schema.payout_lines import (
    COMMON_TEXTS,
    LINE_AMOUNTS,
    LINE_DAYS,
    line_groups,
    payout_lines,
)
from services.store.settlements.lines import (
    joined_lines,
    line_codes,
    line_frames,
    new_lines,
    settlement_lines,
)
from services.store.settlements.lines.line_days import day_number, iso, rest
from services.store.settlements.outcomes import BETWEEN
from tests.support.payout_lines import import_lines, line
from tests.support.stored_lines import every_line

# Texts that a file may have: none that a database cannot store, which no reader lets through.
CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
DATES = st.one_of(
    st.just(""),
    st.dates().map(str),
    st.datetimes().map(lambda at: at.isoformat()),
    st.sampled_from(
        ["2026-11-20T10:00:00+02:00", "2026-11-31", "20261120", "2026-W01-1", "virement 3", "abcd-ef-gh"]
    ),
    CELLS,
)
TEXTS = (
    *COMMON_TEXTS, "customer_id", "file_order", "invoice_reference", "original_settlement_id", "lost",
    *(f"reporting_data_{n}" for n in range(1, 6)), "settlement_id", "transaction_id", "merchant_operation_id",
    "settlement_currency", "operation_code", "kind", "loose_reference", "loose_order", "outcome", "reason", "keys",
    "unknown_keys", "seen",
)  # fmt: skip
LINES = st.fixed_dictionaries(
    {
        **dict.fromkeys(TEXTS, CELLS),
        **dict.fromkeys(LINE_DAYS, DATES),
        **dict.fromkeys(LINE_AMOUNTS, st.none() | st.integers(-(2**62), 2**62)),
    }
)
ODD = {name: f'"\\{name}\n,""]' for name in TEXTS}


@settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(LINES, min_size=1, max_size=4))
@example([{**dict.fromkeys(TEXTS, ""), **dict.fromkeys(LINE_DAYS, ""), **dict.fromkeys(LINE_AMOUNTS)}])
@example([{**ODD, **dict.fromkeys(LINE_DAYS, "no date"), **dict.fromkeys(LINE_AMOUNTS, 0)}] * 2)
def test_every_cell_is_read_as_it_was_written(desk: Desk, cells: list[dict[str, Any]]) -> None:
    written = [{**one, "account": "demo"} for one in cells]
    file = _file(desk)
    with desk.store.write() as tx:
        tx.execute(delete(payout_lines))
        new = new_lines.prepared(_columns(written, file))
        settlement_lines.add(tx, new.cells(new.number(tx)))
        stored = every_line(tx)
        framed = line_frames.lines(
            tx,
            [name for name in written[0] if name not in ("seen",)],
            lambda query: query.order_by(payout_lines.c.id),
        )
    assert [
        {name: cell for name, cell in asdict(one).items() if name in written[0]} for one in stored
    ] == written
    for name in framed:
        read = [None if pd.isna(cell) else cell for cell in framed[name]]
        assert read == [one[name] for one in written], name


def _file(desk: Desk) -> int:
    """The id of a file, made once."""
    with desk.store.read() as tx:
        known = tx.scalar(select(payout_lines.c.file).limit(1))
    return int(known) if known is not None else import_lines(desk, line("A"))


def _columns(written: list[dict[str, Any]], file: int) -> dict[str, Any]:
    """The lines as ``prepared`` takes them."""
    count = len(written)
    numbers = {name: pd.Series([one[name] for one in written], dtype="Int64") for name in LINE_AMOUNTS}
    digests = [bytes([place]) * 16 for place in range(count)]
    return {
        **{name: pd.Series([one[name] for one in written], dtype="str") for name in written[0]},
        **numbers,
        **{name: pd.Series([None] * count, dtype="Int64") for name in ("order", "nearest")},
        **{name: pd.Series([""] * count, dtype="str") for name in ("candidates", "expected")},
        "file": pd.Series([file] * count),
        "line": pd.Series(range(2, count + 2)),
        "identity": digests,
        "key": digests,
    }


@given(st.one_of(st.dates().map(str), DATES))
def test_a_date_is_its_day_and_what_is_behind_it(text: str) -> None:
    assert iso(day_number(text)) + rest(text) == text
    if day_number(text):
        assert day_number(text) == int(text[:10].replace("-", ""))


def test_equal_texts_have_one_number_and_others_another(desk: Desk) -> None:
    with desk.store.write() as tx:
        keys = [("demo", "1", "EUR"), ("demo", "1", "GBP"), ("demo1", "", "EUR"), ("demo", "1", "")]
        first = line_codes.number(tx, "payout", keys)
        assert len(set(first.values())) == len(keys)
        assert line_codes.number(tx, "payout", keys[::-1]) == first
        assert line_codes.known(tx, "payout", [("demo", "2", "EUR")]) == {}
        assert line_codes.keys_of(tx, "payout", first.values()) == {
            number: key for key, number in first.items()
        }


def test_cells_with_a_separator_in_them_are_different_keys() -> None:
    pa = pytest.importorskip("pyarrow")
    columns = [
        pa.array(cells, pa.large_string()) for cells in (["a\x1fb", "a", "a"], ["c", "b\x1fc", "b\x1fc"])
    ]
    found = line_codes.distinct(columns)
    assert found.keys == [("a\x1fb", "c"), ("a", "b\x1fc")]
    assert found.places.tolist() == [0, 1, 1]


def test_lines_of_a_file_have_ids_that_no_other_file_has(desk: Desk) -> None:
    first, second = (import_lines(desk, *(line(f"{file}-{n}") for n in range(3))) for file in ("A", "B"))
    with desk.store.read() as tx:
        for file in (first, second):
            bounded = set(tx.scalars(select(payout_lines.c.id).where(settlement_lines.of_file(file))))
            assert bounded == {one.id for one in every_line(tx) if one.file == file}
            assert len(bounded) == 3


def test_lines_are_found_by_identity_and_by_key_within_their_account(desk: Desk) -> None:
    import_lines(desk, line("A"), line("B"))
    with desk.store.read() as tx:
        a, b = every_line(tx)
        wanted = pd.DataFrame(
            {
                "identity": [a.identity, b.identity, a.identity],
                "settlement_id": ["77", "77", "78"],
                "settlement_currency": ["EUR", "EUR", "EUR"],
            }
        )
        found = settlement_lines.by_identity(tx, "demo", wanted)
        assert sorted(zip(found["id"], found["identity"], found["key"], strict=True)) == [
            (one.id, one.identity, one.key) for one in (a, b)
        ]
        assert len(settlement_lines.by_identity(tx, "other", wanted)) == 0
        keys = {("77", a.key), ("78", b.key)}
        assert settlement_lines.by_key(tx, "demo", keys, 0)["id"].tolist() == [a.id]
        assert settlement_lines.by_key(tx, "demo", keys, a.file)["id"].tolist() == []


def test_every_operation_has_a_bucket(desk: Desk) -> None:
    found: dict[Bucket, list[str]] = {}
    for one in OPERATIONS:
        found.setdefault(bucket(one.code, one.kind), []).append(one.code)
    assert "other" not in found
    assert bucket("", "unknown") == "other"
    assert (found["gross"], found["refunds"]) == (["sale"], ["refund"])
    assert {"fixed_reserve_capture", "rolling_reserve_capture"} == set(found["reserve_captured"])
    import_lines(desk, line("A"), line("B", operation="Something new"))
    with desk.store.read() as tx:
        groups = {row.operation_code: row.bucket for row in tx.execute(select(line_groups))}
    assert groups == {"sale": "gross", "": "other"}


def test_a_transaction_is_shared_within_an_account_only(desk: Desk) -> None:
    first = import_lines(desk, line("A", transaction="T-1"))
    second = import_lines(desk, line("B", "-7.00", transaction="T-1", operation="Refund"))
    with desk.store.write() as tx:
        a, b = every_line(tx)
        assert joined_lines.shared_transactions(tx, first, 0, 100) == (a.id, {"demo": [a.id]})
        assert joined_lines.shared_transactions(tx, second, 0, 100) == (b.id, {"demo": [b.id]})
        other = ("other", b.outcome, b.operation_code, b.kind, b.settlement_currency)
        [group] = line_codes.number(tx, "group", [other]).values()
        tx.execute(update(payout_lines).where(payout_lines.c.id == b.id).values(group=group))
        assert joined_lines.shared_transactions(tx, second, 0, 100) == (b.id, {})
        theirs = joined_lines.of_transactions(tx, "other", ["T-1"])
        assert joined_lines.joined(tx, theirs)["id"].tolist() == [b.id]


def test_an_order_id_with_a_comma_is_one_candidate() -> None:
    assert new_lines.listed([BETWEEN.join(["A, 1", "A-2"]), ""]) == ['["A, 1","A-2"]', None]
