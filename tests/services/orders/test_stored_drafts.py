"""Orders that a person typed and has not sent: one for each form, the person's own, for a day, and never a card."""

from datetime import timedelta

import pytest

from services import clock, retention
from services.access import Actor, NotAllowed
from services.desk import Desk
from services.orders import create, stored_drafts
from services.orders.stored_drafts import UnknownDraft
from tests.support.desk import person
from tests.support.drafts import draft

pytestmark = [pytest.mark.desk(prepared=True), pytest.mark.store]

TYPED = {
    "last_name": "Dupont",
    "email": "Dupont@Example.com",
    "amount": "120",
    "currency": "EUR",
    "locale": "fr",
}


def keep(desk: Desk, actor: Actor, key: str = "form", **changes: str) -> None:
    stored_drafts.keep(desk, actor, "demo", "link", key, {**TYPED, **changes})


def test_a_form_has_one_draft_which_is_what_was_typed_last(desk: Desk, manager: Actor) -> None:
    keep(desk, manager)
    keep(desk, manager, amount="130")
    [found] = stored_drafts.listing(desk, manager)
    assert (found.account, found.channel, found.data) == ("demo", "link", {**TYPED, "amount": "130"})


def test_a_form_that_is_emptied_or_sent_has_none(desk: Desk, manager: Actor) -> None:
    keep(desk, manager)
    stored_drafts.keep(desk, manager, "demo", "link", "form", {"currency": "EUR"})
    assert stored_drafts.listing(desk, manager) == ()
    keep(desk, manager)
    create.create(desk, manager, draft(), "form")
    assert stored_drafts.listing(desk, manager) == ()
    keep(desk, manager)  # a run that was late
    assert stored_drafts.listing(desk, manager) == ()


def test_no_card_number_and_no_forbidden_character_is_stored(desk: Desk, manager: Actor) -> None:
    keep(
        desk,
        manager,
        first_name="4111 1111 1111 1111",
        description="a\u200bb",
        reference_1="4111111111111111",  # a reference may be all digits
        cvc="123",
    )
    [found] = stored_drafts.listing(desk, manager)
    assert found.data == {**TYPED, "reference_1": "4111111111111111"}


def test_nobody_else_reads_resumes_or_deletes_it(desk: Desk, manager: Actor) -> None:
    keep(desk, manager)
    [found] = stored_drafts.listing(desk, manager)
    other = person(desk, "manager")
    assert stored_drafts.listing(desk, other) == ()
    with pytest.raises(UnknownDraft):
        stored_drafts.resume(desk, other, found.id, "theirs")
    stored_drafts.delete(desk, other, found.id)
    assert stored_drafts.listing(desk, manager) == (found,)
    with pytest.raises(NotAllowed):
        stored_drafts.listing(desk, person(desk, "finance"))


def test_a_resumed_draft_belongs_to_the_form_that_resumed_it(desk: Desk, manager: Actor) -> None:
    keep(desk, manager)
    [found] = stored_drafts.listing(desk, manager)
    assert stored_drafts.resume(desk, manager, found.id, "second").data == TYPED
    keep(desk, manager, "second", amount="99")
    [after] = stored_drafts.listing(desk, manager)
    assert (after.id, after.data["amount"]) == (found.id, "99")
    stored_drafts.delete(desk, manager, found.id)
    with pytest.raises(UnknownDraft):
        stored_drafts.resume(desk, manager, found.id, "third")


def test_after_a_day_it_is_neither_offered_nor_stored(desk: Desk, manager: Actor) -> None:
    keep(desk, manager)
    [found] = stored_drafts.listing(desk, manager)
    stored_drafts.sweep(desk)
    assert stored_drafts.listing(desk, manager) == (found,)
    clock.use(lambda: timedelta(days=1))
    try:
        assert stored_drafts.listing(desk, manager) == ()
        with pytest.raises(UnknownDraft):
            stored_drafts.resume(desk, manager, found.id, "second")
        stored_drafts.sweep(desk)
    finally:
        clock.use(None)
    assert stored_drafts.listing(desk, manager) == ()


@pytest.mark.parametrize("whom", ["dupont@example.com", "Zoé Dupont", "MINE-7"])
def test_it_goes_with_its_customer(desk: Desk, manager: Actor, admin: Actor, whom: str) -> None:
    keep(desk, manager, first_name="Zoé", order_id="MINE-7")
    keep(desk, manager, "other", last_name="Martin", email="martin@example.com")
    assert retention.find(desk, admin, whom).drafts == 1
    assert retention.erase(desk, admin, whom).drafts == 1
    assert [one.data["last_name"] for one in stored_drafts.listing(desk, manager)] == ["Martin"]


def test_an_address_with_unusual_letters_is_found_as_an_order_has_it(
    desk: Desk, manager: Actor, admin: Actor
) -> None:
    keep(desk, manager, email="anna@müller.de")
    assert retention.find(desk, admin, "anna@xn--mller-kva.de").drafts == 1
