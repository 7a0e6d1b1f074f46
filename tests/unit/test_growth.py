"""What strangers send takes a time that grows with its length alone: twice the input, at most three times the processor."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from services.settings.sources import ROOT
from tests.support.growth import BASE, MOST
from tests.support.hostile import FORMER, READERS


@pytest.fixture(scope="module")
def measuring() -> Iterator[subprocess.Popen[str]]:
    """A process without threads, which has loaded the readers: it forks."""
    command = [sys.executable, "-m", "tests.support.growth", "tests.support.hostile"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        assert process.stdin
        process.stdin.close()


def told(measuring: subprocess.Popen[str], name: str) -> dict[str, Any]:
    assert measuring.stdin
    assert measuring.stdout
    measuring.stdin.write(name + "\n")
    measuring.stdin.flush()
    found: dict[str, Any] = json.loads(measuring.stdout.readline())
    return found


@pytest.mark.parametrize("name", READERS)
def test_twice_the_input_takes_at_most_three_times_as_long(
    measuring: subprocess.Popen[str], name: str
) -> None:
    found = told(measuring, name)
    if found["base"] < BASE:  # fast up to the largest input that it takes, or that a person could send
        assert found["double"] <= MOST * BASE, found
    else:
        assert found["double"] <= MOST * found["base"], found


@pytest.mark.parametrize("name", FORMER)
def test_a_square_is_found(measuring: subprocess.Popen[str], name: str) -> None:
    # One disturbed look can hide it: whatever else the machine does adds to the base, too.
    looks = (told(measuring, name) for _ in range(3))
    assert any(one["double"] > MOST * one["base"] >= MOST * BASE for one in looks)
