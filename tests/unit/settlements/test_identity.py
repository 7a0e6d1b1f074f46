"""Which line is which: twins are two, a second import changes nothing, a corrected line is known as changed."""

from decimal import Decimal

import pandas as pd

from services.settlements.identity import compare, identify
from services.settlements.read import read
from services.settlements.totals import settlements
from tests.unit.settlements.writing import Line, Style, sale, write

NOTHING = pd.DataFrame({"identity": [], "key": []}, dtype="str")


def ids(*lines: Line, style: Style | None = None) -> pd.DataFrame:
    return identify(read(write(lines, style)).lines)


def test_twins_are_two_and_the_same_two_in_another_file() -> None:
    one = ids(sale(), sale(), sale(Order="A2"))
    other = ids(sale(Order="A3"), sale(), sale(), style=Style(delimiter="\t", decimal=",", encoding="utf-16"))
    assert one["occurrence"].tolist() == [1, 2, 1]
    assert one["identity"].is_unique
    assert compare(other, one).tolist() == ["new", "known", "known"]


def test_a_third_twin_is_new() -> None:
    assert compare(ids(sale(), sale(), sale()), ids(sale(), sale())).tolist() == ["known", "known", "new"]


def test_importing_twice_gives_the_same_identities() -> None:
    assert ids(sale(), sale(Order="A2")).equals(ids(sale(), sale(Order="A2")))
    assert compare(ids(sale()), NOTHING).tolist() == ["new"]


def test_a_corrected_line_is_changed_not_new() -> None:
    stored = ids(sale(), sale(Order="A2"))
    later = ids(sale(), sale(Order="A2", amount=Decimal("99.00")), sale(Order="A9"))
    assert compare(later, stored).tolist() == ["known", "changed", "new"]


def test_two_partial_refunds_with_one_key_are_not_each_other_corrected() -> None:
    refunds = [sale(Operation="Refund", amount=Decimal(-n)) for n in (10, 20)]
    stored = ids(*refunds)
    third = sale(Operation="Refund", amount=Decimal(-30))
    assert compare(ids(*refunds, third), stored).tolist() == ["known", "known", "new"]


def test_unknown_operations_are_told_apart() -> None:
    found = ids(sale(Operation="Green fee"), sale(Operation="Blue fee"))
    assert found["key"].nunique() == found["identity"].nunique() == 2


def test_a_blank_amount_is_not_zero() -> None:
    assert ids(sale(), sale(Tax_amount=Decimal(0)))["identity"].nunique() == 2


def test_settlements_add_up_without_their_control_totals() -> None:
    lines = [
        sale(),
        sale(amount=Decimal("-0.35"), Operation="Fixed fee", Date=None),
        sale(amount=Decimal("99.65"), Operation="Settlement"),
        sale(Settlement_ID="9"),
    ]
    table = settlements(read(write(lines)).lines)
    assert table[["settlement_id", "lines", "first_date", "settled_units"]].to_numpy().tolist() == [
        ["123456", 3, "2024-03-25", 996_500],
        ["9", 1, "2024-03-25", 1_000_000],
    ]
