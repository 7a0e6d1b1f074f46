"""Reconciliation as finance drives it: look at a file, import it, see lines, orders and payouts, each with its filters."""

import io
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

import services.imports.files
from services import access, store
from services.access import WORKER, Actor, NotAllowed
from services.demo.prepare import prepare_demo
from services.desk import Desk
from services.imports import background
from services.orders import create
from services.orders.record import record_observation
from services.reconciliation.decisions import decide, set_aside_rows
from services.reconciliation.decisions.decide import Shown
from services.reconciliation.views import file_list, lists
from services.store.settlements import line_search, settlement_files
from services.store.settlements.line_filter import LineFilter
from tests.support.desk import person
from tests.support.drafts import draft
from tests.support.observations import observation
from tests.support.payout_lines import import_lines, line, line_id
from tests.support.payout_pages import FILE, HEAD, PAYOUT, SALE, STRANGE, upload, words
from tests.support.screens import unfold

Open = Callable[..., AppTest]


@pytest.fixture
def paid(desk: Desk) -> int:
    """An order of 1250.50 EUR with invoice number F-1, paid."""
    prepare_demo(desk)
    manager = person(desk, "manager")
    form = draft(order_id="A-1", references=("F-1",))
    order_id = create.create(desk, manager, form, create.new_form_key())
    seen = observation(at=datetime(2026, 11, 20, tzinfo=UTC))
    with desk.store.write() as tx:
        [page] = store.orders.orders.pages_of(tx, order_id)
        assert record_observation(tx, desk, order_id, page.id, seen, actor=WORKER) == "applied"
    return order_id


def press(at: AppTest, key: str) -> AppTest:
    return at.button(key=key).click().run()


def imported(at: AppTest, desk: Desk, *files: tuple[str, str]) -> AppTest:
    """The files are handed over, imported by the worker, and the screen is looked at again."""
    at = press(upload(at, *files), "import_files")
    assert not at.exception
    background.work_off(desk)
    return at.run()


def choose(at: AppTest, key: str, value: object) -> AppTest:
    """A pill or a segment."""
    return at.button_group(key=key).set_value(value).run()


def table(at: AppTest, column: str) -> pd.DataFrame:
    return next(frame.value for frame in at.dataframe if column in frame.value.columns)


def test_without_a_file_the_screen_says_what_to_do(open_page: Open, desk: Desk) -> None:
    at = open_page("reconciliation/page.py", "finance", language="fr")
    assert not at.exception
    assert "Aucun fichier de reversement" in words(at)


def test_a_manager_may_not_see_payouts(open_page: Open, desk: Desk) -> None:
    at = open_page("reconciliation/page.py", "manager")
    assert not at.exception
    assert not at.file_uploader


def test_a_file_is_shown_before_anything_is_stored(open_page: Open, paid: int, desk: Desk) -> None:
    at = upload(open_page("reconciliation/page.py", "finance"), ("october.csv", FILE))
    assert not at.exception
    assert "**4** lines: **4** new, **0** already known, **0** changed." in words(at)
    assert "semicolon" in words(at)
    columns = table(at, "Read as")
    assert (
        dict(zip(columns["In the file"], columns["Read as"], strict=True))["Reporting data 1"]
        == "Reporting data 1"
    )
    assert list(table(at, "Dates")["Payout"]) == ["77"]
    assert file_list.files(desk, at.session_state["actor"]) == ()


def test_what_is_open_comes_first_and_everything_else_is_a_click_away(
    open_page: Open, paid: int, desk: Desk
) -> None:
    at = imported(open_page("reconciliation/page.py", "finance"), desk, ("october.csv", FILE))
    assert not at.exception
    assert "october.csv is imported: 4 new lines, 0 already known, 0 changed." in words(at)
    assert list(table(at, "Outcome")["Order in the file"]) == ["WEB-9"]
    assert [metric.value for metric in at.metric] == ["1", "0", "0", "66.6%"]
    at = choose(at, "outcome", ["open", "all"])
    lines = table(at, "Outcome")
    assert sorted(zip(lines["Operation"], lines["Outcome"], strict=True)) == [
        ("Fixed fee", "✓ Matched"),
        ("Payout", "Σ Total line"),
        ("Sale", "! Not matched"),
        ("Sale", "✓ Matched"),
    ]
    assert list(lines["Our order"]).count("A-1") == 2
    assert at.query_params["outcome"] in ("all", ["all"])


def test_several_outcomes_are_looked_at_together(open_page: Open, paid: int, desk: Desk) -> None:
    at = imported(open_page("reconciliation/page.py", "finance"), desk, ("october.csv", FILE))
    at = choose(at, "outcome", ["open", "matched"])  # an outcome takes the place of what is open
    assert set(table(at, "Outcome")["Outcome"]) == {"✓ Matched"}
    at = choose(at, "outcome", ["matched", "total_line"])
    assert set(table(at, "Outcome")["Outcome"]) == {"✓ Matched", "Σ Total line"}
    assert at.query_params["outcome"] in ("matched,total_line", ["matched,total_line"])
    at = choose(at, "outcome", [])
    assert set(table(at, "Outcome")["Outcome"]) == {"! Not matched"}
    assert not at.exception


def test_what_a_person_decides_by_stands_first(open_page: Open, paid: int, desk: Desk) -> None:
    at = imported(open_page("reconciliation/page.py", "finance"), desk, ("october.csv", FILE))
    first = ["Outcome", "Settled amount", "Operation", "Date", "Reason"]
    assert list(table(at, "Outcome").columns)[:5] == first


def test_a_search_with_too_many_hits_says_so(
    open_page: Open, paid: int, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = imported(open_page("reconciliation/page.py", "finance"), desk, ("october.csv", FILE))
    at = at.text_input(key="find").set_value("F-1").run()
    assert "type more of the text" not in words(at)
    monkeypatch.setattr(line_search, "MOST_FOUND", 1)
    with desk.store.write() as tx:  # what was found before is remembered until something changes
        store.meta.put_text(tx, "test", "changed")
    at = at.run()
    assert words(at).count("type more of the text") == 1  # where nothing is open among those looked at, too
    at = unfold(choose(at, "outcome", ["open", "all"]), "exporting_Lines")
    assert words(at).count("type more of the text") == 2  # by the list, and where it is exported
    assert "All that the filters let through" not in words(at)
    assert not at.exception


def test_a_line_that_is_open_says_why(open_page: Open, paid: int, desk: Desk) -> None:
    at = imported(open_page("reconciliation/page.py", "finance"), desk, ("october.csv", FILE))
    strange = table(at, "Outcome").iloc[0]
    assert strange["Outcome"] == "! Not matched"
    assert "No order is known by its order id “WEB-9”, transaction id “801”." in strange["Reason"]


def test_an_amount_to_look_for_is_read_in_one_way(open_page: Open, paid: int, desk: Desk) -> None:
    at = imported(open_page("reconciliation/page.py", "finance"), desk, ("october.csv", FILE))
    at = unfold(at, "more_filters")
    at = at.text_input(key="from_amount").set_value("1.000").run()
    assert "“1.000” could be €1.00 or €1,000.00" in words(at)
    at = at.text_input(key="from_amount").set_value("€10.00").run()
    assert not at.exception
    assert "could be" not in words(at)


def test_filters_hold_while_they_are_folded_away(open_page: Open, paid: int, desk: Desk) -> None:
    at = imported(open_page("reconciliation/page.py", "finance"), desk, ("october.csv", FILE))
    at = choose(at, "outcome", ["all"])
    assert len(table(at, "Outcome")) == 4
    assert not any(one.key == "from_amount" for one in at.text_input)
    at = unfold(at, "more_filters")
    at = at.text_input(key="from_amount").set_value("9.00").run()
    at = at.text_input(key="to_amount").set_value("20").run()
    at = at.date_input(key="since").set_value(date(2026, 11, 1)).run()
    at = at.multiselect(key="currency").set_value(["EUR"]).run()
    assert list(table(at, "Outcome")["Order in the file"]) == ["WEB-9"]
    at.session_state["more_filters"] = False
    at = at.run().run()
    assert not any(one.key == "from_amount" for one in at.text_input)
    assert list(table(at, "Outcome")["Order in the file"]) == ["WEB-9"]
    assert at.query_params["since"] == "2026-11-01"
    at = unfold(at, "more_filters")
    assert at.text_input(key="to_amount").value == "20"
    at = at.date_input(key="since").set_value(date(2026, 12, 1)).run()
    assert not at.exception
    assert "No line fits these filters." in words(at)


def test_a_link_shows_a_line_beside_its_order(open_page: Open, paid: int, desk: Desk) -> None:
    at = imported(open_page("reconciliation/page.py", "finance"), desk, ("october.csv", FILE))
    page = lists.lines(
        desk, at.session_state["actor"], LineFilter(outcomes=("matched",), operations=("sale",))
    )
    at.query_params["line"] = str(page.rows[0].id)
    at = at.run()
    assert not at.exception
    assert "Sale · €1,250.50" in words(at)
    assert "Found by: invoice number or reference “F-1”, order id “A-1”, transaction id “800”." in words(at)
    assert "**Its order** · A-1" in words(at)
    assert "Line 2 of october.csv" in words(at)


def test_a_link_that_names_nothing_that_there_is_says_so(open_page: Open, paid: int, desk: Desk) -> None:
    at = imported(open_page("reconciliation/page.py", "finance"), desk, ("october.csv", FILE))
    at.query_params.update(
        {"line": "99999", "outcome": "nonsense", "sort": "x", "file": "x", "since": "2026-13-45"}
    )
    at = at.run()
    assert not at.exception
    assert "This line is not there" in words(at) or "not there" in words(at).lower()
    assert list(table(at, "Outcome")["Order in the file"]) == ["WEB-9"]


def test_orders_by_where_they_stand(open_page: Open, paid: int, desk: Desk) -> None:
    at = imported(open_page("reconciliation/page.py", "finance"), desk, ("october.csv", FILE))
    at = choose(at, "view", "orders")
    assert "No order fits these filters" in words(at)  # nothing is open: the order is settled
    at = choose(at, "status", "all")
    orders = table(at, "Status")
    assert list(orders["Status"]) == ["✓ Settled in full"]
    assert list(orders["Net"]) == ["€1,250.20"]
    at.query_params["order_of"] = str(paid)
    at = at.run()
    assert "Order A-1" in words(at)
    lines = next(frame.value for frame in at.dataframe if "File" in frame.value.columns)
    assert list(lines["File"]) == ["october.csv, line 2", "october.csv, line 3"]
    assert not at.exception


def test_a_payout_that_adds_up_is_proved(open_page: Open, paid: int, desk: Desk) -> None:
    at = imported(open_page("reconciliation/page.py", "finance"), desk, ("october.csv", FILE))
    at = choose(at, "view", "payouts")
    payouts = table(at, "Check")
    assert list(payouts["Check"]) == ["✓ ties"]
    assert list(payouts["Lines open"]) == ["1"]
    at.query_params["payout_of"] = "demo:77:EUR"
    at = at.run()
    assert set(table(at, "Note")["Operation"]) == {"Sale", "Fixed fee", "Payout"}
    assert not at.exception


def test_a_row_set_aside_stands_in_the_way_of_the_proof(open_page: Open, paid: int, desk: Desk) -> None:
    broken = SALE.format(amount="12,5,0").replace("A-1", "A-3").replace("800", "803")
    at = upload(open_page("reconciliation/page.py", "finance"), ("october.csv", FILE + broken))
    assert "1 row could not be read and is set aside." in words(at)
    at = imported(at, desk, ("october.csv", FILE + broken))
    at = choose(at, "view", "payouts")
    assert list(table(at, "Check")["Check"]) == ["? rows not read"]
    at = choose(at, "view", "files")
    assert list(table(at, "Set aside")["Set aside"]) == ["1"]
    with desk.store.read() as tx:
        [file] = settlement_files.listed(tx, ("complete",))
    set_aside_rows.deal(desk, person(desk, "finance"), file.id, [6], "Corrected in another file")
    at = choose(at.run(), "view", "payouts")
    assert list(table(at, "Check")["Check"]) == ["✓ ties"]
    assert list(table(choose(at, "view", "files"), "Set aside")["Set aside"]) == ["0 of 1"]


def test_ticked_rows_are_named_and_dealt_with_as_they_were_seen(
    open_page: Open, paid: int, desk: Desk
) -> None:
    broken = SALE.format(amount="12,5,0").replace("A-1", "A-3").replace("800", "803")
    at = imported(open_page("reconciliation/page.py", "finance"), desk, ("october.csv", FILE + broken))
    with desk.store.read() as tx:
        [file] = settlement_files.listed(tx, ("complete",))
    at.session_state["file_of"] = file.id
    at.session_state["aside_ticked"] = {f"file_{file.id}": (6,)}
    at = choose(at, "view", "files")
    assert "Line 6 · 77 · " in words(at)
    why = next(one for one in at.text_input if one.key and one.key.startswith("why_aside_"))
    at = why.set_value("Corrected in another file").run()
    set_aside_rows.deal(desk, person(desk, "finance"), file.id, [6], "theirs")
    press = next(one for one in at.button if one.key == "go_aside_file_deal")
    at = press.click().run()
    assert not at.exception
    acts = set_aside_rows.of_file(desk, person(desk, "finance"), file.id).acts[6]
    assert [act.reason for act in acts] == ["theirs"]


def test_several_ticked_lines_stay_ticked_and_those_that_left_are_named(
    open_page: Open, paid: int, desk: Desk
) -> None:
    import_lines(desk, *(line(f"GHOST-{number}", f"{number}.00") for number in range(1, 6)))
    at = open_page("reconciliation/page.py", "finance")
    at.session_state["lines_ticked"] = [line_id(desk, f"GHOST-{number}") for number in (2, 3, 4)]
    at = at.run()
    assert "**3** lines chosen" in words(at)
    colleague = person(desk, "finance", name="Robin Petit")
    decide.exclude(desk, colleague, [Shown(line=line_id(desk, "GHOST-3"))], "mine", "k1")
    at = at.run()
    assert "**2** lines chosen" in words(at)
    assert "1 line that you had chosen has left this list:" in words(at)
    assert "GHOST-3: Left out (Leave out, Robin Petit, " in words(at)
    decide.exclude(desk, colleague, [Shown(line=line_id(desk, "GHOST-4"))], "mine", "k2")
    at = at.run()
    assert at.session_state["line"] == line_id(desk, "GHOST-2")  # one is left: it stands open below
    assert not at.exception


def test_a_column_that_is_not_known_is_named_by_hand_and_remembered(open_page: Open, desk: Desk) -> None:
    unknown = FILE.replace("Settled amount;", "Received;").replace("Reporting data 1;", "Our reference;")
    at = upload(open_page("reconciliation/page.py", "finance"), ("x.csv", unknown))
    assert "Columns that are needed are missing: Settled amount." in words(at)
    for name, column in (("Received", "settled_amount"), ("Our reference", "reporting_data_1")):
        next(one for one in at.selectbox if one.label == name).set_value(column).run()
    assert not at.exception
    assert "**4** lines" in words(at)
    next(one for one in at.checkbox if one.label.startswith("Remember")).check().run()
    at = press(at, "import_files")
    background.work_off(desk)
    at = upload(at.run(), ("y.csv", unknown.replace("1250.50", "1250.60")))
    assert "**4** lines" in words(at)
    assert next(one for one in at.selectbox if one.label == "Received").value == "settled_amount"
    assert {"Before", "Now"} <= set(table(at, "What differs").columns)


def test_columns_that_may_be_the_same_are_asked_and_what_was_left_out_is_said(
    open_page: Open, desk: Desk
) -> None:
    lines = FILE.replace("Settled amount;", "Payout amount;").splitlines()
    doubtful = "\r\n".join([f"Settlement amount;{lines[0]}", *(f"1.00;{one}" for one in lines[1:]), ""])
    at = upload(open_page("reconciliation/page.py", "finance"), ("x.csv", doubtful))
    assert "Several columns of the file may be “Settled amount”: Settlement amount, Payout amount." in words(
        at
    )
    assert not any(one.key == "import_files" for one in at.button)
    box = next(one for one in at.selectbox if one.label == "Which column is “Settled amount”?")
    assert box.options == ["Settlement amount: 1.00", "Payout amount: 1250.50"]
    box.set_value("Payout amount").run()
    assert "Column “Settlement amount” is not used: “Payout amount” is “Settled amount”." in words(at)
    box = next(one for one in at.selectbox if one.label == "Payout amount")
    assert box.value == "settled_amount"
    at = box.set_value("").run()  # as the file says it: asked again
    at = next(one for one in at.selectbox if one.label.startswith("Which")).set_value("Payout amount").run()
    next(one for one in at.checkbox if one.label.startswith("Remember")).check().run()
    at = press(at, "import_files")
    background.work_off(desk)
    finance = person(desk, "finance")
    assert {one.settled_amount_units for one in lists.lines(desk, finance, LineFilter()).rows} >= {1250_5000}
    file = services.imports.files.receive(
        desk, WORKER, "demo", "y.csv", io.BytesIO(doubtful.encode() + b"\r\n"), source="folder"
    )
    background.work_off(desk)
    assert file in {one.id for one in services.imports.files.files(desk, finance)}


def test_the_same_file_again_adds_nothing(open_page: Open, paid: int, desk: Desk) -> None:
    at = imported(open_page("reconciliation/page.py", "finance"), desk, ("october.csv", FILE))
    at = upload(at, ("copy.csv", FILE))
    assert "imported before" in words(at)
    assert not any(one.key == "import_files" for one in at.button)


def test_a_file_that_fails_says_why_and_can_be_tried_again(open_page: Open, paid: int, desk: Desk) -> None:
    finance = person(desk, "finance")
    file = services.imports.files.receive(desk, finance, "demo", "x.csv", io.BytesIO(b"%PDF-1.7"))
    at = open_page("reconciliation/page.py", "finance")
    assert "waits its turn" in "".join(str(bar.proto) for bar in at.get("progress"))
    background.work_off(desk)
    at = at.run()
    assert not at.exception
    assert "x.csv: This is not a payout file" in words(at)
    at = press(at, f"retry_import_{file}")
    assert file_list.unfinished(desk, finance)[0].state == "waiting"


def test_an_import_is_cancelled_after_a_question(open_page: Open, paid: int, desk: Desk) -> None:
    finance = person(desk, "finance")
    file = services.imports.files.receive(desk, finance, "demo", "x.csv", io.BytesIO(FILE.encode()))
    at = press(open_page("reconciliation/page.py", "finance"), f"cancel_import_{file}")
    assert not at.exception
    assert "x.csv: the import was cancelled." in words(at)
    background.work_off(desk)
    assert lists.lines(desk, finance, LineFilter()).rows == ()


def test_a_zip_is_taken_apart(open_page: Open, paid: int, desk: Desk) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("october/a.csv", FILE)
        archive.writestr("october/b.txt", HEAD + STRANGE.replace("801", "901"))
        archive.writestr("october/facture.pdf", b"%PDF-1.7")
        archive.writestr("october/Thumbs.db", b"x")
    at = upload(open_page("reconciliation/page.py", "finance"), ("october.zip", packed.getvalue()))
    assert not at.exception
    assert "**a.csv**" in words(at)
    assert "**b.txt**" in words(at)
    assert "october.zip › facture.pdf" in words(at)
    assert "Thumbs" not in words(at)
    at = press(at, "import_files")
    background.work_off(desk)
    assert [file.name for file in file_list.files(desk, at.session_state["actor"])] == ["b.txt", "a.csv"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "This file is empty."),
        ("%PDF-1.7 …", "not a payout file"),
        (HEAD, "holds no line"),
        ("Account;Operation;Order\r\n1;Sale;A-1\r\n", "not a payout file"),
    ],
)
def test_a_file_that_is_none_is_a_sentence(open_page: Open, desk: Desk, content: str, sentence: str) -> None:
    at = upload(open_page("reconciliation/page.py", "finance"), ("x.csv", content))
    assert not at.exception
    assert sentence in words(at)


@pytest.mark.parametrize(("content", "corrections"), [("", 0), ("%PDF-1.7 …", 0), (HEAD, 6)])
def test_how_a_file_is_read_can_be_corrected_where_that_may_help(
    open_page: Open, desk: Desk, content: str, corrections: int
) -> None:
    at = upload(open_page("reconciliation/page.py", "finance"), ("x.csv", content))
    assert len([one for one in at.selectbox if "_reading" in f"_{one.key}"]) == corrections


def test_a_file_of_which_nothing_is_read_is_not_imported(open_page: Open, desk: Desk) -> None:
    content = HEAD + SALE.format(amount="12,50") + PAYOUT.format(amount="12,50")
    at = upload(open_page("reconciliation/page.py", "finance"), ("x.csv", content))
    next(one for one in at.selectbox if one.label == "Decimal sign").set_value(".").run()
    assert "Not a row of it can be read like this" in words(at)
    assert "import_files" not in [one.key for one in at.button]


UNDECIDED = HEAD + SALE.format(amount="1.250") + PAYOUT.format(amount="1.250")


def test_a_file_that_does_not_decide_its_decimals_is_asked(open_page: Open, desk: Desk) -> None:
    at = upload(open_page("reconciliation/page.py", "finance"), ("x.csv", UNDECIDED))
    assert not at.exception
    assert "nothing is guessed" in words(at)
    choice = next(one for one in at.selectbox if one.label == "Decimal sign")
    choice.set_value(",").run()
    assert "**2** lines" in words(at)


def test_an_answer_can_be_remembered_for_the_account(open_page: Open, desk: Desk) -> None:
    at = upload(open_page("reconciliation/page.py", "finance"), ("x.csv", UNDECIDED))
    next(one for one in at.selectbox if one.label == "Decimal sign").set_value(",").run()
    next(one for one in at.checkbox if one.label.startswith("Remember")).check().run()
    at = press(at, "import_files")
    background.work_off(desk)
    at = upload(at.run(), ("y.csv", UNDECIDED.replace("1.250", "1.350")))
    assert "nothing is guessed" not in words(at)
    assert "**2** lines" in words(at)


def test_an_auditor_sees_but_cannot_import(
    open_page: Open, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(access.ROLE_RIGHTS, "finance", frozenset({access.Right.SEE_SETTLEMENTS}))
    at = open_page("reconciliation/page.py", "finance")
    assert not at.exception
    assert not at.file_uploader


def test_an_actor_without_the_right_is_refused_by_the_service(desk: Desk) -> None:
    manager: Actor = person(desk, "manager")
    with pytest.raises(NotAllowed):
        services.imports.files.receive(desk, manager, "demo", "x.csv", io.BytesIO(FILE.encode()))
    with pytest.raises(NotAllowed):
        lists.lines(desk, manager, LineFilter())
    assert file_list.files(desk, person(desk, "finance")) == ()


def test_rows_between_stray_quotes_are_asked_and_read_as_said(open_page: Open, desk: Desk) -> None:
    sale = SALE.format(amount="1250.50")
    raw = HEAD + sale.replace(";F-1;", ';"F-1;') + sale.replace("800", "802").replace(";F-1;", ';F-1";')
    at = upload(open_page("reconciliation/page.py", "finance", language="fr"), ("x.csv", raw))
    assert "n’est fermé qu’à la ligne 3" in words(at)
    assert not [button for button in at.button if button.key == "import_files"]
    [asked] = [one for one in at.selectbox if str(one.key).endswith("_quotes")]
    at = asked.set_value("rows").run()
    assert not at.exception
    assert "n’est fermé" not in words(at)
