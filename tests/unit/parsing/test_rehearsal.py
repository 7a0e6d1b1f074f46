"""What the process that forks the readers reads beforehand."""

import subprocess
import sys

_COUNTED = """
import os
from services.settlements import rehearsal
before = len(os.listdir("/proc/self/task"))
rehearsal.rehearse()
print(len(os.listdir("/proc/self/task")) - before)
"""


def test_it_starts_no_thread() -> None:
    counted = subprocess.run([sys.executable, "-c", _COUNTED], check=True, capture_output=True, text=True)
    assert counted.stdout == "0\n"
