"""A mail that kills the worker which has it read: after two workers it is skipped and named, and the next one is read."""

import signal
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.mail import reports
from services.orders import bounces
from services.store import alarms
from tests.support import forked, readers
from tests.support.desk import open_test_desk
from tests.support.imap import Imap

pytestmark = pytest.mark.faults


def read(folder: Path, database: str, mailbox: str) -> None:
    """What a worker does; the one before it died long ago."""
    bounces._GIVEN_UP = timedelta(0)
    reports.read_report = readers.report_or_death
    bounces.read_mailbox(
        open_test_desk(folder, database_url=SecretStr(database), imap_url=SecretStr(mailbox))
    )


def test_two_workers_died_of_it(tmp_path: Path) -> None:
    desk = open_test_desk(tmp_path)
    with Imap() as imap:
        imap.add(b"deadly for the worker")
        imap.add(b"of no interest")
        ends = []
        for _ in range(3):
            process = forked.begin(read, tmp_path, desk.settings.database, imap.url, log=tmp_path / "log")
            process.join(60)
            ends.append(process.exitcode)
        assert ends == [-signal.SIGKILL, -signal.SIGKILL, 0], (tmp_path / "log").read_text()
        assert [one.split()[2] for one in imap.commands if one.startswith("UID FETCH")] == [
            "1",
            "1",
            "1",
            "2",
        ]
    with desk.store.read() as tx:
        [alarm] = alarms.open_of_kinds(tx, ["mail_skipped"]).values()
    assert alarm.detail["uid"] == 1
    desk.close()
