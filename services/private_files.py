"""Files that only the service's own user may read: the database, the files of its folder, the settings with the secrets.

Every program begins with ``set_umask``. Files that an earlier version, a restored copy or another program left readable are
repaired at start, or named in the log.
"""

import logging
import os
import stat
from collections.abc import Iterable
from pathlib import Path

log = logging.getLogger(__name__)
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_OURS = ("eterminal", "sandbox")  # how the names of our files in the data folder begin


def set_umask() -> None:
    """Only this process's user may read the files that it and its children make from now on."""
    os.umask(_OTHERS)


def repair(folder: Path, database: Path | None, secrets: Path) -> None:
    """Take other users' permissions from the files; where that cannot be done, log it.

    A folder that also has other people's files is only logged. So is a secrets file that everybody may read: its group may
    be meant to.
    """
    folder, database = folder.resolve(), database.resolve() if database else None
    folders = {folder, database.parent} if database else {folder}
    for place in folders:
        _repair(place, may=_is_ours_alone(place, database))
    files = [path for place in folders for path in _names(place) if path.name.startswith(_OURS)]
    if database:
        files += [database.with_name(database.name + more) for more in ("", "-wal", "-shm", "-journal")]
    for path in sorted(set(files)):
        _repair(path)
    if _mode(secrets) & stat.S_IROTH:
        log.warning("%s holds secrets, and every user of this machine may read it: chmod 600 it", secrets)


def _repair(path: Path, *, may: bool = True) -> None:
    mode = _mode(path)
    if not mode & _OTHERS:
        return
    why = "other files lie there, too"
    if may:
        try:
            path.chmod(mode & ~_OTHERS)  # by its name: closing a database's file would end its locks
            return
        except OSError as error:
            why = str(error.strerror)
    log.warning(
        "other users of this machine may read %s, and this is not changed (%s): chmod go= it", path, why
    )


def _mode(path: Path) -> int:
    """The permissions of a file or folder; none of what is not there, or is a link that leads elsewhere."""
    try:
        about = path.lstat()
    except OSError:
        return 0
    return 0 if stat.S_ISLNK(about.st_mode) else stat.S_IMODE(about.st_mode)


def _is_ours_alone(folder: Path, database: Path | None) -> bool:
    ours = (*_OURS, "lost+found", *([database.name] if database else []))
    return not _mode(folder) & stat.S_ISVTX and all(path.name.startswith(ours) for path in _names(folder))


def _names(folder: Path) -> Iterable[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []
