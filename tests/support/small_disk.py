"""A real small disk: a tmpfs that this test mounts, where it may."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A disk of so many megabytes at ``folder``. Skips the test where mounting is not allowed."""
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=700", "eterminal-test", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False) if os.geteuid() == 0 else None
    if done is None or done.returncode:
        pytest.skip("a small disk needs the right to mount a tmpfs")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def free(folder: Path) -> int:
    about = os.statvfs(folder)
    return about.f_bavail * about.f_frsize


def fill(folder: Path, left: int = 0) -> Path:
    """Another program's file that leaves ``left`` bytes, as exactly as the disk allows."""
    other = folder / "another-program"
    with other.open("ab") as file:
        try:
            while (more := free(folder) - left) > 0:
                file.write(b"\0" * min(more, 1 << 20))
                file.flush()
        except OSError:
            pass
    return other
