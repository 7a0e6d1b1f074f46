"""A bank's file is shown before anything is stored, and stored once."""

import pytest

from services.access import NotAllowed
from services.bank import at_bank, files
from services.bank.reading.errors import NotABankFile
from services.desk import Desk
from tests.support.desk import person
from tests.support.servers import ROOT

CAMT = (ROOT / "tests" / "unit" / "bank" / "samples" / "camt053-08-reversal-pending.xml").read_bytes()


def test_a_preview_stores_nothing(desk: Desk) -> None:
    finance = person(desk, "finance")
    (one,) = files.preview(desk, finance, "demo", CAMT)
    assert one.rolls
    assert at_bank.bank(desk, finance).statements == ()


def test_the_same_file_adds_nothing_twice(desk: Desk) -> None:
    finance = person(desk, "finance")
    first = files.add(desk, finance, "demo", "february.xml", CAMT)
    again = files.add(desk, finance, "demo", "february (1).xml", CAMT)
    assert (first.statements, first.entries, first.known) == (1, 3, 0)
    assert (again.statements, again.entries, again.known) == (0, 0, 3)
    (one,) = at_bank.bank(desk, finance).statements
    assert (one.first_day, one.last_day, one.rolls) == (20260202, 20260203, True)


def test_a_file_that_is_none_leaves_nothing(desk: Desk) -> None:
    finance = person(desk, "finance")
    with pytest.raises(NotABankFile):
        files.add(desk, finance, "demo", "payout.csv", b"Account;Settlement ID\r\nM;1\r\n")
    assert at_bank.bank(desk, finance).statements == ()


def test_who_has_not_the_right_adds_none(desk: Desk) -> None:
    with pytest.raises(NotAllowed):
        files.add(desk, person(desk, "manager"), "demo", "february.xml", CAMT)
