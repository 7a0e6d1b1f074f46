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


class ParsingError(DeskError):
    code: ClassVar[str] = "parsing"


class ParsingTooHeavy(ParsingError):
    code = "parsing_too_heavy"


class ParsingTooSlow(ParsingError):
    code = "parsing_too_slow"


class ParsingStoodStill(ParsingError):
    code = "parsing_stood_still"


class ParsingDied(ParsingError):
    """``how``: a signal's name, an exit code, or an exception's class."""

    code = "parsing_died"

    def __init__(self, how: str) -> None:
        super().__init__(how)
        self.how = how

    @classmethod
    def of(cls, code: int) -> "ParsingDied":
        """``code``: as `subprocess.Popen.returncode`."""
        return cls(signal.Signals(-code).name if code < 0 else str(code))
