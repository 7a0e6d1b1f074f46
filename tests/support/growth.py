"""How the processor time of a reader grows with what it is given: measured in a process that is forked for each look.

``python -m tests.support.growth MODULE`` reads names of cases of that module's ``CASES`` from its input, one a line, and answers
each with a line of JSON: ``{"size", "base", "double", "refused"}``.
"""

import gc
import importlib
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

BASE = 0.05  # seconds of the processor, beyond what the smallest input takes
MOST = 3  # times the base that twice the input may take
_TRIES = 3
_LARGEST = 1 << 21  # characters: a reader that is faster up to here is fast
_SECONDS = 8
_DIED = 1e9


@dataclass(frozen=True)
class Case:
    """``build``: inputs of so many characters together; ``read`` is called with each, and may refuse it."""

    read: Callable[[Any], object]
    build: Callable[[int], list[Any]]
    start: int = 1_000
    largest: int = _LARGEST  # of what the reader takes at all


def measure(case: Case) -> dict[str, Any]:
    least, refused = _look(case, 1)
    enough = max(BASE, least / 2)  # what does not grow must not hide what does
    size, base = case.start, 0.0
    while True:
        took, refused = _look(case, size)
        base = took - least
        if base >= enough or 2 * size > case.largest:
            break
        size *= 2 if base > enough / 8 else 4
    size, double = min(size, case.largest // 2), _DIED
    if took < _DIED:
        for _ in range(_TRIES):
            double = min(double, _look(case, 2 * size)[0] - least)
            if double <= MOST * max(base, BASE):
                break
            base = max(BASE, min(base, _look(case, size)[0] - least))
    return {"size": size, "base": base, "double": double, "refused": refused}


def _look(case: Case, size: int) -> tuple[float, str]:
    """Seconds of the processor that reading takes, children included, and the name of a refusal."""
    ours, theirs = os.pipe()
    process = os.fork()
    if process == 0:
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS + 1))
            gc.disable()  # its full rounds fall into some looks and not into others
            inputs, refused = case.build(size), ""
            began = _used()
            for one in inputs:
                try:
                    case.read(one)
                except Exception as error:  # noqa: BLE001 (whatever it is: it ends, and that is what is measured)
                    refused = type(error).__name__
            os.write(theirs, json.dumps([_used() - began, refused]).encode())
        finally:
            os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as pipe:
        said = pipe.read()
    os.waitpid(process, 0)
    seconds, refused = json.loads(said or f'[{_DIED}, "killed"]')
    return seconds, refused


def _used() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


if __name__ == "__main__":
    cases: dict[str, Case] = importlib.import_module(sys.argv[1]).CASES
    for line in sys.stdin:
        print(json.dumps(measure(cases[line.strip()])), flush=True)
