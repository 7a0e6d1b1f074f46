"""The list screen: a table is looked at, its mistakes named, the rest sent once, and each list followed."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from pages.bulk.table import bad_csv
from services.access import SYSTEM, Actor
from services.bulk import request_table, sending
from services.bulk.columns import REQUESTS
from services.bulk.rows import Rules
from services.demo.drain import drain
from services.desk import Desk
from services.i18n import translator
from tests.support.screens import press, words
from tests.support.tables import HEADINGS, as_csv, as_xlsx, row

pytestmark = pytest.mark.desk(prepared=True)

Open = Callable[..., AppTest]


def upload(at: AppTest, name: str, raw: bytes) -> AppTest:
    at = at.file_uploader[0].set_value([(name, raw, "application/octet-stream")]).run()
    assert not at.exception
    return at


def test_a_table_is_checked_and_its_good_rows_are_sent_once(
    open_page: Open, manager: Actor, desk: Desk
) -> None:
    at = open_page("bulk/many_at_once.py", actor=manager, language="fr")
    assert "Colonnes nécessaires\u00a0: Prénom, Nom, Adresse e-mail, Montant, Description" in words(at)
    at = upload(
        at, "clients.xlsx", as_xlsx([row(1), row(2, Courriel="nobody"), row(3, **{"N° de facture": ""})])
    )
    assert [metric.value for metric in at.metric] == ["2", "1", "1"]
    bad = at.dataframe[0].value.iloc[0]
    assert (bad["Cellule"], bad["Colonne"], bad["Contenu"]) == ("C3", "Adresse e-mail", "nobody")
    assert "adresse e-mail" in bad["Ce qui ne va pas"]
    assert list(at.dataframe[1].value["Avertissements"]) == ["", "pas de n° de facture"]
    at = press(at, "Envoyer 2 demandes de paiement")
    assert "**2** clients reçoivent un e-mail, pour **25,00\u00a0€** au total." in words(at)
    assert sending.listing(desk, SYSTEM).shown == ()
    at = press(at, "Envoyer")
    [found] = sending.listing(desk, SYSTEM).shown
    assert (found.batch.name, found.waiting) == ("clients.xlsx", 2)
    assert "clients.xlsx" in words(at)
    assert not any(one.label.startswith("Envoyer") for one in at.button)


def test_addresses_with_unusual_letters_are_confirmed(open_page: Open, manager: Actor, desk: Desk) -> None:
    at = open_page("bulk/many_at_once.py", actor=manager)
    at = upload(at, "x.csv", as_csv([row(1), row(2, Courriel="anna@müller.de")]))
    at = press(at, "Send 2 payment requests")
    send = next(one for one in at.button if one.label == "Send")
    assert send.disabled
    shown = "\n".join(one.body for one in at.get("html"))
    assert "<dt>anna@müller.de</dt><dd>anna@xn--mller-kva.de</dd>" in shown
    at.checkbox(key="many_addresses").check().run()
    press(at, "Send")
    [found] = sending.listing(desk, manager).shown
    assert found.waiting == 2


def test_older_lists_are_shown_on_demand(open_page: Open, manager: Actor, desk: Desk) -> None:
    for number in range(12):
        preview = request_table.preview(desk, manager, "demo", as_csv([row(number)]), Rules("fr", 7, "fr"))
        name = f"list {number}.csv"
        batch = sending.start(desk, manager, "demo", name, preview.good, days=7, per_minute=1, form_key=name)
        if number:
            sending.cancel(desk, manager, batch)
    at = open_page("bulk/many_at_once.py", actor=manager)
    assert "**list 0.csv**" in words(at).splitlines()  # it goes on
    assert "**list 1.csv**" not in words(at).splitlines()
    at = press(at, "Show older lists")
    assert "**list 1.csv**" in words(at).splitlines()
    assert "Show older lists" not in [one.label for one in at.button]


def test_a_list_is_paused_resumed_and_cancelled(open_page: Open, manager: Actor, desk: Desk) -> None:
    preview = request_table.preview(desk, manager, "demo", as_csv([row(1), row(2)]), Rules("fr", 7, "fr"))
    sending.start(desk, manager, "demo", "a*b*.csv", preview.good, days=7, per_minute=1, form_key="k")
    drain(desk, 1)
    at = open_page("bulk/many_at_once.py", actor=manager)
    assert "a*b*.csv" in words(at)
    at = press(at, "Pause")
    assert sending.listing(desk, manager).shown[0].batch.state == "paused"
    at = press(at, "Go on")
    assert sending.listing(desk, manager).shown[0].batch.state == "running"
    at = press(at, "Yes, cancel the rest")
    assert sending.listing(desk, manager).shown[0].batch.state == "cancelled"
    assert "1 row was not sent." in words(at)


@pytest.mark.parametrize(
    ("name", "raw", "said"),
    [
        (
            "x.csv",
            as_csv([row(1)], ["Prénom", "Nom", "x", "Montant", "y", "z", "t", "u"]),
            "Adresse e-mail, Description",
        ),
        ("x.csv", b"%PDF-1.7", "n’est pas un tableau"),
        ("x.xlsx", b"PK\x03\x04garbage", "illisible"),
        ("x.csv", b"", "Ce fichier est vide"),
    ],
)
def test_a_table_that_cannot_be_used_is_a_sentence(
    open_page: Open, manager: Actor, name: str, raw: bytes, said: str
) -> None:
    at = upload(open_page("bulk/many_at_once.py", actor=manager, language="fr"), name, raw)
    assert said in words(at)
    assert not at.metric


def test_an_open_decimal_sign_is_asked_never_guessed(open_page: Open, manager: Actor) -> None:
    at = upload(open_page("bulk/many_at_once.py", actor=manager), "x.csv", as_csv([row(1, Montant="1.234")]))
    assert "The table does not say how its amounts are written (for example 1.234)" in words(at)
    assert not at.metric
    at = next(one for one in at.selectbox if one.label == "Decimal sign").set_value(",").run()
    assert [metric.value for metric in at.metric][:2] == ["1", "0"]
    assert list(at.dataframe[0].value["Amount"]) == ["€1,234.00"]
    assert "Warnings" not in at.dataframe[0].value


def test_formulas_in_a_table_stay_text_in_what_is_given_back(manager: Actor, desk: Desk) -> None:
    raw = as_csv([row(1, Nom='=HYPERLINK("http://evil")', Courriel="x", Montant="-2")], HEADINGS)
    preview = request_table.preview(desk, manager, "demo", raw, Rules("fr", 7, "fr"))
    given = bad_csv(preview.bad, REQUESTS, translator("en")).decode("utf-8-sig")
    assert "\"'=HYPERLINK" in given
    assert ";'-2;" in given
    assert "Amount: The amount must be above zero." in given


@pytest.mark.desk(prepared=False)
def test_an_account_that_is_not_ready_offers_no_button(open_page: Open, desk: Desk) -> None:
    at = upload(open_page("bulk/many_at_once.py", "manager"), "x.csv", as_csv([row(1)]))
    assert "What is missing" in words(at)
    assert not any(one.label.startswith("Send") for one in at.button)


DOUBTFUL = as_csv(
    [["Zoé", "Martin", "zoe@example.com", "Lampe", "C-9", "12,50", "4", "50,00"]],
    ["Prénom", "Nom", "Courriel", "Objet", "N° de commande", "Price", "Quantity", "Total"],
)


def test_a_price_beside_a_total_is_asked_and_what_was_left_out_is_said(
    open_page: Open, manager: Actor, desk: Desk
) -> None:
    at = upload(open_page("bulk/many_at_once.py", actor=manager), "x.csv", DOUBTFUL)
    assert "Several columns may be “Amount”: Total, Price. They do not hold the same" in words(at)
    assert not at.metric
    assert not any(one.label.startswith("Send") for one in at.button)
    box = next(one for one in at.selectbox if one.label == "Which column is “Amount”?")
    assert (box.value, box.options[:2]) == (None, ["Total: 50,00", "Price: 12,50"])
    at = box.set_value("Total").run()
    assert not at.exception
    assert list(at.dataframe[0].value["Amount"]) == ["€50.00"]
    assert "Column “Price” is not used: “Total” is “Amount”." in words(at)
    assert "Columns that are not known and were left out: Quantity" in words(at)
    at = press(press(at, "Send 1 payment request"), "Send")
    at = upload(open_page("bulk/many_at_once.py", actor=manager, language="fr"), "y.csv", DOUBTFUL + b"\r\n")
    assert "Désignées à la main, pour tous les tableaux qui ont ces en-têtes\u00a0: Montant" in words(at)
    box = next(one for one in at.selectbox if one.label == "Montant *")
    assert (box.value, box.options[0]) == ("Total", "comme détecté")
    at = box.set_value("\x00").run()
    assert "Plusieurs colonnes peuvent être «\u00a0Montant\u00a0»" in words(at)


def test_a_column_under_an_unknown_name_is_named_where_it_is_missed(open_page: Open, manager: Actor) -> None:
    raw = as_csv([row(1)], [name.replace("Montant", "Zu zahlen") for name in HEADINGS])
    at = upload(open_page("bulk/many_at_once.py", actor=manager), "x.csv", raw)
    assert "Columns that are needed are missing: Amount." in words(at)
    next(one for one in at.selectbox if one.label == "Amount *").set_value("Zu zahlen").run()
    assert not at.exception
    assert [metric.value for metric in at.metric][:2] == ["1", "0"]
