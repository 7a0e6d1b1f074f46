"""The process that looks at a large file: ``python -m services.reconciliation.preview_child``.

What to look at comes as JSON on the standard input; what came of it goes into the folder named there.
"""

import json
import pickle
import resource
import sys
from pathlib import Path

from services.errors import DeskError
from services.reconciliation import imports
from services.reconciliation.imports import Preview
from services.reconciliation.previewing import Refused, refused
from services.settlements.dialect import Chosen
from services.store import open_store


def main() -> None:
    given = json.loads(sys.stdin.read())
    resource.setrlimit(resource.RLIMIT_AS, (given["memory"], given["memory"]))
    folder = Path(given["folder"])
    found: Preview | Refused
    store = open_store(given["database"])
    try:
        chosen, done = Chosen(**given["chosen"]), folder / "done"
        found = imports.look(
            store, given["account"], Path(given["file"]), chosen, lambda count: _tell(done, count)
        )
    except DeskError as refusal:
        found = refused(refusal)
    except MemoryError:
        found = Refused("import_too_heavy", {})
    finally:
        store.close()
    with (folder / "answer").open("wb") as stream:
        pickle.dump(found, stream)


def _tell(done: Path, count: int) -> None:
    done.write_text(str(count))


if __name__ == "__main__":
    main()
