"""Rules of an account, begun from a line or on their screen, and a remembered reading."""

from services.access import Actor
from services.desk import Desk
from services.imports import reading
from services.reconciliation.decisions import (
    account_rules,
    not_ours_rules,
)
from services.settlements.dialect import Chosen
from tests.support.decision_screens import field, on_line, press, ruling, run, words
from tests.support.payout_lines import import_lines, line, outcomes


def test_a_rule_is_begun_from_a_line_with_what_it_takes(
    desk: Desk, finance: Actor, orders: dict[str, int]
) -> None:
    at = press(on_line(desk, finance, "WEB-1"), "by_hand_not_ours_")
    which = field(at.radio, "ruled_")
    at = which.set_value(which.options[1]).run()
    at = field(at.button_group, "rule_pattern_").set_value("starts").run()
    at = field(at.text_input, "rule_text_").set_value("WEB-").run()
    assert "Takes 2 open lines now (€101.00), and those to come." in words(at)
    at = field(at.text_input, "why_").set_value("our web shop").run()
    at = press(at, "go_")
    assert {outcomes(desk)[name][0] for name in ("WEB-1 Sale", "WEB-2 Sale")} == {"not_ours"}


def test_rules_show_what_is_filled_and_what_a_change_would_do(
    desk: Desk, finance: Actor, orders: dict[str, int]
) -> None:
    import_lines(desk, line("WEB-5", reference="f7"))
    at = run(ruling, finance)
    assert "filled in 1 of 5 lines and 1 of 3 orders" in at.radio(key="matching_reference_demo").options[1]
    at = at.button_group(key="matching_ignore_demo").set_value(["case", "dashes"]).run()
    assert "With these rules 2 more would" in words(at)
    at = press(at, "matching_save_demo")
    assert account_rules.rules(desk, finance, "demo").ignore == {"case", "dashes"}
    assert "all lines are being joined anew" in words(at)


def test_a_rule_is_added_and_ended_in_french(desk: Desk, finance: Actor, orders: dict[str, int]) -> None:
    at = press(run(ruling, finance, "fr"), "add_rule")
    at = field(at.button_group, "rule_pattern_").set_value("starts").run()
    at = field(at.text_input, "rule_text_").set_value("WEB-").run()
    assert "Prend 2 lignes ouvertes" in words(at)
    at = field(at.text_input, "why_").set_value("boutique en ligne").run()
    at = press(at, "go_")
    [rule] = not_ours_rules.rules(desk, finance, "demo")
    assert (rule.field, rule.pattern, rule.text) == ("order", "starts", "WEB-")
    at = run(ruling, finance, "fr")
    at = press(at, f"end_rule_{rule.id}")
    at = field(at.text_input, "why_").set_value("par erreur").run()
    at = press(at, "go_")
    assert not_ours_rules.rules(desk, finance, "demo")[0].ended_at is not None
    assert outcomes(desk)["WEB-1 Sale"][0] == "unmatched"


def test_a_remembered_reading_can_be_forgotten(desk: Desk, finance: Actor, orders: dict[str, int]) -> None:
    reading.remember(desk, finance, "demo", Chosen(decimal=","))
    at = run(ruling, finance)
    assert "comma: 1234,56" in words(at)
    press(at, "forget_reading")
    assert reading.remembered_reading(desk, finance, "demo") is None
