"""Which column is which: an exact name wherever it stands, else the best spelling; what is not sure is asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.bulk.columns import (
    EXPECTED,
    REQUESTS,
    Column,
    vocabulary,
)
from services.settlements.columns import _VARIANTS, COLUMNS, LABELS, VOCABULARY
from services.text.headings import (
    Choice,
    Vocabulary,
    digest,
    labels,
    plain,
)

EXACT = {plain(LABELS[name]) for name in COLUMNS}
LOOSE = [one for spellings in _VARIANTS.values() for one in spellings if plain(one) not in EXACT]


def used(choice: Choice, headings: list[str]) -> dict[str, str]:
    return {meaning: headings[place] for meaning, place in choice.places.items()}


@given(st.data())
def test_hipays_own_names_are_used_whatever_stands_beside_them_and_in_whatever_order(
    data: st.DataObject,
) -> None:
    exact = [LABELS[name] for name in COLUMNS]
    loose = data.draw(
        st.lists(st.sampled_from([*LOOSE, "Comment", "Net amount", "Order number"]), unique=True)
    )
    shout = data.draw(st.sampled_from([str, str.upper, str.lower]))
    headings = [shout(one) for one in data.draw(st.permutations([*exact, *loose]))]
    choice = VOCABULARY.choose(headings)
    assert choice.doubts == ()
    assert used(choice, headings) == {name: shout(LABELS[name]) for name in COLUMNS}
    assert {headings[one.place] for one in choice.unused} == {
        shout(one) for one in loose if VOCABULARY.recognise(one)
    }


def spellings(columns: tuple[Column, ...]) -> list[tuple[str, str]]:
    """(meaning, a spelling of it that is not exact)."""
    return [(one.name, spelling) for one in columns for tier in one.tiers for spelling in tier.spellings]


@pytest.mark.parametrize("columns", [REQUESTS, EXPECTED])
@given(data=st.data())
def test_our_exact_names_are_used_likewise(columns: tuple[Column, ...], data: st.DataObject) -> None:
    exact = {one.name: data.draw(st.sampled_from(one.exact)) for one in columns}
    loose = data.draw(
        st.lists(
            st.sampled_from([*(text for _, text in spellings(columns)), "Unit price", "Qty"]), unique=True
        )
    )
    headings = data.draw(st.permutations([*exact.values(), *loose]))
    choice = vocabulary(columns).choose(headings)
    assert choice.doubts == ()
    assert used(choice, list(headings)) == exact


@given(data=st.data())
def test_of_loose_names_the_best_is_used_or_it_is_asked_whatever_their_order(data: st.DataObject) -> None:
    amounts = ["Amount", "Montant TTC", "Total", "Montant total", "Price", "Prix unitaire", "Qté"]
    headings = data.draw(st.lists(st.sampled_from(amounts), unique=True))
    choice = vocabulary(REQUESTS).choose(headings)
    found = {headings[place] for doubt in choice.doubts for place in doubt.places}
    again = data.draw(st.permutations(headings))
    other = vocabulary(REQUESTS).choose(again)
    assert {again[place] for doubt in other.doubts for place in doubt.places} == found
    if not found:
        assert used(other, list(again)) == used(choice, headings)


@pytest.mark.parametrize("columns", [REQUESTS, EXPECTED])
def test_no_spelling_stands_for_two_columns(columns: tuple[Column, ...]) -> None:
    names = [(one.name, text) for one in columns for text in (one.label, *one.exact)]
    for meaning, spelling in [*names, *spellings(columns)]:
        assert vocabulary(columns).recognise(spelling) == meaning, spelling


@pytest.mark.parametrize(
    ("headings", "meaning", "heading"),
    [
        (["Reference", "Invoice number"], "reference_1", "Invoice number"),
        (["Référence", "Numéro de facture"], "reference_1", "Numéro de facture"),
        (["Invoice", "Facture n°"], "reference_1", "Facture n°"),
        (["Name", "Last name"], "last_name", "Last name"),
        (["Amount", "Amount due"], "amount", "Amount due"),
        (["Montant", "Reste à payer"], "amount", "Reste à payer"),
        (["Price", "Quantity", "Amount due"], "amount", "Amount due"),
        (["Total", "Amount"], "amount", "Amount"),
        (["Order", "Order number"], "order_id", "Order number"),
        (["E-mail", "Customer email"], "email", "Customer email"),
        (["Total", "Quantity"], "amount", "Total"),
        (["Total", "Total TTC (€)"], "amount", "Total TTC (€)"),
        (["Price"], "amount", "Price"),
        (["Prix total"], "amount", "Prix total"),
    ],
)
def test_the_better_name_is_used_and_what_it_beat_is_told(
    headings: list[str], meaning: str, heading: str
) -> None:
    for order in (headings, headings[::-1]):
        choice = vocabulary(REQUESTS).choose(order)
        assert choice.doubts == ()
        assert used(choice, order)[meaning] == heading
        beaten = {order[one.place] for one in choice.unused} | set(headings) & {"Quantity"}
        assert beaten == set(headings) - {heading}


@pytest.mark.parametrize(
    ("headings", "asked"),
    [
        (["Price", "Quantity", "Total"], {"Price", "Total"}),
        (["Prix", "Montant"], {"Prix", "Montant"}),
        (["Prix unitaire", "Prix total"], {"Prix unitaire", "Prix total"}),
        (["PU", "Qté", "Montant"], {"PU", "Montant"}),
        (["P.U. HT", "Total"], {"P.U. HT", "Total"}),
        (["Unit price (EUR)", "Amount"], {"Unit price (EUR)", "Amount"}),
        (["Price", "Total (EUR)"], {"Price", "Total (EUR)"}),
        (["Price", "Qty"], {"Price", "Qty"}),
        (["Amount", "Amount due (EUR)"], {"Amount", "Amount due (EUR)"}),
        (["Montant", "TVA", "Montant TTC"], {"Montant", "Montant TTC"}),
        (["Total", "Total TTC EUR"], {"Total", "Total TTC EUR"}),
        (["UnitPrice", "Quantity", "Total"], {"UnitPrice", "Total"}),
        (["Total", "InvoiceAmountDue"], {"Total", "InvoiceAmountDue"}),
        (["Montant", "Restant dû"], {"Montant", "Restant dû"}),
        (["Montant", "Impayé"], {"Montant", "Impayé"}),
        (["Amount", "Unpaid"], {"Amount", "Unpaid"}),
        (["Amount", "Open amount"], {"Amount", "Open amount"}),
        (["Amount", "Amount"], {"Amount"}),
        (["Montant à payer", "Reste à payer"], {"Montant à payer", "Reste à payer"}),
    ],
)
def test_a_price_beside_a_total_and_two_of_equal_rank_are_asked(headings: list[str], asked: set[str]) -> None:
    for order in (headings, headings[::-1]):
        [doubt] = vocabulary(REQUESTS).choose(order).doubts
        assert {order[place] for place in doubt.places} == asked
        assert len(doubt.places) == 2


def test_what_a_person_says_leaves_no_doubt() -> None:
    words: Vocabulary = vocabulary(REQUESTS)
    headings = ["Price", "Quantity", "Total"]
    assert used(words.choose(headings, {2: "amount"}), headings) == {"amount": "Total"}
    assert used(words.choose(headings, {1: "amount"}), headings) == {"amount": "Quantity"}
    assert used(words.choose(headings, {0: ""}), headings) == {"amount": "Total"}
    assert words.choose(headings, {0: "", 2: ""}).places == {}


def test_each_column_has_a_name_of_its_own() -> None:
    assert labels(["Total", "total", "", "", "Total (2)"]) == ("Total", "total (3)", "", "", "Total (2)")


def test_very_many_columns_of_one_name_are_told_apart_in_a_moment() -> None:
    found = labels(["Total"] * 20_000)  # number by number from the start, this took minutes
    assert len(set(found)) == 20_000
    assert found[-1] == "Total (20000)"


def test_a_set_of_headings_is_known_in_whatever_order() -> None:
    assert digest(["Total", "Nom"]) == digest(["nom", "", "TOTAL"]) != digest(["Total", "Name"])
