"""A desk with the orders and lines of ``tests.support.decisions``."""

import shutil
from pathlib import Path

import pytest

from services.access import Actor
from services.desk import Desk
from tests.support import postgres
from tests.support.decisions import Books, prepared
from tests.support.desk import person


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Books] | None:
    """A SQLite file with all of it, copied for each test: that takes a tenth of the time."""
    if postgres.SERVER:
        return None
    folder = tmp_path_factory.mktemp("template")
    return folder, prepared(folder)


@pytest.fixture
def orders(tmp_path: Path, template: tuple[Path, Books] | None) -> Books:
    if template is None:
        return prepared(tmp_path)
    folder, ours = template
    for file in folder.glob("*.db"):
        shutil.copy(file, tmp_path)
    return ours


@pytest.fixture
def desk(orders: Books, desk: Desk) -> Desk:
    """The desk is opened on the copy: the orders come first."""
    return desk


@pytest.fixture
def colleague(desk: Desk) -> Actor:
    return person(desk, "finance", name="Robin Petit")
