"""A person of one account is refused, or shown nothing, of another: each public function of the services that takes an actor.

The functions are found by introspection. Each has a rule here: the arguments that name data of the account ``outlet``, with
which a person who has every role for ``shop`` alone is refused (``refused``) or sees nothing of it (``hidden``); or the
reason why it is not about one account. A new function without a rule fails. A person who has every role for all accounts
is the counter-proof that it is the account, and nothing else, that is refused.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest

import services
from services.access import ALL_ACCOUNTS, Actor, NotAllowed, Right
from services.accounts.options import Options
from services.accounts.reminders import Reminders
from services.bulk.rows import Rules
from services.exports.kinds import Lines
from services.i18n import translator
from services.settlements.dialect import Chosen
from services.store.bank.files import BankFile
from services.store.orders.orders import Filter
from services.store.payouts.pages import PayoutFilter
from services.store.settlements.lines.line_filter import LineFilter
from services.store.settlements.position_pages import OrderFilter
from tests.support.bank import statement
from tests.support.desk import open_test_desk
from tests.support.two_accounts import ACCOUNTS, MARKS, World, fill

pytestmark = pytest.mark.sqlite


@dataclass(frozen=True)
class Rule:
    """``arguments``: those beside desk, transaction and actor. ``shows``: what the person of all accounts is shown holds
    one of the marks."""

    arguments: Callable[[World], dict[str, Any]]
    hidden: bool = False
    shows: bool = False


def refused(**arguments: Any) -> Rule:
    return Rule(
        lambda w: {name: w.ids[value[1:]] if _is_id(value) else value for name, value in arguments.items()}
    )


def hidden(*, shows: bool = False, **arguments: Any) -> Rule:
    return Rule(refused(**arguments).arguments, hidden=True, shows=shows)


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("$")


IN_TRANSACTION = "it acts in the transaction of a service that has asked"
OWN = "it is about the person themselves"
EN = translator("en")
OUTLET = {"account": "outlet"}
ORDER: dict[str, Any] = {"order_id": "$order"}
FILE: dict[str, Any] = {"file": "$file"}
LINES: dict[str, Any] = {"lines": "$shown", "reason": "test", "form_key": "walk"}

_BANK_FILE = BankFile(
    id=1, account="outlet", name="bank.xml", sha256="s", size=1, source="upload", format="camt.053", dropped_at=None,
    at=datetime(2026, 2, 3, tzinfo=UTC), who="",
)  # fmt: skip

RULES: dict[str, Rule | str] = {
    "access.rights": "it is the question itself",
    "access.rights_on": "it is the question itself",
    "access.rights_by_account": "it is the question itself",
    "access.require": "it is the question itself",
    "access.allowed_accounts": "it is the question itself",
    "access.payout_files.require_accounts": "it is the question itself",
    "reconciliation.decisions.results.require_accounts": "it is the question itself",
    "access.audit.record": IN_TRANSACTION,
    "access.sign_in.sign_out": OWN,
    "access.trail.entries": refused(),
    "access.trail.actions": refused(),
    "access.trail.broken_at": refused(),
    "access.users.list_people": refused(),
    "access.users.set_grants": refused(user_id="nobody", grants=frozenset()),
    "access.users.set_disabled": refused(user_id="nobody", disabled=True),
    "access.users.language": OWN,
    "access.users.save_language": OWN,
    "accounts.configuration.save_redirect_pages": refused(**OUTLET, values={}),
    "accounts.configuration.use_own_pages": refused(**OUTLET),
    "accounts.configuration.save_email_settings": refused(**OUTLET, language="", values={}),
    "accounts.configuration.save_payment_page": refused(**OUTLET, values={}),
    "accounts.offered.offered": hidden(right=Right.SEND),
    "accounts.options.of_account": refused(**OUTLET),
    "accounts.options.save": refused(**OUTLET, wanted=Options()),
    "accounts.pauses.pause": refused(**OUTLET, subject="mail", reason="smtp_auth"),
    "accounts.pauses.resume": refused(**OUTLET),
    "accounts.reminders.shown": refused(**OUTLET),
    "accounts.reminders.save": refused(**OUTLET, wanted=Reminders()),
    "accounts.settlement_delay.save_days_to_settle": refused(**OUTLET, days=12),
    "accounts.settlement_delay.write_days_to_settle": refused(**OUTLET, days=12),
    "accounts.payout_limits.of_account": refused(**OUTLET),
    "accounts.payout_limits.save": refused(**OUTLET, untied_days=12, write_off=3),
    "alarms.handling.to_do": hidden(shows=True),
    "alarms.cards.days_late": hidden(wanted=()),
    "alarms.handling.take": refused(alarm_id="$alarm"),
    "alarms.handling.take_kind": hidden(kind="mail_failed"),
    "alarms.handling.close": refused(alarm_id="$alarm", reason="test"),
    "alarms.sweep.resolve": IN_TRANSACTION,
    "bank.at_bank.of_payouts": hidden(),
    "bank.at_bank.bank": hidden(),
    "bank.payout_leg.of_payout": refused(payout="$payout_id"),
    "bank.files.preview": refused(**OUTLET, raw=b""),
    "bank.files.add": refused(**OUTLET, name="bank.xml", raw=b""),
    "bank.keep.keep": Rule(lambda w: {"file": _BANK_FILE, "read": [statement(date(2026, 2, 2), date(2026, 2, 2), "0")]}),
    "bulk.chosen_columns.remember": IN_TRANSACTION,
    "bulk.expected.preview": refused(**OUTLET, raw=b"Order id;Amount\nA;1.00\n", decimal="."),
    "bulk.expected.save": refused(**OUTLET, wanted="$expected"),
    "bulk.expected.count": refused(**OUTLET),
    "bulk.request_table.preview": refused(**OUTLET, raw=b"First name;Amount\nA;1.00\n", rules=Rules("fr", 7, "en_GB", ".")),
    "bulk.sending.start": refused(**OUTLET, name="a.csv", good="$good", days=7, per_minute=1, form_key="walk"),
    "bulk.sending.listing": hidden(shows=True),
    "bulk.sending.refused": refused(batch="$batch"),
    "bulk.sending.pause": refused(batch="$batch"),
    "bulk.sending.resume": refused(batch="$batch"),
    "bulk.sending.cancel": refused(batch="$batch"),
    "checklist.measure.measure": refused(**OUTLET),
    "checklist.overview.overview": refused(**OUTLET),
    "checklist.test_email.send_test_email": refused(**OUTLET, language=""),
    "demo.sample_month.make": "there is one account in the sandbox's world that it is made for; it asks for that one",
    "exports.request": hidden(wanted=Lines(chosen=LineFilter()), form="csv", language="en"),
    "exports.kept": OWN,
    "exports.content": OWN,
    "exports.again": OWN,
    "exports.drop": OWN,
    "imports.batches.begin": OWN,
    "imports.batches.refuse": OWN,
    "imports.batches.close": OWN,
    "imports.batches.results": hidden(),
    "imports.corrections.corrections.of_file": refused(**FILE),
    "imports.received.fetch_requests.request_fetch": refused(**OUTLET, form_key="walk"),
    "imports.received.fetch_requests.read_fetching": refused(**OUTLET),
    "imports.received.fetch_schedule.save": refused(**OUTLET, wanted=SimpleNamespace(hours=4)),
    "imports.file_accounts.file_accounts": hidden(),
    "imports.file_accounts.accounts_in_use": hidden(),
    "imports.file_accounts.assign": refused(cell="9", account="outlet"),
    "imports.file_accounts.resolve": IN_TRANSACTION,
    "imports.file_rights.require_file": "it is the question itself",
    "imports.file_rights.visible": "it is the question itself",
    "orders.allowed.allowed_order": "it is the question itself",
    "orders.allowed.allowed_request": "it is the question itself",
    "imports.files.receive": refused(**OUTLET, name="a.csv", stream="$stream"),
    "imports.files.cancel": refused(**FILE),
    "imports.files.retry": refused(**FILE),
    "imports.files.original": refused(**FILE),
    "imports.files.files": hidden(),
    "imports.files.running": hidden(),
    "imports.corrections.held_correction_views.of_file": refused(**FILE),
    "imports.corrections.held_corrections.decide": refused(**FILE, ids=[1], kind="taken", reason="test"),
    "imports.corrections.held_corrections.undo": refused(**FILE, ids=[1], reason="test"),
    "imports.issued_again.issue_decisions.acts_of_file": refused(**FILE),
    "imports.issued_again.issue_decisions.effect_of_newest": refused(**FILE, payout=("demo", "77")),
    "imports.issued_again.issue_decisions.issues_of_file": refused(**FILE),
    "imports.issued_again.issue_decisions.make_newest": refused(**FILE, payout=("demo", "77"), reason="test"),
    "imports.issued_again.issue_decisions.take_back": refused(**FILE, lines=[1], reason="test"),
    "imports.issued_again.issue_decisions.withdraw_again": refused(**FILE, lines=[1], reason="test"),
    "imports.issued_again.issue_decisions.withdrawn_of_file": refused(**FILE),
    "imports.previews.preview_process.begin": refused(**OUTLET, given=None, chosen=None),
    "imports.reading.remembered_reading": refused(**OUTLET),
    "imports.reading.remember": refused(**OUTLET, chosen=Chosen()),
    "notices.choices.address": OWN,
    "notices.choices.chosen": OWN,
    "notices.choices.choose": OWN,
    "notices.choices.may_set_address": OWN,
    "notices.choices.set_address": OWN,
    "orders.confirm.confirmable": refused(**ORDER),
    "orders.confirm.confirm": refused(**ORDER, shown=(), why="test", form_key="walk"),
    "orders.create.create": refused(draft="$draft", form_key="walk"),
    "orders.create.create_in": refused(draft="$draft", form_key="walk"),
    "orders.create.preview": refused(accepted="$accepted"),
    "orders.create.copy_address": OWN,
    "orders.history_export.write_history": hidden(chosen=Filter(), form="csv", t=EN, out="$out"),
    "orders.history_export.count_history": hidden(chosen=Filter()),
    "orders.history.find": hidden(shows=True, chosen=Filter()),
    "orders.history.detail": refused(**ORDER),
    "orders.history.senders": hidden(),
    "orders.history.check_now": refused(order_ids="$order_ids"),
    "orders.history.retry": refused(**ORDER),
    "orders.link_rules.offer": refused(**ORDER),
    "orders.links.resend": refused(**ORDER, form_key="walk"),
    "orders.links.readdress": refused(**ORDER, email="a@example.com", form_key="walk"),
    "orders.links.cancel": refused(**ORDER, form_key="walk"),
    "orders.links.extend": refused(**ORDER, expires_at="$later", form_key="walk"),
    "orders.links.renew": refused(**ORDER, expires_at="$later", form_key="walk"),
    "orders.links.correct": refused(**ORDER, amount=10_000, description="", form_key="walk", mail=False),
    "orders.maintenance_operations.ask": refused(**ORDER, wanted="$possible", amount=1, why="test", form_key="walk"),
    "orders.maintenance_operations.decide": refused(operation_id="$operation", done=True),
    "orders.maintenance_operations.of_order": refused(**ORDER),
    "orders.record.record_observation": IN_TRANSACTION,
    "orders.record.confirmed": IN_TRANSACTION,
    "orders.record.record": IN_TRANSACTION,
    "orders.record.operation_done": IN_TRANSACTION,
    "orders.stored_drafts.keep": refused(**OUTLET, channel="link", form_key="walk", typed={}),
    "orders.stored_drafts.listing": OWN,
    "orders.stored_drafts.resume": OWN,
    "orders.stored_drafts.delete": OWN,
    "orders.templates.listing": refused(**OUTLET),
    "orders.templates.save": refused(**OUTLET, name="B", content="$content"),
    "orders.templates.rename": refused(template="$template", name="C"),
    "orders.templates.delete": refused(template="$template"),
    "orders.unconfirmed.dismiss": IN_TRANSACTION,
    "orders.warnings.warnings": refused(accepted="$accepted"),
    "payouts.explained.explain": refused(**OUTLET, settlement_id="77", currency="EUR", units=1),
    "reconciliation.decisions.acceptances.accept": refused(order="$order", shown={}, reason="test", form_key="walk"),
    "reconciliation.decisions.acceptances.undo": refused(order="$order", reason="test"),
    "reconciliation.decisions.acceptances.of_order": refused(order="$order"),
    "reconciliation.decisions.account_rules.rules": refused(**OUTLET),
    "reconciliation.decisions.account_rules.save": refused(**OUTLET, reference=1, ignore=(), late_days=10),
    "reconciliation.decisions.account_rules.preview": refused(**OUTLET, reference=1, ignore=()),
    "reconciliation.decisions.account_rules.reference_use": refused(**OUTLET),
    "reconciliation.decisions.available.read_lines": hidden(shows=True, line_ids="$lines"),
    "reconciliation.decisions.available.companions": hidden(line_ids="$lines"),
    "reconciliation.decisions.candidates.find": refused(line_id="$line"),
    "reconciliation.decisions.candidates.suggestions": hidden(line_ids="$lines"),
    "reconciliation.decisions.decide.match": refused(**LINES, order="$order"),
    "reconciliation.decisions.decide.accept": refused(**LINES),
    "reconciliation.decisions.decide.split": refused(line="$one_shown", shares=(), reason="test", form_key="walk"),
    "reconciliation.decisions.decide.unmatch": refused(**LINES),
    "reconciliation.decisions.decide.exclude": refused(**LINES),
    "reconciliation.decisions.decide.twice": refused(**LINES),
    "reconciliation.decisions.decide.not_ours": refused(**LINES),
    "reconciliation.decisions.undo.undo_decisions": refused(decision_ids="$decision_ids", reason="test"),
    "reconciliation.decisions.undo.undo_group": refused(group="$group", reason="test"),
    "reconciliation.decisions.history.of_line": refused(line_id="$line"),
    "reconciliation.decisions.history.of_order": refused(**ORDER),
    "reconciliation.decisions.history.comment_line": refused(line_id="$line", text="test", form_key="walk"),
    "reconciliation.decisions.history.comment_order": refused(**ORDER, text="test", form_key="walk"),
    "reconciliation.decisions.payout_acceptances.accept": refused(
        payout="$payout_id", kind="timing", shown={}, reason="test", form_key="walk"
    ),
    "reconciliation.decisions.payout_acceptances.undo": refused(payout="$payout_id", reason="test", shown=1),
    "reconciliation.decisions.payout_acceptances.of_payout": refused(payout="$payout_id"),
    "reconciliation.decisions.payout_comments.comment": refused(payout="$payout_id", text="test", form_key="walk"),
    "reconciliation.decisions.payout_comments.of_payout": refused(payout="$payout_id"),
    "reconciliation.decisions.payout_comments.write": IN_TRANSACTION,
    "reconciliation.decisions.payout_comments.allowed_payout": refused(right=Right.SEE_SETTLEMENTS, payout="$payout_id"),
    "reconciliation.decisions.questions.colleagues": refused(subject="$subject"),
    "reconciliation.decisions.questions.ask": refused(subject="$subject", asked="nobody", text="test", form_key="walk"),
    "reconciliation.decisions.questions.answer": refused(question="$question", text="test", form_key="walk"),
    "reconciliation.decisions.questions.withdraw": refused(question="$question"),
    "reconciliation.decisions.questions.of_subject": refused(subject="$subject"),
    "reconciliation.decisions.questions.to_answer": hidden(),
    "reconciliation.decisions.not_ours_rules.preview": refused(**OUTLET, field="order", pattern="starts", text="ZZ"),
    "reconciliation.decisions.not_ours_rules.add": refused(**OUTLET, field="order", pattern="starts", text="ZZ", reason="test", form_key="walk"),
    "reconciliation.decisions.not_ours_rules.end": refused(rule_id="$rule", reason="test"),
    "reconciliation.decisions.not_ours_rules.rules": refused(**OUTLET),
    "reconciliation.decisions.set_aside_rows.of_file": refused(**FILE),
    "reconciliation.decisions.set_aside_rows.deal": refused(**FILE, lines=[1], reason="test"),
    "reconciliation.decisions.set_aside_rows.undo": refused(**FILE, lines=[1], reason="test"),
    "reconciliation.views.list_exports.count_lines": hidden(chosen=LineFilter()),
    "reconciliation.views.list_exports.count_orders": hidden(chosen=OrderFilter(), late=False),
    "reconciliation.views.lists.narrowed_lines": hidden(chosen=LineFilter()),
    "reconciliation.views.lists.narrowed_orders": hidden(chosen=OrderFilter(), late=False),
    "reconciliation.views.list_exports.write_lines": hidden(chosen=LineFilter(), sort="newest", form="csv", t=EN, out="$out"),
    "reconciliation.views.list_exports.write_orders": hidden(chosen=OrderFilter(), sort="newest", form="csv", t=EN, out="$out"),
    "reconciliation.views.list_exports.write_payouts": hidden(chosen=PayoutFilter(), form="csv", t=EN, out="$out"),
    "reconciliation.views.lists.figures": hidden(),
    "reconciliation.views.lists.lines": hidden(shows=True, chosen=LineFilter()),
    "reconciliation.views.lists.orders": hidden(shows=True, chosen=OrderFilter()),
    "reconciliation.views.sales.sales": hidden(shows=True, chosen=LineFilter()),
    "reconciliation.views.sales.sale_of": refused(line_id="$line"),
    "reconciliation.views.details.line": refused(line_id="$line"),
    "reconciliation.views.details.order": refused(**ORDER),
    "reconciliation.views.file_list.any_file": hidden(),
    "reconciliation.views.file_list.files": hidden(shows=True),
    "reconciliation.views.file_list.unfinished": hidden(),
    "reconciliation.views.details.names": Rule(lambda w: {"files": [w.ids["file"]], "order": w.ids["order"]}, hidden=True),
    "reconciliation.views.file_list.file": refused(file_id="$file"),
    "reconciliation.views.overview.overview": hidden(),
    "reconciliation.views.groups.groups": hidden(),
    "reconciliation.views.payout_history.of_payout": refused(payout="$payout_id"),
    "reconciliation.views.payout_list.by_hipay": refused(payout="$payout"),
    "reconciliation.views.payout_list.list_payouts": hidden(),
    "reconciliation.views.payout_pages.page": hidden(chosen=PayoutFilter()),
    "reconciliation.views.payout_pages.named": hidden(name="outlet:77:EUR"),
    "reconciliation.views.payout_list.operation_sums": refused(payout="$payout"),
    "reconciliation.views.payout_list.files": refused(payout="$payout"),
    "reconciliation.views.payout_list.files_with_rows_set_aside": refused(payout="$payout"),
    "reconciliation.views.payout_list.files_with_corrections_held": refused(payout="$payout"),
    "reconciliation.views.payout_list.visible_accounts": IN_TRANSACTION,
    "restore_guard.release": refused(settings="$settings", store="$store"),
    "retention.months": refused(**OUTLET),
    "retention.save_months": refused(**OUTLET, wanted=24),
    "retention.find": refused(whom="elodie@example.com"),
    "retention.erase": refused(whom="elodie@example.com"),
}  # fmt: skip


@cache
def functions() -> dict[str, Callable[..., Any]]:
    """Every public function of a public module of ``services`` that takes an actor, by its module and name."""
    found = {}
    for module in pkgutil.walk_packages(services.__path__, "services."):
        if module.name.startswith("services.store.") or any(
            part.startswith("_") for part in module.name.split(".")
        ):
            continue
        loaded = importlib.import_module(module.name)
        for name, function in inspect.getmembers(loaded, inspect.isfunction):
            if (
                function.__module__ == module.name
                and not name.startswith("_")
                and "actor" in inspect.signature(function).parameters
            ):
                found[f"{module.name}.{name}".removeprefix("services.")] = function
    return found


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    desk = open_test_desk(tmp_path_factory.mktemp("world"), accounts=ACCOUNTS)
    yield fill(desk)
    desk.close()


@pytest.fixture(scope="module")
def other_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    desk = open_test_desk(tmp_path_factory.mktemp("other"), accounts=ACCOUNTS)
    yield fill(desk)
    desk.close()


def call(world: World, name: str, actor: Actor, **other: Any) -> Any:
    """Call it with the arguments of its rule, and with ``other`` ones in their place."""
    function, rule = functions()[name], RULES[name]
    assert isinstance(rule, Rule)
    given = {"actor": actor, **rule.arguments(world), **other}
    if "desk" in inspect.signature(function).parameters:
        given["desk"] = world.desk
    if "tx" in inspect.signature(function).parameters:
        with world.desk.store.write() as tx:
            return function(tx=tx, **given)
    result = function(**given)
    if hasattr(result, "__enter__"):
        with result as found:
            return found
    return result


def test_every_function_that_takes_an_actor_has_a_rule() -> None:
    assert sorted(functions().keys() - RULES.keys()) == []
    assert sorted(RULES.keys() - functions().keys()) == []


ASKED = [name for name, rule in RULES.items() if isinstance(rule, Rule)]


@pytest.mark.parametrize("name", ASKED)
def test_a_person_of_one_account_is_refused_or_shown_nothing_of_another(
    world: World, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = RULES[name]
    assert isinstance(rule, Rule)
    monkeypatch.setattr(
        "services.imports.received.fetch_requests._reachable", lambda *_: None
    )  # as in production
    world.out.seek(0)
    world.out.truncate()
    if rule.hidden:
        try:
            result = call(world, name, world.shop_only)
        except NotAllowed:
            return
        seen = f"{result!r} {world.out.getvalue().decode(errors='replace')}"
        assert [mark for mark in MARKS if mark in seen] == []
    else:
        with pytest.raises(NotAllowed) as refusal:
            call(world, name, world.shop_only)
        assert refusal.value.account in ("outlet", ALL_ACCOUNTS)


PRESSED = [name for name in ASKED if "form_key" in inspect.signature(functions()[name]).parameters]


@pytest.mark.parametrize("name", PRESSED)
def test_a_form_key_that_was_used_answers_nobody_without_the_right(
    world: World, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second press returns what the first one wrote, but only to who may act on its account."""
    monkeypatch.setattr("services.imports.received.fetch_requests._reachable", lambda *_: None)
    with pytest.raises(NotAllowed):
        call(world, name, world.shop_only, form_key="before")


OF_ONES_OWN = {
    "orders.create.create": {"draft": "$shop_draft"},
    "orders.create.create_in": {"draft": "$shop_draft"},
    "bulk.sending.start": {"account": "shop"},
    "imports.received.fetch_requests.request_fetch": {"account": "shop"},
    "reconciliation.decisions.not_ours_rules.add": {"account": "shop"},
    "reconciliation.decisions.decide.exclude": {"lines": "$unknown_line"},
}


@pytest.mark.parametrize("name", OF_ONES_OWN)
def test_a_form_key_of_another_account_answers_nobody_for_their_own(
    world: World, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.imports.received.fetch_requests._reachable", lambda *_: None)
    with pytest.raises(NotAllowed) as refusal:
        call(world, name, world.shop_only, form_key="before", **refused(**OF_ONES_OWN[name]).arguments(world))
    assert refusal.value.account == "outlet"


@pytest.mark.parametrize("name", ASKED)
def test_a_person_of_all_accounts_is_not_refused_the_same(
    other_world: World, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.checklist.measure._jobs", lambda *_: {})  # nobody is asked
    rule = RULES[name]
    assert isinstance(rule, Rule)
    try:
        seen = repr(call(other_world, name, other_world.everywhere))
    except NotAllowed:
        raise
    except Exception:  # noqa: BLE001 - whatever else is wrong with the arguments, the account is not
        assert not rule.shows
        return
    assert not rule.shows or any(mark in seen for mark in MARKS)
