"""Payouts as finance looks at them: the list, what a payout is made of, the files."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from services import clock
from services.desk import Desk
from services.reconciliation.decisions import set_aside_rows
from services.store.settlements.files import hipay_list, settlement_files
from tests.support.desk import person
from tests.support.payout_pages import (
    FILE,
    HEAD,
    PAYOUT,
    SALE,
    STRANGE,
    choose,
    imported,
    press,
    table,
    upload,
    words,
)
from tests.support.payouts import import_file
from tests.support.screens import links

Open = Callable[..., AppTest]


def test_without_a_file_the_screen_says_what_to_do(open_page: Open, desk: Desk) -> None:
    at = open_page("payouts/page.py", "finance", language="fr")
    assert not at.exception
    assert "Aucun fichier de reversement" in words(at)


def test_a_manager_may_not_see_payouts(open_page: Open, desk: Desk) -> None:
    at = open_page("payouts/page.py", "manager")
    assert not at.exception
    assert not at.file_uploader


def test_a_payout_that_adds_up_is_proved(open_page: Open, paid: int, desk: Desk) -> None:
    at = imported(open_page("payouts/page.py", "finance"), desk, ("october.csv", FILE))
    at = choose(at, "show", "payouts")
    payouts = table(at, "Check")
    assert list(payouts["Check"]) == ["✓ ties"]
    assert list(payouts["Lines open"]) == ["1"]
    at.query_params["payout_of"] = "demo:77:EUR"
    at = at.run()
    assert set(table(at, "Note")["Operation"]) == {"Sale", "Fixed fee", "Payout"}
    assert "october.csv · 4 lines" in links(at)
    assert not at.exception


def test_a_row_set_aside_stands_in_the_way_of_the_proof(open_page: Open, paid: int, desk: Desk) -> None:
    broken = SALE.format(amount="12,5,0").replace("A-1", "A-3").replace("800", "803")
    at = upload(open_page("payouts/page.py", "finance"), ("october.csv", FILE + broken))
    assert "1 row could not be read and is set aside." in words(at)
    at = imported(at, desk, ("october.csv", FILE + broken))
    at = choose(at, "show", "payouts")
    assert list(table(at, "Check")["Check"]) == ["? rows not read"]
    at = choose(at, "show", "files")
    assert list(table(at, "Set aside")["Set aside"]) == ["1"]
    with desk.store.read() as tx:
        [file] = settlement_files.listed(tx, ("complete",))
    set_aside_rows.deal(desk, person(desk, "finance"), file.id, [6], "Corrected in another file")
    at = choose(at.run(), "show", "payouts")
    assert list(table(at, "Check")["Check"]) == ["✓ ties"]
    assert list(table(choose(at, "show", "files"), "Set aside")["Set aside"]) == ["0 of 1"]


def test_ticked_rows_are_named_and_dealt_with_as_they_were_seen(
    open_page: Open, paid: int, desk: Desk
) -> None:
    broken = SALE.format(amount="12,5,0").replace("A-1", "A-3").replace("800", "803")
    at = imported(open_page("payouts/page.py", "finance"), desk, ("october.csv", FILE + broken))
    with desk.store.read() as tx:
        [file] = settlement_files.listed(tx, ("complete",))
    at.session_state["file_of"] = file.id
    at.session_state["aside_ticked"] = {f"file_{file.id}": (6,)}
    at = choose(at, "show", "files")
    assert "Line 6 · 77 · " in words(at)
    why = next(one for one in at.text_input if one.key and one.key.startswith("why_aside_"))
    at = why.set_value("Corrected in another file").run()
    set_aside_rows.deal(desk, person(desk, "finance"), file.id, [6], "theirs")
    press = next(one for one in at.button if one.key == "go_aside_file_deal")
    at = press.click().run()
    assert not at.exception
    acts = set_aside_rows.of_file(desk, person(desk, "finance"), file.id).acts[6]
    assert [act.reason for act in acts] == ["theirs"]


def test_payouts_are_found_by_number_amount_month_and_state(open_page: Open, paid: int, desk: Desk) -> None:
    at = imported(open_page("payouts/page.py", "finance"), desk, ("october.csv", FILE))
    short = PAYOUT.replace("1;77;", "1;78;").format(amount="9.00")
    import_file(
        desk,
        person(desk, "finance"),
        "demo",
        "b.csv",
        (HEAD + STRANGE.replace("1;77;", "1;78;") + short).encode(),
    )
    at = at.run()
    shown = table(at, "Transfer")
    assert list(shown["Payout"]) == ["78", "77"]  # to do first
    assert list(shown["Check"]) == ["! differs", "✓ ties"]
    assert list(shown["Difference"]) == ["€1.00", "€0.00"]
    assert list(shown["Net"]) == ["€10.00", "€1,260.20"]
    assert list(table(at, "Currency")["Net"]) == ["€1,270.20"]
    assert list(table(at, "Currency")["HiPay’s figure"]) == ["—"]
    for typed, numbers in (("7", ["78", "77"]), ("1260.20", ["77"]), ("-1,00", ["78"]), ("9.00", ["78"])):
        at = at.text_input(key="find_payout").set_value(typed).run()
        assert not at.exception
        assert list(table(at, "Transfer")["Payout"]) == numbers
    at = at.text_input(key="find_payout").set_value("4711").run()
    assert "No payout fits this filter." in words(at)
    at = press(at, "show_all_payouts")
    at = choose(at, "check", ["tied"])
    assert list(table(at, "Transfer")["Payout"]) == ["77"]
    assert list(table(at, "Currency")["Payouts"]) == ["1"]
    at = at.selectbox(key="month").set_value("2026-11").run()
    assert (at.query_params["check"], at.query_params["month"]) in (
        ("tied", "2026-11"),
        (["tied"], ["2026-11"]),
    )
    at.query_params["month"] = "2026-10"
    assert "No payout fits this filter." in words(at.run())
    assert not at.exception


def test_a_payout_says_each_difference_and_how_it_comes_from_gross_to_net(
    open_page: Open, paid: int, desk: Desk
) -> None:
    with desk.store.write() as tx:
        key = {"account": "demo", "settlement_id": "77"}
        figures = {"sales": 1260_5000, "fees": -5000}
        where = {"iban": "FR7630006000011234567890189", "bic": "AGRIFRPP"}
        amount = {"amount": 1260_0000, "currency": "EUR"}
        hipay_list.list_settlement(
            tx, key, recent=False, at=clock.now(), date_value="2026-11-22", figures=figures, **amount, **where
        )
    at = imported(open_page("payouts/page.py", "finance", language="fr"), desk, ("october.csv", FILE))
    at.query_params["payout_of"] = "demo:77:EUR"
    at = at.run()
    assert not at.exception
    assert "Les lignes donnent ce que le fichier annonce." in words(at)
    assert "HiPay affiche 0,20\u00a0€ de moins." in words(at)
    assert "FR76 … 0189" in "".join(one.proto.body for one in at.get("html"))
    legs = table(at, "HiPay affiche")
    assert list(legs["Composante"]) == ["Brut", "Frais TTC", "Net"]
    assert [one.split("\u00a0")[0] for one in legs["Écart"]] == ["✓", "≠ -0,20", "HiPay ≠ -0,20"]
    [chart] = at.get("vega_lite_chart") or at.get("arrow_vega_lite_chart")
    assert "Brut 1" in chart.proto.alt
    assert "Net 1" in chart.proto.alt
    so_far = table(at, "Cumul")
    assert list(so_far["Composante"]) == ["Brut", "Frais hors TVA", "TVA sur frais", "Net"]
    assert so_far["Cumul"].iloc[-2] == so_far["Cumul"].iloc[-1] == so_far["Montant"].iloc[-1]


@pytest.mark.parametrize(
    ("former", "now"),
    [
        (
            {"view": "payouts", "payout_of": "demo:77:EUR", "check": "tied"},
            {"payout_of": "demo:77:EUR", "check": "tied"},
        ),
        ({"view": "files", "file_of": "1"}, {"show": "files", "file_of": "1"}),
        ({"view": "files", "file": "1"}, {"show": "files", "file_of": "1"}),
    ],
)
def test_an_address_of_former_days_leads_here_with_its_choices(
    open_page: Open, paid: int, desk: Desk, former: dict[str, str], now: dict[str, str]
) -> None:
    finance = person(desk, "finance")
    import_file(desk, finance, "demo", "october.csv", FILE.encode())
    at = open_page("overview/page.py", actor=finance)
    at.query_params.update(former)
    at = at.switch_page("reconciliation/page.py").run()
    assert not at.exception
    assert [one.value for one in at.title] == ["Payouts"]
    found = {
        key: value[0] if isinstance(value, list) else value for key, value in dict(at.query_params).items()
    }
    assert found == now
    assert ("Payout 77" in words(at)) or ("How it was read" in words(at))
