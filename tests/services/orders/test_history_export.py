"""The history exported: what the filters let through, exactly, as no spreadsheet runs it, in bounded memory."""

import csv
import io
import tracemalloc
import zipfile
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from services import exports
from services.access import SYSTEM, Actor, NotAllowed
from services.access.trail import entries
from services.desk import Desk
from services.exports.kinds import PaymentRequests
from services.i18n import translator
from services.orders import create, history_export
from services.store.orders import orders
from services.store.orders.orders import Filter
from tests.support.desk import person
from tests.support.drafts import draft

pytestmark = pytest.mark.desk(prepared=True)


def as_csv(desk: Desk, actor: Actor, chosen: Filter, language: str) -> list[dict[str, str]]:
    out = io.BytesIO()
    count = history_export.write_history(desk, actor, chosen, "csv", translator(language), out)
    text = out.getvalue().decode("utf-8")
    assert text.startswith("\ufeff")
    found = list(
        csv.DictReader(io.StringIO(text[1:], newline=""), delimiter=";" if language == "fr" else ",")
    )
    assert len(found) == count
    return found


def as_xlsx(desk: Desk, actor: Actor, chosen: Filter, language: str) -> list[dict[str, object]]:
    out = io.BytesIO()
    history_export.write_history(desk, actor, chosen, "xlsx", translator(language), out)
    out.seek(0)
    heading, *lines = CalamineWorkbook.from_filelike(out).get_sheet_by_index(0).to_python()
    return [dict(zip(heading, line, strict=True)) for line in lines]


def test_an_export_has_the_filters_and_the_readers_words_and_notation(desk: Desk, manager: Actor) -> None:
    create.create(desk, manager, draft(last_name="Benali", amount="1 250,50"), create.new_form_key())
    create.create(desk, manager, draft(), create.new_form_key())
    [french] = as_csv(desk, manager, Filter(text="benali"), "fr")
    assert (french["Nom"], french["Montant"], french["Devise"], french["Encaissé"]) == (
        "Benali",
        "1250,50",
        "EUR",
        "0,00",
    )
    assert (french["État"], french["Canal"], french["Langue du client"]) == (
        "Envoi en cours",
        "Par lien",
        "français",
    )
    [english] = as_csv(desk, manager, Filter(text="benali"), "en")
    assert (english["Last name"], english["Amount"]) == ("Benali", "1250.50")
    assert len(as_csv(desk, manager, Filter(), "en")) == 2
    assert as_csv(desk, manager, Filter(text="nobody"), "en") == []


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@x", "＝1"])
def test_no_text_runs_as_a_formula(desk: Desk, manager: Actor, start: str) -> None:
    create.create(desk, manager, draft(description=f"{start}|cmd"), create.new_form_key())
    [line] = as_csv(desk, manager, Filter(), "en")
    assert line["Description"] == f"'{start}|cmd"
    out = io.BytesIO()
    history_export.write_history(desk, manager, Filter(), "xlsx", translator("en"), out)
    with zipfile.ZipFile(out) as book:
        sheet = book.read("xl/worksheets/sheet1.xml")
    assert b"|cmd" in sheet
    assert b"<f>" not in sheet
    [cells] = as_xlsx(desk, manager, Filter(), "en")
    assert cells["Description"] == f"{start}|cmd"


def test_a_spreadsheet_gets_texts_numbers_and_dates(desk: Desk, manager: Actor) -> None:
    order = create.create(
        desk, manager, draft(order_id="0012345678901234567", amount="0 001 250,50"), create.new_form_key()
    )
    with desk.store.write() as tx:
        orders.change_order(tx, order, created_at=datetime(2026, 7, 1, 22, 30, tzinfo=UTC))
    [cells] = as_xlsx(desk, manager, Filter(), "en")
    assert cells["Order id"] == "0012345678901234567"
    assert cells["Amount"] == 1250.5
    assert str(cells["Created on"]) == "2026-07-02 00:30:00"  # as the account's clock showed it
    assert cells["Time zone"] == "Europe/Paris"
    assert cells["Paid on"] == ""


def test_expected_orders_are_no_payment_requests(desk: Desk, manager: Actor) -> None:
    order = create.create(desk, manager, draft(), create.new_form_key())
    with desk.store.write() as tx:
        orders.change_order(tx, order, channel="imported")
    assert as_csv(desk, manager, Filter(), "en") == []


def test_who_may_not_see_orders_gets_no_byte(desk: Desk) -> None:
    out = io.BytesIO()
    with pytest.raises(NotAllowed):
        history_export.write_history(desk, person(desk), Filter(), "csv", translator("en"), out)
    assert out.getvalue() == b""


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_memory_does_not_grow_with_the_history(
    desk: Desk, manager: Actor, form: history_export.Form, tmp_path: Path
) -> None:
    first = create.create(desk, manager, draft(), create.new_form_key())
    with desk.store.read() as tx:
        order = orders.order(tx, first)
    assert order is not None
    kept = asdict(order)
    del kept["id"]
    with desk.store.write() as tx:
        for n in range(2000):
            orders.add_order(
                tx,
                **kept
                | {"order_id": f"X{n}", "form_key": f"k{n}", "mark": f"m{n}", "description": "d" * 200},
            )

    def peak(chosen: Filter) -> int:
        with (tmp_path / "out").open("w+b") as out:
            tracemalloc.start()
            history_export.write_history(desk, manager, chosen, form, translator("en"), out)
            found = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        return found

    few = peak(Filter(text="X1"))  # 1111 of them
    assert peak(Filter()) < few + 1_000_000


def test_an_export_is_audited_with_its_number_of_rows(desk: Desk, manager: Actor) -> None:
    create.create(desk, manager, draft(), create.new_form_key())
    wanted = PaymentRequests(chosen=Filter(since=datetime.now(UTC) - timedelta(days=1)))
    exports.request(desk, manager, wanted, "csv", "en")
    [entry] = entries(desk, SYSTEM, actions=("history_exported",), limit=5)
    assert entry.detail == {"rows": 1}
