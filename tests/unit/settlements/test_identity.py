"""Which line is which: twins are two, the same lines in another file are the same, a corrected one keeps its key."""

from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pytest

from services.settlements import settlement_operations
from services.settlements.identity import identify
from tests.support.settlement_reading import read
from tests.unit.settlements.writing import Line, Style, sale, write


def ids(*lines: Line, style: Style | None = None) -> pd.DataFrame:
    [block] = read(write(lines, style)).blocks
    found = identify(block.lines)
    return pd.DataFrame(
        {"identity": found.identity.to_pylist(), "key": found.key.to_pylist(), "occurrence": found.occurrence}
    )


def known(later: pd.DataFrame, stored: pd.DataFrame) -> list[bool]:
    return [bool(one) for one in later["identity"].isin(stored["identity"])]


def test_twins_are_two_and_the_same_two_in_another_file() -> None:
    one = ids(sale(), sale(), sale(Order="A2"))
    other = ids(sale(Order="A3"), sale(), sale(), style=Style(delimiter="\t", decimal=",", encoding="utf-16"))
    assert one["occurrence"].tolist() == [1, 2, 1]
    assert one["identity"].is_unique
    assert known(other, one) == [False, True, True]


def test_a_third_twin_is_new() -> None:
    assert known(ids(sale(), sale(), sale()), ids(sale(), sale())) == [True, True, False]


def test_importing_twice_gives_the_same_identities() -> None:
    assert ids(sale(), sale(Order="A2")).equals(ids(sale(), sale(Order="A2")))


def test_a_corrected_line_is_another_with_the_same_key() -> None:
    stored, later = ids(sale(Order="A2")), ids(sale(Order="A2", amount=Decimal("99.00")))
    assert known(later, stored) == [False]
    assert later["key"].tolist() == stored["key"].tolist() != ids(sale(Order="A3"))["key"].tolist()


def test_unknown_operations_are_told_apart() -> None:
    found = ids(sale(Operation="Green fee"), sale(Operation="Blue fee"))
    assert found["key"].nunique() == found["identity"].nunique() == 2


def test_an_operation_that_is_known_later_leaves_its_lines_their_identity(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = ids(sale(Operation="Green fee"))
    [block] = read(write([sale(Operation="Green fee")])).blocks
    place = block.lines.schema.get_field_index("operation_code")
    known_now = block.lines.set_column(place, "operation_code", pa.array(["green_fee"], pa.large_string()))
    assert identify(known_now).identity.to_pylist() != before["identity"].tolist()
    monkeypatch.setattr(settlement_operations, "_LATER", frozenset({"greenfee"}))
    assert identify(known_now).identity.to_pylist() == before["identity"].tolist()
    assert identify(known_now).key.to_pylist() == before["key"].tolist()


def test_a_blank_amount_is_not_zero() -> None:
    assert ids(sale(), sale(Tax_amount=Decimal(0)))["identity"].nunique() == 2
