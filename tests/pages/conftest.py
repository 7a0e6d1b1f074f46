"""Screens under AppTest, each over a desk of its own.

    def test_something(open_page, desk):
        at = open_page("payment_requests/page.py", "manager", language="fr")
        at.text_input(key="search").set_value("Martin").run()
        assert not at.exception

- ``desk`` is the desk of ``tests/conftest.py``, and ``services.desk.current()`` answers it while the test runs.
- ``open_page(file, *roles, language="en", actor=None)`` runs the router as a person with these roles (a new one, or
  ``actor``) and goes to the screen, as a click in the menu would. ``file=None`` stays where the router begins.
  ``at.session_state["actor"]`` is the person. Other values may be put into ``at.session_state`` or ``at.query_params``
  before the next ``run()``.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

import services
from services import store
from services.access import WORKER, Actor
from services.demo.prepare import prepare_demo
from services.desk import Desk
from services.orders import create
from services.orders.record import record_observation
from tests.support.desk import person
from tests.support.drafts import draft
from tests.support.observations import observation

ROUTER = Path(__file__).resolve().parents[2] / "pages" / "main.py"

# Every AppTest asks all installed packages for components, which takes as long as a screen: once is enough.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)


@pytest.fixture
def desk(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(services.desk, "current", lambda: desk)
    st.cache_data.clear()
    st.cache_resource.clear()
    return desk


@pytest.fixture
def open_page(desk: Desk) -> Callable[..., AppTest]:
    def open_it(file: str | None, *roles: str, language: str = "en", actor: Actor | None = None) -> AppTest:
        at = AppTest.from_file(str(ROUTER), default_timeout=60)
        at.session_state["actor"] = actor or person(desk, *roles)
        at.session_state["language"] = language
        at.run()
        assert not at.exception
        if file is not None:
            at.switch_page(file).run()
        return at

    return open_it


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
