"""While former lines are moved, a screen that needs them says so, and how far it is; the others are as always."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from services.desk import Desk
from services.store import line_rewrite
from services.store.line_rewrite import Rewrite
from tests.support.orders import store_paid_order
from tests.support.payout_lines import import_lines, line


@pytest.fixture
def desk(desk: Desk) -> Desk:
    store_paid_order(desk, "A-1")
    import_lines(desk, line("A-1"))
    with desk.store.write() as tx:
        line_rewrite.change(tx, Rewrite("moving", 3, moved=1, after=1))
    line_rewrite.guard(desk.store.engine)
    return desk


@pytest.mark.parametrize(("language", "said"), [("en", "1 of 3 so far"), ("fr", "1 sur 3 jusqu’ici")])
def test_reconciliation_says_it(
    open_page: Callable[..., AppTest], desk: Desk, language: str, said: str
) -> None:
    at = open_page("reconciliation/page.py", "finance", language=language)
    assert not at.exception
    assert said in " ".join(one.value for one in at.error)


@pytest.mark.parametrize("screen", [None, "payment_requests/page.py", "bulk/expected_orders.py"])
def test_the_others_are_as_always(open_page: Callable[..., AppTest], desk: Desk, screen: str | None) -> None:
    at = open_page(screen, "finance")
    assert not at.exception


def test_a_payment_request_says_it_in_its_timeline(open_page: Callable[..., AppTest], desk: Desk) -> None:
    at = open_page(None, "finance")
    at.query_params["order"] = "1"
    at.switch_page("payment_requests/page.py").run()
    assert not at.exception
    assert "1 of 3 so far" in " ".join(one.value for one in at.markdown)
