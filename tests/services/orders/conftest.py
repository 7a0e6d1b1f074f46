"""Fixtures of the orders' tests."""

import pytest

from tests.support.sandbox import RunningSandbox


@pytest.fixture
def nulls(sandbox: RunningSandbox, request: pytest.FixtureRequest) -> None:
    """How the sandbox writes a missing value: "written" as null, or "left_out"."""
    sandbox.control("settings", {"nulls": request.param})
