"""A card number in whatever free text is refused where the service takes the text, and its refusal does not repeat it."""

import ast
import logging
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from services import clock, logs
from services.access import Actor
from services.accounts.configuration import save_email_settings, save_payment_page
from services.accounts.errors import FieldProblems
from services.bulk import request_table
from services.bulk.rows import Rules
from services.desk import Desk
from services.error_messages import sentence
from services.errors import DeskError
from services.i18n import translator
from services.imports import files
from services.mail.addresses import clean_block_text, clean_header_text
from services.mail.errors import CardNumber
from services.orders import drafts, templates, warnings
from services.reconciliation.decisions import history
from services.store.settlements.files import settlement_files
from tests.support.desk import person
from tests.support.drafts import draft
from tests.support.orders import store_paid_order

ROOT = Path(__file__).resolve().parents[2]
CARD = "4111 1111 1111 1111"


def check(**changes: Any) -> dict[str, DeskError]:
    return drafts.check(draft(expires_at=clock.now() + timedelta(days=2), **changes), clock.now())[1]


@pytest.mark.parametrize("field", ["description", "first_name", "last_name", "phone"])
def test_no_field_of_an_order_takes_one(field: str) -> None:
    [problem] = check(**{field: f"x {CARD}"}).values()
    assert isinstance(problem, CardNumber)
    for language in ("en", "fr"):
        told = sentence(problem, translator(language))
        assert not any(sign.isdigit() for sign in told)
    assert "4111" not in f"{problem!r} {problem.args} {problem.fields()}"


def test_references_and_ids_are_warned_of_only(desk: Desk, manager: Actor) -> None:
    for field in ({"order_id": "4111111111111111"}, {"references": ("", "4111111111111111")}):
        accepted, problems = drafts.check(
            draft(expires_at=clock.now() + timedelta(days=2), **field), clock.now()
        )
        assert problems == {}
        assert accepted is not None
        assert warnings.LooksLikeCard() in warnings.warnings(desk, manager, accepted)


def test_a_table_refuses_the_row_and_forgets_the_cell(desk: Desk, manager: Actor) -> None:
    head = "First name;Last name;E-mail;Amount;Description;Invoice number"
    rows = (f"A;B;a@example.org;10.00;Card {CARD};INV-1", "A;B;a@example.org;10.00;Books;4111111111111111")
    raw = "\r\n".join((head, *rows)).encode()
    found = request_table.preview(desk, manager, "demo", raw, Rules("en", 7, "en"))
    assert CARD not in repr(found)
    assert [type(problem.error) for bad in found.bad for problem in bad.problems] == [CardNumber]
    [good] = found.good
    assert "looks_like_card" in good.warnings


def test_templates_comments_settings_and_file_names(desk: Desk, manager: Actor) -> None:
    content = templates.content_of(draft(description=f"x {CARD}"), clock.now())
    admin, finance = person(desk, "admin"), person(desk, "finance")
    order = store_paid_order(desk, "A-1")
    refused: tuple[Callable[[], object], ...] = (
        lambda: templates.save(desk, manager, "demo", "name", content),
        lambda: templates.save(desk, manager, "demo", CARD, templates.content_of(draft(), clock.now())),
        lambda: history.comment_order(desk, finance, order, f"paid with\n{CARD}", "k"),
        lambda: history.comment_order(desk, finance, order, "4111 1111\n1111 1111", "k"),
    )
    for act in refused:
        with pytest.raises(CardNumber):
            act()
    for save in (
        lambda: save_email_settings(
            desk, admin, "demo", "", {"signature": f"Yours\n{CARD}", "sender_name": "Shop"}
        ),
        lambda: save_payment_page(desk, admin, "demo", {"merchant_display_name": CARD}),
    ):
        with pytest.raises(FieldProblems) as told:
            save()
        assert [problem.code for problem in told.value.problems.values()] == ["text_card_number"]
    file = files.receive(desk, finance, "demo", f"payout {CARD}.csv", BytesIO(b"x"))
    with desk.store.read() as tx:
        found = settlement_files.get(tx, file)
    assert found is not None
    assert found.name == "payout •••• •••• •••• ••••.csv"


def test_none_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    record = logging.LogRecord("x", logging.ERROR, "x", 1, "typed %s", (CARD,), None)
    assert logs._WithoutSecrets(logging.Formatter(), ()).format(record) == "typed •••• •••• •••• ••••"


# Where a text may be all digits by right, or is made of what was taken before.
DIGITS = {
    "bulk/expected.py", "mail/addresses.py", "mail/compose.py", "mail/message.py", "mail/settings.py", "notices/letter.py",
    "orders/drafts.py", "orders/stored_drafts.py", "reconciliation/decisions/not_ours_rules.py", "reconciliation/decisions/payout_acceptances.py",
}  # fmt: skip


def test_only_references_and_ids_are_taken_with_digits() -> None:
    found = {
        path.relative_to(ROOT / "services").as_posix()
        for path in (ROOT / "services").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and any(word.arg == "digits" for word in node.keywords)
    }
    assert found == DIGITS
    for clean in (clean_header_text, clean_block_text):
        with pytest.raises(CardNumber):
            clean(CARD, "any")
