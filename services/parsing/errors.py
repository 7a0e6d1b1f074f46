"""How a child that parses can end without an answer.

DeskError
└── ParsingError
    ├── ParsingTooHeavy     it needs more memory, or writes more, than it may
    ├── ParsingTooSlow      it needs more processor time than so many bytes may
    ├── ParsingStoodStill   it has done nothing for a long time
    └── ParsingDied         it was killed, or failed by an error of the reader
"""

import signal
from typing import ClassVar

from services.errors import DeskError

NO_PARENT = "no parent"  # nobody has looked at it
NO_ANSWER = "no answer"  # it could not be forked, or its parent was killed


class ParsingError(DeskError):
    code: ClassVar[str] = "parsing"

    @property
    def by_machine(self) -> bool:
        """Whether the machine may have been to blame: at another time the same may be read."""
        return False


class ParsingTooHeavy(ParsingError):
    code = "parsing_too_heavy"


class ParsingTooSlow(ParsingError):
    code = "parsing_too_slow"


class ParsingStoodStill(ParsingError):
    code = "parsing_stood_still"

    @property
    def by_machine(self) -> bool:
        return True


class ParsingDied(ParsingError):
    """``how``: a signal's name, an exit code, an exception's class, or NO_PARENT or NO_ANSWER."""

    code = "parsing_died"

    def __init__(self, how: str) -> None:
        super().__init__(how)
        self.how = how

    @property
    def by_machine(self) -> bool:
        return self.how in ("SIGKILL", "SIGTERM", NO_PARENT, NO_ANSWER)

    @classmethod
    def of(cls, code: int) -> "ParsingDied":
        """``code``: as `subprocess.Popen.returncode`."""
        return cls(signal.Signals(-code).name if code < 0 else str(code))
