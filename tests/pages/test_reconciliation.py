"""Reconciliation as finance drives it: look at a file, import it, see lines and orders by outcome."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest

from services import access
from services.access import WORKER, Actor, NotAllowed
from services.accounts.demo import prepare_demo
from services.desk import Desk
from services.hipay.observations import Observation
from services.orders import create
from services.orders.observe import observe
from services.reconciliation import imports
from services.store import orders as rows
from tests.support.desk import person
from tests.support.drafts import draft

Open = Callable[..., AppTest]
HEAD = (
    "Account;Settlement ID;Transaction ID;Order;Original amount;Original currency;Amount (Excl. Tax);Tax amount;"
    "Amount (Incl. Tax);Currency;Operation;Settled amount;Settlement currency;Reporting data 1;Date\r\n"
)
SALE = "1;77;800;A-1;{amount};EUR;;;;;Sale;{amount};EUR;F-1;2026-11-20\r\n"
FEE = "1;77;800;A-1;-0.30;EUR;-0.25;-0.05;-0.30;EUR;Fixed fee;-0.30;EUR;F-1;2026-11-20\r\n"
STRANGE = "1;77;801;WEB-9;10.00;EUR;;;;;Sale;10.00;EUR;;2026-11-20\r\n"
PAYOUT = "1;77;;;;;;;;;Settlement;{amount};EUR;;2026-11-21\r\n"
FILE = HEAD + SALE.format(amount="1250.50") + FEE + STRANGE + PAYOUT.format(amount="1260.20")


@pytest.fixture
def paid(desk: Desk) -> int:
    """An order of 1250.50 EUR with invoice number F-1, paid."""
    prepare_demo(desk)
    manager = person(desk, "manager")
    form = draft(order_id="A-1", references=("F-1",))
    order_id = create.create(desk, manager, form, create.new_form_key())
    seen = Observation(
        order_id="A-1", reference="800", status=118, state="completed", currency="EUR", authorised=1250_5000,
        captured=1250_5000, refunded=0, charged_back=0, order_amount=1250_5000, order_currency="EUR", reason_code=None,
        reason_text=None, payment_product="visa", eci=7, test=True, mid=None, operation_id=None, operation_amount=None,
        at=datetime(2026, 11, 20, tzinfo=UTC), mark=None,
    )  # fmt: skip
    with desk.store.write() as tx:
        [page] = rows.pages_of(tx, order_id)
        assert observe(tx, desk, order_id, page.id, seen, actor=WORKER) == "applied"
    return order_id


def words(at: AppTest) -> str:
    shown = [*at.caption, *at.markdown, *at.warning, *at.error, *at.info, *at.success]
    return "\n".join(element.value.replace("\\", "") for element in shown)


def upload(at: AppTest, *files: tuple[str, str]) -> AppTest:
    return at.file_uploader[0].set_value([(name, text.encode(), "text/csv") for name, text in files]).run()


def press(at: AppTest, key: str) -> AppTest:
    return at.button(key=key).click().run()


def test_without_a_file_the_screen_says_what_to_do(open_page: Open, desk: Desk) -> None:
    at = open_page("reconciliation.py", "finance", language="fr")
    assert not at.exception
    assert "Aucun fichier de reversement" in words(at)


def test_a_manager_may_not_see_payouts(open_page: Open, desk: Desk) -> None:
    at = open_page("reconciliation.py", "manager")
    assert not at.exception
    assert not at.file_uploader


def test_a_file_is_shown_before_it_is_stored_and_joined_after(open_page: Open, paid: int) -> None:
    at = upload(open_page("reconciliation.py", "finance"), ("october.csv", FILE))
    assert not at.exception
    assert "**4** lines: **4** new, **0** already known, **0** changed." in words(at)
    assert "semicolon" in words(at)
    at = press(at, "import_files")
    assert not at.exception
    assert "october.csv is imported" in words(at)
    lines = at.dataframe[0].value
    outcomes = sorted(zip(lines["Operation"], lines["Outcome"], strict=True))
    assert outcomes == [
        ("Fixed fee", "✓ Matched"), ("Payout", "Σ Total line"), ("Sale", "! Not matched"), ("Sale", "✓ Matched")
    ]  # fmt: skip
    assert list(lines["Our order"]).count("A-1") == 2
    statuses = next(frame.value for frame in at.dataframe if "Status" in frame.value.columns)
    assert list(statuses["Status"]) == ["Settled in full"]
    assert list(statuses["Net"]) == ["€1,250.20"]
    payouts = next(frame.value for frame in at.dataframe if "Check" in frame.value.columns)
    assert list(payouts["Check"]) == ["✓ adds up"]


def test_a_line_that_is_not_ours_says_why(open_page: Open, paid: int) -> None:
    at = press(upload(open_page("reconciliation.py", "finance"), ("october.csv", FILE)), "import_files")
    lines = at.dataframe[0].value
    strange = lines[lines["Order in the file"] == "WEB-9"].iloc[0]
    assert strange["Outcome"] == "! Not matched"
    assert "No order is known by its order id, transaction id" in strange["Reason"]


def test_the_same_file_again_adds_nothing(open_page: Open, paid: int) -> None:
    at = press(upload(open_page("reconciliation.py", "finance"), ("october.csv", FILE)), "import_files")
    at = upload(at, ("copy.csv", FILE))
    assert "imported before" in words(at)
    assert not any(one.key == "import_files" for one in at.button)


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
    at = upload(open_page("reconciliation.py", "finance"), ("x.csv", content))
    assert not at.exception
    assert sentence in words(at)


def test_a_file_that_does_not_decide_its_decimals_is_asked(open_page: Open, desk: Desk) -> None:
    at = upload(
        open_page("reconciliation.py", "finance"),
        ("x.csv", HEAD + SALE.format(amount="1.250") + PAYOUT.format(amount="1.250")),
    )
    assert not at.exception
    assert "nothing is guessed" in words(at)
    choice = next(one for one in at.selectbox if one.label == "Decimal sign")
    choice.set_value(",").run()
    assert "**2** lines" in words(at)


def test_an_auditor_sees_but_cannot_import(
    open_page: Open, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(access.ROLE_RIGHTS, "finance", frozenset({access.Right.SEE_SETTLEMENTS}))
    at = open_page("reconciliation.py", "finance")
    assert not at.exception
    assert not at.file_uploader


def test_an_actor_without_the_right_is_refused_by_the_service(desk: Desk) -> None:
    manager: Actor = person(desk, "manager")
    with pytest.raises(NotAllowed):
        imports.import_file(desk, manager, "demo", "x.csv", FILE.encode())
    assert imports.files(desk, person(desk, "finance")) == []
