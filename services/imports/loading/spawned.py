"""The program of the import process (`process`): ``python -m services.imports.loading.spawned``."""

import gc
import os


def main() -> None:
    """The database's address comes as JSON on the standard input."""
    gc.disable()  # until all is loaded, which takes a tenth less
    from services import parsing, private_files, processes

    private_files.set_umask()
    os.nice(10)  # screens and payment links come first
    parsing.fork_parent()  # which must know no database: what follows loads what does
    from services.imports.loading import process

    processes.search_cycles_rarely()
    process.main()


if __name__ == "__main__":
    main()
