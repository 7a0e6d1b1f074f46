"""Templates keep what recurs, never the customer; a name is given once; each account has its own."""

from datetime import timedelta

import pytest

from services import clock
from services.access import Actor, NotAllowed
from services.accounts.errors import AccountUnknown
from services.desk import Desk
from services.mail.errors import LineBreak
from services.orders import templates
from services.orders.errors import FieldEmpty, FieldTooLong
from services.orders.templates import TemplateNameTaken, UnknownTemplate, content_of
from tests.support.desk import person
from tests.support.drafts import draft


def test_a_template_stores_what_recurs_and_nothing_of_the_customer(desk: Desk, manager: Actor) -> None:
    now = clock.now()
    form = draft(references=("F-1", "site A"), capture="later", expires_at=now + timedelta(days=12, hours=2))
    templates.save(desk, manager, "demo", "  Loyer mensuel ", content_of(form, now))
    [kept] = templates.listing(desk, manager, "demo")
    assert kept.name == "Loyer mensuel"
    assert kept.content == templates.Content(
        amount=1250_5000,
        currency="EUR",
        description="Acompte canapé",
        references=("site A",),
        language="fr",
        capture="later",
        days=12,
    )
    stored = desk.settings.data_dir
    everything = b"".join(path.read_bytes() for path in stored.rglob("*") if path.is_file())
    assert b"elodie.marchand" not in everything
    assert b"F-1" not in everything


@pytest.mark.parametrize(("amount", "kept"), [("", None), ("abc", None), ("12,5", 12_5000)])
def test_a_form_with_mistakes_can_be_saved_as_a_template(amount: str, kept: int | None) -> None:
    assert content_of(draft(amount=amount, expires_at=None), clock.now()).amount == kept


def test_names_are_given_once_and_can_be_changed(desk: Desk, manager: Actor) -> None:
    content = content_of(draft(), clock.now())
    for name in ("b", "A"):
        templates.save(desk, manager, "demo", name, content)
    with pytest.raises(TemplateNameTaken):
        templates.save(desk, manager, "demo", "b", content)
    first, second = templates.listing(desk, manager, "demo")
    assert (first.name, second.name) == ("A", "b")
    with pytest.raises(TemplateNameTaken):
        templates.rename(desk, manager, first.id, "b")
    templates.rename(desk, manager, first.id, "A")
    templates.rename(desk, manager, first.id, "c")
    templates.delete(desk, manager, second.id)
    assert [one.name for one in templates.listing(desk, manager, "demo")] == ["c"]
    for act in (
        lambda: templates.delete(desk, manager, second.id),
        lambda: templates.rename(desk, manager, second.id, "x"),
    ):
        with pytest.raises(UnknownTemplate):
            act()


@pytest.mark.parametrize(
    ("name", "refusal"), [(" ", FieldEmpty), ("x" * 61, FieldTooLong), ("a\nb", LineBreak)]
)
def test_a_name_is_one_short_line(desk: Desk, manager: Actor, name: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        templates.save(desk, manager, "demo", name, content_of(draft(), clock.now()))


def test_only_who_sends_has_templates(desk: Desk, manager: Actor) -> None:
    content = content_of(draft(), clock.now())
    templates.save(desk, manager, "demo", "a", content)
    [kept] = templates.listing(desk, manager, "demo")
    finance = person(desk, "finance")
    for act in (
        lambda: templates.listing(desk, finance, "demo"),
        lambda: templates.save(desk, finance, "demo", "b", content),
        lambda: templates.rename(desk, finance, kept.id, "b"),
        lambda: templates.delete(desk, finance, kept.id),
    ):
        with pytest.raises(NotAllowed):
            act()
    with pytest.raises(AccountUnknown):
        templates.save(desk, manager, "nowhere", "b", content)
