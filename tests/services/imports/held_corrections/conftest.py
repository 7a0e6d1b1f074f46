"""A desk on which lines are rejoined without a pause."""

import pytest

from services.desk import Desk
from services.imports import file_accounts
from services.reconciliation.matching import rejoin
from tests.support.desk import person


@pytest.fixture
def desk(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(rejoin, "GAP_SECONDS", 0)
    file_accounts.assign(desk, person(desk, "finance"), "1", "demo")
    return desk
