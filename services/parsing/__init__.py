"""What strangers wrote (files, pasted tables, mails) is parsed in a bounded process of its own, never in the program itself.

    parsing.run(function, *arguments, size=bytes)      the result of a function of a module
    parsing.stream(function, *arguments, size=bytes)   what a generator function of a module yields, one after another

Each program keeps one parent process (`parent`), which has loaded the readers and forks a child for each call (`child`). Both
have neither a setting nor the database, and of the environment only `processes.bare_environment`. What comes back is data of known types
only (`results`). A refusal of the reader is raised here as what it is; how else a child can end: `errors`.
"""

from services.parsing.bounds import Bounds
from services.parsing.calls import prepare, run, stream
from services.parsing.errors import (
    NO_PARENT,
    ParsingDied,
    ParsingError,
    ParsingStoodStill,
    ParsingTooHeavy,
    ParsingTooSlow,
)

__all__ = [
    "NO_PARENT", "Bounds", "ParsingDied", "ParsingError", "ParsingStoodStill", "ParsingTooHeavy", "ParsingTooSlow", "prepare", "run", "stream",
]  # fmt: skip
