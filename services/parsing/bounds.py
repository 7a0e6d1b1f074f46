"""What a child may use."""

import os
import resource
from dataclasses import dataclass
from pathlib import Path

SMALL = 256 << 10  # bytes of what is read: so little never waits behind what takes long
_MEGABYTE = 1 << 20
_PATIENT = 10  # niceness of what takes long


@dataclass(frozen=True)
class Bounds:
    """``memory``: bytes of addresses beyond what the readers themselves take; ``seconds``: of the processor; ``output``: bytes
    that it may give back, ``file``: and write into one file; ``still``: seconds of the clock without work and without output;
    ``patient``: whether others' work comes first."""

    memory: int
    seconds: int
    output: int
    file: int = 1 << 30
    still: float = 60.0
    patient: bool = False

    @classmethod
    def of(cls, size: int) -> "Bounds":
        """For an input of so many bytes: a file of a gigabyte rightly takes minutes, one of some kilobytes does not."""
        megabytes = size // _MEGABYTE
        return cls(
            memory=min(768 * _MEGABYTE + 64 * size, 3 << 30),
            seconds=20 + 3 * megabytes,
            output=64 * _MEGABYTE + 64 * size,
            patient=size > SMALL,
        )

    def set_here(self) -> None:
        """Bound this process. A bound that holds already is never widened."""
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
            # Of processor time the soft bound sends a signal that tells what it was; the hard one kills.
            after = soft + 1 if kind == resource.RLIMIT_CPU and hard == resource.RLIM_INFINITY else soft
            resource.setrlimit(kind, (soft, after))


def addresses() -> int:
    """Bytes of addresses that this process has now; where the system does not tell (not Linux), a guess."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        return 1 << 30
    return pages * resource.getpagesize()
