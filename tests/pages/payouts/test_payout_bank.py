"""The fourth leg of a payout: what the bank credits."""

from collections.abc import Callable
from datetime import date

from streamlit.testing.v1 import AppTest

from services.desk import Desk
from tests.support.bank import entry, statement, store
from tests.support.desk import person
from tests.support.payout_pages import FILE, table, words
from tests.support.payouts import import_file

Open = Callable[..., AppTest]
CREDIT = entry("1260.20", date(2026, 11, 23), "HIPAY 77 ATELIER")


def opened(open_page: Open, desk: Desk) -> AppTest:
    import_file(desk, person(desk, "finance"), "demo", "october.csv", FILE.encode())
    at = open_page("payouts/page.py", "finance", language="fr")
    at.query_params["payout_of"] = "demo:77:EUR"
    return at.run()


def test_where_no_statement_was_read_nothing_is_said_of_the_bank(
    open_page: Open, paid: int, desk: Desk
) -> None:
    at = opened(open_page, desk)
    assert not at.exception
    assert "Reversement 77" in words(at)
    assert "La banque crédite" not in [one.label for one in at.metric]
    assert "À la banque" not in table(at, "Contrôle").columns


def test_a_credited_payout_shows_the_amount_the_account_and_what_it_was_told_from(
    open_page: Open, paid: int, desk: Desk
) -> None:
    month = statement(date(2026, 11, 1), date(2026, 11, 30), "10.00", CREDIT)
    store(desk, person(desk, "finance"), month)
    at = opened(open_page, desk)
    assert not at.exception
    assert "✓ rapproché avec la banque" in words(at)
    assert list(table(at, "Contrôle")["À la banque"]) == ["✓ rapproché avec la banque"]
    [row] = table(at, "Compte bancaire").to_dict("records")
    assert row["Compte bancaire"] == "FR76 … 0197"
    assert "HIPAY 77 ATELIER" in row.values()


def test_a_statement_without_balances_reconciles_nothing(open_page: Open, paid: int, desk: Desk) -> None:
    month = statement(date(2026, 11, 1), date(2026, 11, 30), None, CREDIT, format="ofx")
    store(desk, person(desk, "finance"), month)
    assert "? crédité, relevé non contrôlé" in words(opened(open_page, desk))
