"""How an account's lines are joined: its rules, what is not ours by a rule, what is remembered of its files."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from services.access import Actor, NotAllowed
from services.access.trail import entries
from services.accounts.errors import AccountUnknown, DaysOutOfRange
from services.accounts.settlement_delay import days_to_settle
from services.desk import Desk
from services.imports import background, file_accounts, reading
from services.reconciliation.decisions import account_rules, decide, errors, not_ours_rules, undo
from services.reconciliation.decisions.decide import Shown
from services.reconciliation.matching import rejoin
from services.settlements.dialect import Chosen
from services.store.schema import people
from services.store.settlements import matching_rules
from tests.support.desk import person
from tests.support.orders import store_paid_order
from tests.support.payout_lines import import_lines, line, line_id, outcomes, totals

# -- not ours, by a rule


def test_a_rule_takes_what_is_open_and_what_comes_and_gives_it_back(desk: Desk, finance: Actor) -> None:
    store_paid_order(desk, "WEB-7")
    import_lines(desk, line("WEB-7"), line("WEB-8", "8.00"), line("web-9", "9.00"), line("POS-1", "1.00"))
    begun, sums = outcomes(desk), totals(desk)
    taken = not_ours_rules.preview(desk, finance, "demo", "order", "starts", "WEB-")
    assert (taken.lines, taken.amounts) == (1, (("EUR", 8_0000),))
    told: list[float] = []
    rule = not_ours_rules.add(
        desk, finance, "demo", "order", "starts", "WEB-", "our web shop", "k1", progress=told.append
    )
    assert told == [1.0]
    after = {name.split()[0]: outcome for name, (outcome, _) in outcomes(desk).items()}
    assert after == {"WEB-7": "matched", "WEB-8": "not_ours", "web-9": "unmatched", "POS-1": "unmatched"}
    assert totals(desk) == sums
    import_lines(desk, line("WEB-10"))
    assert outcomes(desk).pop("WEB-10 Sale") == ("not_ours", None)
    not_ours_rules.end(desk, finance, rule, "it is ours after all")
    now = outcomes(desk)
    assert now.pop("WEB-10 Sale") == ("unmatched", None)
    assert now == begun
    [ended] = not_ours_rules.rules(desk, finance, "demo")
    assert (ended.who, ended.ender, ended.end_reason, ended.rejoining) == (
        "Camille Martin",
        "Camille Martin",
        "it is ours after all",
        False,
    )


def test_a_rule_compares_whole_cells_too(desk: Desk, finance: Actor) -> None:
    import_lines(desk, line("A", product="amex"), line("B", product="amex gold"))
    not_ours_rules.add(desk, finance, "demo", "product_name", "equals", "amex", "other contract", "k1")
    assert {name: outcome for name, (outcome, _) in outcomes(desk).items()} == {
        "A Sale": "not_ours",
        "B Sale": "unmatched",
    }


def test_a_persons_decision_goes_before_a_rule(desk: Desk, finance: Actor) -> None:
    order = store_paid_order(desk, "A-1")
    import_lines(desk, line("WEB-8"), line("WEB-9"))
    decide.match(desk, finance, [Shown(line=line_id(desk, "WEB-8"))], order, "it is A-1", "k1")
    assert not_ours_rules.preview(desk, finance, "demo", "order", "starts", "WEB").lines == 1
    not_ours_rules.add(desk, finance, "demo", "order", "starts", "WEB", "our web shop", "k2")
    assert outcomes(desk)["WEB-8 Sale"] == ("matched", order)
    undo.undo_group(desk, finance, "k1", "no")
    assert outcomes(desk)["WEB-8 Sale"] == ("not_ours", None)


def test_rules_that_are_refused(desk: Desk, finance: Actor) -> None:
    for field, pattern, text, refusal in (
        ("settled_amount", "equals", "10", errors.RuleField),
        ("outcome", "equals", "matched", errors.RuleField),
        ("order", "contains", "WEB", errors.RuleField),
        ("order", "starts", "W", errors.RuleTextTooShort),
        ("order", "equals", " ", errors.RuleTextTooShort),
    ):
        wanted: Any = (field, pattern, text)
        with pytest.raises(refusal):
            not_ours_rules.preview(desk, finance, "demo", *wanted)
        with pytest.raises(refusal):
            not_ours_rules.add(desk, finance, "demo", *wanted, "why", "k1")
    with pytest.raises(errors.ReasonMissing):
        not_ours_rules.add(desk, finance, "demo", "order", "starts", "WEB", " ", "k1")
    with pytest.raises(AccountUnknown):
        not_ours_rules.add(desk, finance, "other", "order", "starts", "WEB", "why", "k1")
    with pytest.raises(errors.RuleUnknown):
        not_ours_rules.end(desk, finance, 10**6, "why")
    assert not_ours_rules.rules(desk, finance, "demo") == ()


def test_a_second_press_begins_and_ends_no_second_rule(desk: Desk, finance: Actor) -> None:
    wanted: Any = ("demo", "order", "starts", "WEB", "why")
    rule = not_ours_rules.add(desk, finance, *wanted, "k1")
    assert not_ours_rules.add(desk, finance, *wanted, "k1") == rule
    with pytest.raises(errors.RuleKnown):
        not_ours_rules.add(desk, finance, *wanted, "k2")
    not_ours_rules.end(desk, finance, rule, "over")
    not_ours_rules.end(desk, finance, rule, "over")
    with pytest.raises(errors.AlreadyUndone) as refused:
        not_ours_rules.end(desk, person(desk, "finance"), rule, "over")
    assert refused.value.who == "Camille Martin"
    actions = [entry.action for entry in entries(desk, finance) if entry.action.startswith("not_ours")]
    assert actions == ["not_ours_rule_ended", "not_ours_rule_begun"]


def test_a_rule_whose_process_died_is_applied_by_the_round_from_where_it_was(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_lines(desk, *(line(f"WEB-{number}") for number in range(5)))
    monkeypatch.setattr(not_ours_rules, "_BATCH", 2)
    rejoin_lines, calls = rejoin.rejoin_lines, []

    def dies_at_the_second(*what: Any) -> None:
        calls.append(what)
        if len(calls) > 1:
            raise KeyboardInterrupt
        rejoin_lines(*what)

    with monkeypatch.context() as patch:
        patch.setattr(rejoin, "rejoin_lines", dies_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            not_ours_rules.add(desk, finance, "demo", "order", "starts", "WEB", "why", "k1")
    assert [outcome for outcome, _ in outcomes(desk).values()].count("not_ours") == 2
    assert not_ours_rules.rules(desk, finance, "demo")[0].rejoining
    assert not_ours_rules.catch_up(desk, limit=2) is True
    assert [outcome for outcome, _ in outcomes(desk).values()].count("not_ours") == 4
    assert not_ours_rules.catch_up(desk, limit=2) is False
    assert {outcome for outcome, _ in outcomes(desk).values()} == {"not_ours"}
    assert not not_ours_rules.rules(desk, finance, "demo")[0].rejoining


# -- how lines find their order


def test_rules_are_read_and_changed(desk: Desk, finance: Actor) -> None:
    now = account_rules.rules(desk, finance, "demo")
    assert (now.reference, now.ignore, now.late_days, now.rejoining) == (1, frozenset(), 10, False)
    assert account_rules.save(desk, finance, "demo", reference=1, ignore=(), late_days=10) is False
    assert (
        account_rules.save(desk, finance, "demo", reference=2, ignore={"case", "zeros"}, late_days=20) is True
    )
    now = account_rules.rules(desk, finance, "demo")
    assert (now.reference, now.ignore, now.late_days) == (2, frozenset({"case", "zeros"}), 20)
    assert now.rejoining
    with desk.store.read() as tx:
        assert days_to_settle(tx, "demo") == 20
    actions = [entry.action for entry in entries(desk, finance)]
    assert sorted(actions[:2]) == ["account.alarms", "account.matching"]


def test_days_alone_join_nothing_anew(desk: Desk, finance: Actor) -> None:
    assert account_rules.save(desk, finance, "demo", reference=1, ignore=(), late_days=30) is True
    assert account_rules.rules(desk, finance, "demo").rejoining is False


def test_a_change_joins_every_line_anew(desk: Desk, finance: Actor) -> None:
    order = store_paid_order(desk, "A-1", reference="F-2026-7")
    import_lines(desk, line("WEB-1", reference="f20267"))
    assert outcomes(desk)["WEB-1 Sale"] == ("suggested", None)
    tried = account_rules.preview(desk, finance, "demo", reference=1, ignore={"case", "dashes"})
    assert tried == account_rules.ChangePreview(lines=1, matched=0, gained=1, lost=0, moved=0)
    account_rules.save(desk, finance, "demo", reference=1, ignore={"case", "dashes"}, late_days=10)
    background.work_off(desk)
    assert account_rules.rules(desk, finance, "demo").rejoining is False
    assert outcomes(desk)["WEB-1 Sale"] == ("matched", order)
    tried = account_rules.preview(desk, finance, "demo", reference=2, ignore={"case", "dashes"})
    assert tried == account_rules.ChangePreview(lines=1, matched=1, gained=0, lost=1, moved=0)
    account_rules.save(desk, finance, "demo", reference=2, ignore={"case", "dashes"}, late_days=10)
    background.work_off(desk)
    assert outcomes(desk)["WEB-1 Sale"][1] is None


def test_rules_that_cannot_be(desk: Desk, finance: Actor) -> None:
    with pytest.raises(account_rules.ReferenceOutOfRange):
        account_rules.save(desk, finance, "demo", reference=6, ignore=(), late_days=10)
    with pytest.raises(account_rules.IgnoreUnknown):
        account_rules.save(desk, finance, "demo", reference=1, ignore={"accents"}, late_days=10)
    with pytest.raises(DaysOutOfRange):
        account_rules.save(desk, finance, "demo", reference=2, ignore=(), late_days=0)
    with pytest.raises(AccountUnknown):
        account_rules.save(desk, finance, "other", reference=1, ignore=(), late_days=10)
    assert account_rules.rules(desk, finance, "demo").reference == 1


def test_how_often_each_reference_is_filled(desk: Desk, finance: Actor) -> None:
    store_paid_order(desk, "A-1", reference="F-1")
    store_paid_order(desk, "A-2")
    import_lines(desk, line("A-1", reference="F-1"), line("A-2"), line("A-3", reference="F-3"))
    filled = account_rules.reference_use(desk, finance, "demo")
    assert (filled.lines, filled.of_lines) == (3, (2, 0, 0, 0, 0))
    assert (filled.orders, filled.of_orders) == (2, (1, 0, 0, 0, 0))


# -- what is remembered


def test_a_corrected_reading_is_remembered_until_it_is_forgotten(desk: Desk, finance: Actor) -> None:
    assert reading.remembered_reading(desk, finance, "demo") is None
    assert reading.remember(desk, finance, "demo", Chosen(decimal=",", date="dmy", header_line=7)) is True
    assert reading.remembered_reading(desk, finance, "demo") == Chosen(decimal=",", date="dmy")
    assert reading.remember(desk, finance, "demo", Chosen(decimal=",", date="dmy", header_line=9)) is False
    assert reading.remember(desk, finance, "demo", Chosen()) is True
    assert reading.remembered_reading(desk, finance, "demo") is None


def test_what_a_newer_version_remembered_is_left_alone(desk: Desk, finance: Actor) -> None:
    with desk.store.write() as tx:
        matching_rules.lock_matching(tx, "demo")
        matching_rules.save_matching(tx, "demo", reading={"decimal": ",", "moon": "full"})
    assert reading.remembered_reading(desk, finance, "demo") == Chosen(decimal=",")


@pytest.mark.parametrize("role", ["manager", "admin"])
def test_who_may_not_reconcile_changes_no_rule(desk: Desk, finance: Actor, role: str) -> None:
    other = person(desk, role)
    rule = not_ours_rules.add(desk, finance, "demo", "order", "starts", "WEB", "why", "k1")
    acts: list[Callable[[], Any]] = [
        lambda: not_ours_rules.preview(desk, other, "demo", "order", "starts", "WEB"),
        lambda: not_ours_rules.add(desk, other, "demo", "order", "starts", "POS", "why", "k2"),
        lambda: not_ours_rules.end(desk, other, rule, "why"),
        lambda: not_ours_rules.rules(desk, other, "demo"),
        lambda: account_rules.rules(desk, other, "demo"),
        lambda: account_rules.save(desk, other, "demo", reference=2, ignore=(), late_days=10),
        lambda: account_rules.reference_use(desk, other, "demo"),
        lambda: account_rules.preview(desk, other, "demo", reference=2, ignore=()),
        lambda: reading.remember(desk, other, "demo", Chosen(decimal=",")),
        lambda: file_accounts.assign(desk, other, "12345", "demo"),
        lambda: file_accounts.file_accounts(desk, other),
    ]
    for act in acts:
        with pytest.raises(NotAllowed):
            act()


def test_the_audit_names_no_text_of_a_rule(desk: Desk, finance: Actor) -> None:
    not_ours_rules.add(
        desk, finance, "demo", "customer_id", "equals", "elodie@example.com", "Mrs Marchand", "k1"
    )
    file_accounts.assign(desk, finance, "12345", "demo")
    with desk.store.read() as tx:
        kept = str([tuple(row) for row in tx.execute(select(people.audit))])
    assert "elodie" not in kept
    assert "Marchand" not in kept
