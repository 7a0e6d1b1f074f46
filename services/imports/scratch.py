"""A folder of one's own on the disk, for what lies there only as long as somebody needs it."""

import shutil
import tempfile
import weakref
from pathlib import Path


class Folder:
    """Gone with the last that holds it, at the latest with the process."""

    def __init__(self, prefix: str) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=prefix))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)
