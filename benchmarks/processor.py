"""The processor time of running processes (Linux)."""

import os
from pathlib import Path

_TICK: float = os.sysconf("SC_CLK_TCK")


def seconds(pid: int, *, children: bool = True) -> float:
    """User and system time of the process, of the children that it still has, and of those that it waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = sum(map(int, fields[11:15] if children else fields[11:13])) / _TICK
    return own + (sum(map(seconds, _children(pid))) if children else 0)


def _children(pid: int) -> list[int]:
    found = set[int]()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        found |= {int(one) for one in task.read_text().split()}
    return sorted(found)
