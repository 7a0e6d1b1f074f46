"""Statements in any order, cut at whole days, overlapping and copied come to the same entries."""

from collections import Counter
from datetime import date, timedelta
from itertools import accumulate, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from services import clock
from services.access import NotAllowed
from services.bank.keep import identity
from services.bank.reading import bank_file
from services.desk import Desk
from services.money import TooManyDecimals
from services.store.bank import files
from services.store.schema.bank import bank_accounts, bank_entries, bank_statements
from tests.support.bank import IBAN, entry, statement, store, store_all
from tests.support.desk import open_test_desk, person
from tests.support.servers import ROOT

MONDAY = date(2026, 2, 2)


def stored(desk: Desk) -> Counter[tuple[int, int]]:
    e = bank_entries.c
    with desk.store.read() as tx:
        return Counter((row.booking_day, row.units) for row in tx.execute(select(e.booking_day, e.units)))


def test_an_entry_is_stored_once_however_many_statements_have_it(desk: Desk) -> None:
    finance = person(desk, "finance")
    fee, credit = entry("-1.20", MONDAY, "FEE"), entry("250.00", MONDAY, "HIPAY", reference="R1")
    report = statement(MONDAY, MONDAY, None, credit, format="camt.052")
    day = statement(MONDAY, MONDAY, "10.00", credit, fee, fee)
    assert (store(desk, finance, report).entries, store(desk, finance, day).entries) == (1, 2)
    again = store(
        desk, finance, day, statement(MONDAY, MONDAY + timedelta(days=1), "10.00", fee, fee, credit)
    )
    assert (again.statements, again.entries, again.known) == (1, 0, 6)
    assert stored(desk) == {(20260202, -12000): 2, (20260202, 2500000): 1}


def test_of_what_is_not_hipays_no_text_is_stored(desk: Desk) -> None:
    finance = person(desk, "finance")
    salary = entry("-2100.00", MONDAY, "SALAIRE DUPONT", reference="S-77")
    store(desk, finance, statement(MONDAY, MONDAY, "5000.00", salary, entry("9.00", MONDAY, "HIPAY SAS")))
    e = bank_entries.c
    with desk.store.read() as tx:
        rows = tx.execute(select(e.reference, e.texts, e.searched, e.hipays).order_by(e.id)).all()
    assert [tuple(row) for row in rows] == [("", (), "", False), ("", ("HIPAY SAS",), "HIPAYSAS", True)]


def test_what_is_pending_is_counted_and_not_stored(desk: Desk) -> None:
    store(
        desk,
        person(desk, "finance"),
        statement(MONDAY, MONDAY, "0", entry("1.00", MONDAY, status="PDNG"), closing="0"),
    )
    with desk.store.read() as tx:
        assert tx.execute(select(bank_statements.c.not_booked, bank_statements.c.rolls)).one() == (1, True)
    assert stored(desk) == {}


def test_an_account_is_the_same_in_every_format(desk: Desk) -> None:
    assert identity("", IBAN) == identity("999990123400045678901", "")
    finance = person(desk, "finance")
    store(desk, finance, statement(MONDAY, MONDAY, "0"))
    cfonb = statement(MONDAY, MONDAY, None, format="cfonb120", account="999990123400045678901", iban="")
    store(desk, finance, cfonb)
    with desk.store.read() as tx:
        assert tx.execute(select(bank_accounts.c.iban, bank_accounts.c.account)).all() == [(IBAN, "demo")]


def test_an_amount_finer_than_the_store_is_refused_and_nothing_is_stored(desk: Desk) -> None:
    with pytest.raises(TooManyDecimals):
        store(desk, person(desk, "finance"), statement(MONDAY, MONDAY, "0", entry("1.00001", MONDAY)))
    assert stored(desk) == {}


def test_only_who_has_the_right_bank_stores_statements(desk: Desk) -> None:
    for role in ("manager", "admin"):
        with pytest.raises(NotAllowed):
            store(desk, person(desk, role), statement(MONDAY, MONDAY, "0"))


def test_a_files_bytes_are_kept_until_they_are_dropped(desk: Desk) -> None:
    with desk.store.write() as tx:
        number, new = files.add(
            tx, account="", name="f", sha256="s", size=6, source="upload", format="mt940", at=clock.now(),
            actor_kind="system", actor_id="system",
        )  # fmt: skip
        files.keep_bytes(tx, number, [b"abc", b"def"])
        assert (new, files.bytes_of(tx, number)) == (True, b"abcdef")
        files.drop_bytes(tx, number, clock.now())
        found = files.get(tx, number)
        assert files.bytes_of(tx, number) == b""
    assert found is not None
    assert found.dropped_at is not None


def test_every_sample_is_read_and_stored_and_again_adds_nothing(desk: Desk) -> None:
    finance, samples = person(desk, "finance"), ROOT / "tests" / "unit" / "bank" / "samples"
    files_read = [one for one in sorted(samples.iterdir()) if one.suffix not in (".json", ".csv")]
    for one in files_read:
        if "0.12345" in one.with_name(f"{one.name}.json").read_text("utf-8"):  # finer than the store
            with pytest.raises(TooManyDecimals):
                store_all(desk, finance, bank_file.statements(one))
            continue
        kept = store_all(desk, finance, bank_file.statements(one))
        assert kept.bank_accounts, one.name
        again = store_all(desk, finance, bank_file.statements(one))
        assert (again.statements, again.entries) == (0, 0), one.name
    assert len(files_read) > 10


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data())
def test_a_month_cut_at_whole_days_in_any_order_overlapping_and_copied_is_one_month(
    data: st.DataObject,
) -> None:
    amounts = st.sampled_from(["10.00", "-3.50", "10.00", "0.05"])
    text = st.sampled_from(["", "CARD", "HIPAY 700101"])
    days = [MONDAY + timedelta(days=one) for one in range(5)]
    by_day = [
        [entry(data.draw(amounts), day, data.draw(text)) for _ in range(data.draw(st.integers(0, 3)))]
        for day in days
    ]
    balances = list(accumulate((sum(one.amount for one in each) for each in by_day), initial=100))
    cuts = sorted({0, len(days), *data.draw(st.lists(st.integers(1, 4), max_size=3))})
    spans = [
        *pairwise(cuts),
        *data.draw(st.lists(st.sampled_from([(0, 3), (1, 5), (2, 4), (0, 5)]), max_size=3)),
    ]
    spans += data.draw(st.lists(st.sampled_from(spans), max_size=2))
    read = [
        statement(
            days[start],
            days[end - 1],
            str(balances[start]),
            *(one for each in by_day[start:end] for one in each),
        )
        for start, end in data.draw(st.permutations(spans))
    ]
    with TemporaryDirectory() as folder:
        desk = open_test_desk(Path(folder))
        try:
            for one in read:
                store(desk, person(desk, "finance"), one)
            found = stored(desk)
        finally:
            desk.store.close()
    expected = Counter(
        (day.year * 10_000 + day.month * 100 + day.day, int(one.amount * 10_000))
        for day, each in zip(days, by_day, strict=True)
        for one in each
    )
    assert found == expected
