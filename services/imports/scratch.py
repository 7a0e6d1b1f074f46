"""A temporary folder that exists as long as an object refers to it."""

import shutil
import tempfile
import weakref
from pathlib import Path


class Folder:
    """A folder that is removed with the last reference to this object, at the latest when the process ends."""

    def __init__(self, prefix: str) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=prefix))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)
