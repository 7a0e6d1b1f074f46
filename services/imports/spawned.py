"""The program of the import process (`process`): ``python -m services.imports.spawned``."""

import gc
import os

from services import parsing, private_files

_CONTAINERS = (
    100_000  # allocated and not freed between two searches for cycles: rows are millions, and have none
)


def main() -> None:
    """The database's address comes as JSON on the standard input."""
    private_files.set_umask()
    os.nice(10)  # screens and payment links come first
    parsing.fork_parent()  # which must know no database: what follows loads what does
    from services.imports import process

    gc.freeze()
    gc.set_threshold(_CONTAINERS, 20, 100)
    process.main()


if __name__ == "__main__":
    main()
