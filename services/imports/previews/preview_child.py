"""The process that previews a large file: ``python -m services.imports.previews.preview_child``.

The file and how to read it come as JSON on the standard input; the result goes into the folder named there.
"""

import json
import pickle
import resource
import sys
from contextlib import closing
from pathlib import Path

from services import parsing


def main() -> None:
    parsing.fork_parent()  # which must know no database; its children are bounded by themselves
    from services.disk_space import NoRoom, raising_no_room
    from services.errors import DeskError
    from services.imports.errors import ImportTooHeavy
    from services.imports.previews.preview import Preview, preview
    from services.imports.previews.preview_process import NO_ROOM, PreviewRefused, refused
    from services.imports.reading import chosen_from
    from services.parsing.bounds import addresses
    from services.settlements.untrusted_file import UntrustedFile
    from services.store import DatabaseRefused, open_store

    given = json.loads(sys.stdin.read())
    folder = Path(given["folder"])
    found: Preview | PreviewRefused
    try:
        with raising_no_room(), closing(open_store(given["database"])) as store:
            most = addresses() + given["memory"]
            resource.setrlimit(resource.RLIMIT_AS, (most, most))
            file, done = UntrustedFile(Path(given["file"]), Path(given["sheets"])), folder / "done"
            found = preview(
                store,
                given["accounts"],
                given["account"],
                file,
                chosen_from(given["chosen"]),
                lambda part: _record(done, part),
                given["allowed"],
            )
    except DatabaseRefused as error:
        if error.reason != "full":
            raise
        found = refused(NoRoom())
    except DeskError as refusal:
        found = refused(refusal)
    except MemoryError:
        found = refused(ImportTooHeavy())
    try:
        with raising_no_room(), (folder / "answer").open("wb") as stream:
            pickle.dump(found, stream)
    except NoRoom:
        sys.exit(NO_ROOM)


def _record(done: Path, part: float) -> None:
    done.write_text(f"{part:.3f}")


if __name__ == "__main__":
    main()
