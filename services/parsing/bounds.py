"""How much memory, time and output a child may use."""

import os
import resource
from dataclasses import dataclass
from pathlib import Path

SMALL = 256 << 10  # bytes of input: a small input never waits behind large ones
_MEGABYTE = 1 << 20
_PATIENT = 10  # niceness of the work on a large input


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """``memory``: bytes of addresses beyond those of the readers themselves; ``seconds``: of the processor; ``output``: bytes
    that it may return, ``file``: that it may write into one file; ``stall_seconds``: of the clock without work and without
    output; ``patient``: whether other processes' work comes first."""

    memory: int
    seconds: int
    output: int
    file: int = 1 << 30
    stall_seconds: float = 60.0
    patient: bool = False

    @classmethod
    def of(cls, size: int) -> "Bounds":
        """The bounds for an input of ``size`` bytes: a gigabyte may take minutes, some kilobytes may not."""
        megabytes = size // _MEGABYTE
        return cls(
            memory=min(768 * _MEGABYTE + 64 * size, 3 << 30),
            seconds=20 + 3 * megabytes,
            output=64 * _MEGABYTE + 64 * size,
            patient=size > SMALL,
        )

    def apply(self) -> None:
        """Bound this process. A bound that it has already is never widened."""
        if self.patient:
            os.nice(max(0, _PATIENT - os.nice(0)))
        for kind, most in (
            (resource.RLIMIT_AS, addresses() + self.memory),
            (resource.RLIMIT_CPU, self.seconds),
            (resource.RLIMIT_FSIZE, self.file),
            (resource.RLIMIT_CORE, 0),
        ):
            _, hard = resource.getrlimit(kind)
            soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
            # The soft bound of processor time sends a signal that names the cause; the hard one kills.
            after = soft + 1 if kind == resource.RLIMIT_CPU and hard == resource.RLIM_INFINITY else soft
            resource.setrlimit(kind, (soft, after))


def addresses() -> int:
    """Bytes of addresses that this process uses now; a guess where the system does not report it (not Linux)."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        return 1 << 30
    return pages * resource.getpagesize()
