"""The screen of expected orders: looked at, added, what differs shown; the others may only look."""

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from services.access import SYSTEM, Actor
from services.bulk import expected
from services.desk import Desk
from tests.support.screens import words
from tests.support.tables import as_csv, as_xlsx

Open = Callable[..., AppTest]
HEADINGS = ("Order number", "Total", "Currency")


def test_a_list_is_added_and_a_changed_one_is_shown(open_page: Open, desk: Desk) -> None:
    at = open_page("bulk/expected_orders.py", "finance", language="fr")
    at = (
        at.file_uploader[0]
        .set_value([("a.xlsx", as_xlsx([["W1", 10.5, "EUR"], ["W2", 20, "EUR"]], HEADINGS), "")])
        .run()
    )
    assert not at.exception
    next(one for one in at.button if one.label == "Ajouter 2 commandes").click().run()
    assert not at.exception
    assert expected.count(desk, SYSTEM, "demo") == 2
    assert "2 commandes sont désormais attendues." in words(at)
    at = (
        at.file_uploader[0]
        .set_value([("b.csv", as_csv([["W1", "10,50", "EUR"], ["W2", "21,00", "EUR"]], HEADINGS), "")])
        .run()
    )
    assert "Elles restent telles quelles" in words(at)
    row = at.dataframe[0].value.iloc[0]
    assert (row["N° de commande"], row["Ce qui diffère"], row["Montant connu"]) == (
        "W2",
        "Montant",
        "20,00\u00a0€",
    )
    assert not any(one.label.startswith("Ajouter") for one in at.button)


def test_a_list_is_read_once_while_nothing_of_it_changes(
    open_page: Open, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, real = list[bytes](), expected.preview

    def looking(
        desk: Desk, actor: Actor, account: str, raw: bytes, sign: Any, *said: Any
    ) -> expected.ExpectedPreview:
        read.append(raw)
        return real(desk, actor, account, raw, sign, *said)

    monkeypatch.setattr(expected, "preview", looking)
    at = open_page("bulk/expected_orders.py", "finance")
    at = at.file_uploader[0].set_value([("a.csv", as_csv([["W1", "1.234", "EUR"]], HEADINGS), "")]).run()
    at.run()
    assert len(read) == 1
    next(one for one in at.selectbox if one.label == "Decimal sign").set_value(",").run()
    assert len(read) == 2
    next(one for one in at.button if one.label == "Add 1 order").click().run()
    assert not at.exception
    assert len(read) == 2


def test_a_price_beside_a_total_is_asked(open_page: Open, desk: Desk) -> None:
    raw = as_csv([["W1", "12,50", "4", "50,00"]], ("Order number", "Prix unitaire", "Qté", "Montant"))
    at = open_page("bulk/expected_orders.py", "finance", language="fr")
    at = at.file_uploader[0].set_value([("a.csv", raw, "")]).run()
    assert "Plusieurs colonnes peuvent être «\u00a0Montant\u00a0»\u00a0: Montant, Prix unitaire." in words(at)
    assert not any(one.label.startswith("Ajouter") for one in at.button)
    box = next(one for one in at.selectbox if one.label == "Quelle colonne est «\u00a0Montant\u00a0»\u00a0?")
    at = box.set_value("Montant").run()
    next(one for one in at.button if one.label == "Ajouter 1 commande").click().run()
    assert not at.exception
    assert expected.preview(desk, SYSTEM, "demo", raw, None).known == 1
