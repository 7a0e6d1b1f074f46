"""Payout files as finance adds them: looked at, corrected, imported; a failed one tried again."""

import io
import zipfile
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

import services.imports.files
from services import access
from services.access import WORKER
from services.desk import Desk
from services.imports import background, batches
from services.reconciliation.views import file_list, lists
from services.store.settlements.lines.line_filter import LineFilter
from services.store.settlements.outcomes import OPEN
from tests.support.desk import person
from tests.support.payout_pages import (
    FILE,
    HEAD,
    PAYOUT,
    SALE,
    STRANGE,
    imported,
    press,
    table,
    upload,
    words,
)
from tests.support.screens import followed, links

Open = Callable[..., AppTest]


def test_a_file_is_shown_before_anything_is_stored(open_page: Open, paid: int, desk: Desk) -> None:
    at = upload(open_page("payouts/page.py", "finance"), ("october.csv", FILE))
    assert not at.exception
    assert "**4** lines: **4** new, **0** already known, **0** changed." in words(at)
    assert "semicolon" in words(at)
    columns = table(at, "Read as")
    assert (
        dict(zip(columns["In the file"], columns["Read as"], strict=True))["Reporting data 1"]
        == "Reporting data 1"
    )
    shown = words(at)
    assert "Payout 77 · 21 Nov 2026 · €1,260.20" in shown
    assert "Sales €1,260.50 · Fees -€0.30 · " in shown
    assert file_list.files(desk, at.session_state["actor"]) == ()


def test_many_files_are_one_list_one_import_and_one_result(open_page: Open, paid: int, desk: Desk) -> None:
    other = FILE.replace(";77;", ";78;").replace("1250.50", "1250.60").replace(";80", ";90")
    issued_again = FILE.replace("1250.50", "1250.70")
    at = imported(open_page("payouts/page.py", "finance"), desk, ("first.csv", FILE))
    assert not [one for one in at.button if one.key and one.key.startswith("row_")]
    at = press(at, next(one.key for one in at.button if one.key.startswith("close_result_")))
    assert "to resolve" not in words(at)
    at = upload(
        at, ("other.csv", other), ("again.csv", issued_again), ("first.csv", FILE), ("no.csv", "%PDF-1.7 …")
    )
    assert not at.exception
    shown = words(at)
    assert "4 files, 12 lines" in shown
    assert "Payout 78 · 4 lines" in shown
    assert {"? needs an answer", "! is not imported", "– imported before"} <= {
        word for word in ("? needs an answer", "! is not imported", "– imported before") if word in shown
    }
    at = press(at, "import_files")  # the other waits for its answer
    background.work_off(desk)
    at = at.run()
    shown = words(at)
    assert "1 file, 4 lines, " in shown
    assert "0 of 1 payout ties" in shown
    assert "no.csv" in shown
    again = open_page("payouts/page.py", actor=at.session_state["actor"])
    assert "1 file, 4 lines, " in words(again)
    [asked] = [one for one in at.radio if str(one.key).startswith("issue_")]
    at = press(asked.set_value("newest").run(), "import_files")
    background.work_off(desk)
    assert len(batches.results(desk, at.session_state["actor"])) == 2


def test_the_lines_to_resolve_are_those_of_the_imported_files_alone(
    open_page: Open, paid: int, desk: Desk
) -> None:
    third = FILE.replace(";77;", ";79;").replace(";80", ";70")
    at = imported(open_page("payouts/page.py", "finance"), desk, ("before.csv", third))
    at = press(at, next(one.key for one in at.button if one.key and one.key.startswith("close_result_")))
    other = FILE.replace(";77;", ";78;").replace(";80", ";90")
    at = imported(at, desk, ("first.csv", FILE), ("other.csv", other))
    [result] = batches.results(desk, at.session_state["actor"])
    [label] = [one for one in links(at) if one.startswith("Resolve ")]
    at = followed(at, label)
    assert "Only 2 files" in [one.label for one in at.button]
    chosen = LineFilter(files=tuple(file.id for file in result.files), outcomes=OPEN)
    actor = at.session_state["actor"]
    assert len(lists.lines(desk, actor, chosen).rows) == result.to_resolve
    assert len(lists.lines(desk, actor, LineFilter(outcomes=OPEN)).rows) > result.to_resolve


def test_a_form_that_is_sent_twice_imports_once(open_page: Open, desk: Desk) -> None:
    finance = person(desk, "finance")
    batch = batches.begin(desk, finance, "one-press", 1)
    assert batches.begin(desk, finance, "one-press", 1) == batch
    received = [
        services.imports.files.receive(desk, finance, "demo", "a.csv", io.BytesIO(FILE.encode()), batch=batch)
        for _ in range(2)
    ]
    assert received[0] == received[1]
    background.work_off(desk)
    [result] = batches.results(desk, finance)
    assert [file.id for file in result.files] == received[:1]
    assert batches.results(desk, person(desk, "finance", email="other@example.com")) == ()
    batches.close(desk, finance, batch)
    assert batches.results(desk, finance) == ()


def test_a_column_that_is_not_known_is_named_by_hand_and_remembered(open_page: Open, desk: Desk) -> None:
    unknown = FILE.replace("Settled amount;", "Received;").replace("Reporting data 1;", "Our reference;")
    at = upload(open_page("payouts/page.py", "finance"), ("x.csv", unknown))
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
    at = upload(open_page("payouts/page.py", "finance"), ("x.csv", doubtful))
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
    at = imported(open_page("payouts/page.py", "finance"), desk, ("october.csv", FILE))
    at = upload(at, ("copy.csv", FILE))
    assert "imported before" in words(at)
    assert not any(one.key == "import_files" for one in at.button)


def test_a_file_that_fails_says_why_and_can_be_tried_again(open_page: Open, paid: int, desk: Desk) -> None:
    finance = person(desk, "finance")
    file = services.imports.files.receive(desk, finance, "demo", "x.csv", io.BytesIO(b"%PDF-1.7"))
    at = open_page("payouts/page.py", "finance")
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
    at = press(open_page("payouts/page.py", "finance"), f"cancel_import_{file}")
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
    at = upload(open_page("payouts/page.py", "finance"), ("october.zip", packed.getvalue()))
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
    at = upload(open_page("payouts/page.py", "finance"), ("x.csv", content))
    assert not at.exception
    assert sentence in words(at)


@pytest.mark.parametrize(("content", "corrections"), [("", 0), ("%PDF-1.7 …", 0), (HEAD, 6)])
def test_how_a_file_is_read_can_be_corrected_where_that_may_help(
    open_page: Open, desk: Desk, content: str, corrections: int
) -> None:
    at = upload(open_page("payouts/page.py", "finance"), ("x.csv", content))
    assert len([one for one in at.selectbox if "_reading" in f"_{one.key}"]) == corrections


def test_a_file_of_which_nothing_is_read_is_not_imported(open_page: Open, desk: Desk) -> None:
    content = HEAD + SALE.format(amount="12,50") + PAYOUT.format(amount="12,50")
    at = upload(open_page("payouts/page.py", "finance"), ("x.csv", content))
    next(one for one in at.selectbox if one.label == "Decimal sign").set_value(".").run()
    assert "Not a row of it can be read like this" in words(at)
    assert "import_files" not in [one.key for one in at.button]


UNDECIDED = HEAD + SALE.format(amount="1.250") + PAYOUT.format(amount="1.250")


def test_a_file_that_does_not_decide_its_decimals_is_asked(open_page: Open, desk: Desk) -> None:
    at = upload(open_page("payouts/page.py", "finance"), ("x.csv", UNDECIDED))
    assert not at.exception
    assert "nothing is guessed" in words(at)
    choice = next(one for one in at.selectbox if one.label == "Decimal sign")
    choice.set_value(",").run()
    assert "**2** lines" in words(at)


def test_an_answer_can_be_remembered_for_the_account(open_page: Open, desk: Desk) -> None:
    at = upload(open_page("payouts/page.py", "finance"), ("x.csv", UNDECIDED))
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
    at = open_page("payouts/page.py", "finance")
    assert not at.exception
    assert not at.file_uploader


def test_rows_between_stray_quotes_are_asked_and_read_as_said(open_page: Open, desk: Desk) -> None:
    sale = SALE.format(amount="1250.50")
    raw = HEAD + sale.replace(";F-1;", ';"F-1;') + sale.replace("800", "802").replace(";F-1;", ';F-1";')
    at = upload(open_page("payouts/page.py", "finance", language="fr"), ("x.csv", raw))
    assert "n’est fermé qu’à la ligne 3" in words(at)
    assert not [button for button in at.button if button.key == "import_files"]
    [asked] = [one for one in at.selectbox if str(one.key).endswith("_quotes")]
    at = asked.set_value("rows").run()
    assert not at.exception
    assert "n’est fermé" not in words(at)
