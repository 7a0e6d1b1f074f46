"""The screen Bank: an empty one says what to do; payouts by their state, credits of none, statements and the days between them."""

from collections.abc import Callable
from datetime import date

from streamlit.testing.v1 import AppTest

from services.desk import Desk
from tests.support.bank import entry, statement, store
from tests.support.desk import person
from tests.support.payout_pages import FILE, table, words
from tests.support.payouts import import_file
from tests.support.servers import ROOT

Open = Callable[..., AppTest]
SAMPLE = (ROOT / "tests" / "unit" / "bank" / "samples" / "camt053-08-reversal-pending.xml").read_bytes()
CREDIT = entry("1260.20", date(2026, 11, 23), "HIPAY 77 ATELIER")


def opened(open_page: Open) -> AppTest:
    return open_page("bank/page.py", "finance", language="fr").run()


def test_an_empty_screen_says_what_to_do_next(open_page: Open, desk: Desk) -> None:
    at = opened(open_page)
    assert not at.exception
    assert "Aucun relevé bancaire pour l’instant" in words(at)


def test_a_payout_stands_with_its_state_and_a_statement_with_its_check(
    open_page: Open, paid: int, desk: Desk
) -> None:
    finance = person(desk, "finance")
    import_file(desk, finance, "demo", "october.csv", FILE.encode())
    store(desk, finance, statement(date(2026, 11, 1), date(2026, 11, 30), "10.00", CREDIT))
    at = opened(open_page)
    assert not at.exception
    [payout] = table(at, "À la banque").to_dict("records")
    assert (payout["À la banque"], payout["Reversement"]) == ("✓ rapproché avec la banque", "77")
    [month] = table(at, "Solde initial").to_dict("records")
    assert month["Contrôle"] == "✓ les soldes concordent"


def test_what_belongs_to_no_payout_and_days_without_a_statement_are_named(
    open_page: Open, desk: Desk
) -> None:
    finance = person(desk, "finance")
    credit = entry("99.00", date(2026, 11, 23), "HIPAY 4711")
    store(desk, finance, statement(date(2026, 11, 20), date(2026, 11, 23), "10.00", credit))
    store(desk, finance, statement(date(2026, 11, 26), date(2026, 11, 30), "500.00"))
    store(desk, finance, statement(date(2026, 12, 1), date(2026, 12, 1), "500.00", closing="1.00"))
    at = opened(open_page)
    assert not at.exception
    [loose] = table(at, "Texte").to_dict("records")
    assert loose["Texte"] == "HIPAY 4711"
    assert any("relevé manquant" in one.value for one in at.warning)
    checks = list(table(at, "Solde initial")["Contrôle"])
    assert checks[0].startswith("! les soldes ne concordent pas")
    assert checks[1:] == ["✓ les soldes concordent", "✓ les soldes concordent"]


def test_a_file_is_shown_then_added(open_page: Open, desk: Desk) -> None:
    at = opened(open_page)
    at.file_uploader[0].upload("fevrier.xml", SAMPLE, "text/xml")
    at.run()
    assert list(table(at, "Solde final")["Contrôle"]) == ["✓ les soldes concordent"]
    next(one for one in at.button if one.label == "Ajouter 1 fichier").click().run()
    assert not at.exception
    assert any("nouveaux relevés" in one.value for one in at.info)
    assert list(table(at, "Solde initial")["Contrôle"]) == ["✓ les soldes concordent"]


def test_a_file_that_is_none_says_what_is_read_here(open_page: Open, desk: Desk) -> None:
    at = opened(open_page)
    at.file_uploader[0].upload("reversement.txt", b"Account;Settlement ID\r\nM;1\r\n", "text/plain")
    at.run()
    assert any("CFONB 120" in one.value for one in at.error)
    assert not [one for one in at.button if one.label.startswith("Ajouter")]
