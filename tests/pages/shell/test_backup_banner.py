"""While a backup that was put back is held, every screen says so; an administrator releases it, after a confirmation."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from services import restore_guard, store
from services.desk import Desk
from services.restore_guard import Marker, marker_path

Open = Callable[..., AppTest]


@pytest.fixture
def held(desk: Desk) -> Desk:
    restore_guard.examine(desk.store, desk.settings)
    restore_guard.write_marker(marker_path(desk.settings), Marker("another", 0, 7))
    assert restore_guard.examine(desk.store, desk.settings) == "held"
    return desk


def test_an_administrator_releases_it(open_page: Open, held: Desk) -> None:
    at = open_page("admin/people.py", "admin", language="fr")
    assert "Une sauvegarde a été restaurée" in at.error[0].value
    at.button(key="release_backup").click().run()
    at.button(key="release_backup_back").click().run()
    assert restore_guard.current_hold(held.store) is not None
    at.button(key="release_backup").click().run()
    at.button(key="release_backup_sure").click().run()
    assert not at.exception
    assert restore_guard.current_hold(held.store) is None
    assert not at.error


def test_others_are_told(open_page: Open, held: Desk) -> None:
    at = open_page("payment_requests/page.py", "manager")
    assert "A backup was put back" in at.error[0].value
    assert "release_backup" not in [button.key for button in at.button]
    assert any("administrator" in caption.value for caption in at.caption)


def test_nothing_is_said_else(open_page: Open, desk: Desk) -> None:
    assert not open_page("payment_requests/page.py", "manager").error
    with desk.store.read() as tx:
        assert store.restore_guard.held(tx) == {}
