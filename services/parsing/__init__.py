"""Untrusted input (files, pasted tables, mails) is parsed in a bounded process of its own, never in the program itself.

    parsing.run(function, *arguments, size=bytes)      the result of a function of a module
    parsing.stream(function, *arguments, size=bytes)   what a generator function of a module yields, one after another

Each program has one parent process (`parent`), which has loaded the readers and forks a child for each call (`child`). Both
have neither a setting nor the database, and of the environment only `processes.bare_environment`. Only data of known types
comes back (`results`). An error of the reader is raised here again; `errors` has the other ends of a child.
"""

from services.parsing.bounds import SMALL, Bounds
from services.parsing.calls import fork_parent, prepare, run, stream
from services.parsing.errors import (
    NO_PARENT,
    ParsingDied,
    ParsingError,
    ParsingStalled,
    ParsingTooHeavy,
    ParsingTooSlow,
)
from services.parsing.parent_process import ONE_THREAD

__all__ = [
    "NO_PARENT", "ONE_THREAD", "SMALL", "Bounds", "ParsingDied", "ParsingError", "ParsingStalled", "ParsingTooHeavy", "ParsingTooSlow", "fork_parent", "prepare", "run", "stream",
]  # fmt: skip
