"""How a child that parses can end without an answer.

DeskError
└── ParsingError
    ├── ParsingTooHeavy     it needs more memory, or writes more, than it may
    ├── ParsingTooSlow      it needs more processor time than an input of its size may
    ├── ParsingStalled      it has done nothing for a long time
    └── ParsingDied         it was killed, or failed by an error of the reader
"""

import signal
from typing import ClassVar

from services.errors import DeskError

NO_PARENT = "no parent"  # no child was started
NO_ANSWER = "no answer"  # the child could not be forked, or its parent was killed


class ParsingError(DeskError):
    code: ClassVar[str] = "parsing"

    @property
    def by_machine(self) -> bool:
        """Whether the machine may be the cause: at another time the same input may be read."""
        return False


class ParsingTooHeavy(ParsingError):
    code = "parsing_too_heavy"


class ParsingTooSlow(ParsingError):
    code = "parsing_too_slow"


class ParsingStalled(ParsingError):
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
