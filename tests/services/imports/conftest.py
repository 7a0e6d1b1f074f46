"""Fixtures of the imports' tests."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.desk import Desk
from tests.support.desk import open_test_desk


@pytest.fixture
def desk_at(tmp_path: Path) -> Iterator[Callable[[str], Desk]]:
    """Opens a desk whose HiPay is at an address."""
    opened: list[Desk] = []

    def open_it(url: str) -> Desk:
        opened.append(open_test_desk(tmp_path, sandbox_url=url))
        return opened[-1]

    yield open_it
    for desk in opened:
        desk.close()
