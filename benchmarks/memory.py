"""How much memory this process has had at most."""

import re
from pathlib import Path


def peak() -> int:
    """Bytes. Of this process alone: what the system counts for a child begins with its parent's."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found, "Linux only"
    return int(found[1]) * 1024
