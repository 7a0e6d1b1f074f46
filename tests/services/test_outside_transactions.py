"""Nobody asks a folder, a name server or a network within a transaction: one that hangs would stop all writing."""

import io
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import services.reconciliation.views.overview
from services.access import WORKER
from services.accounts.checks import SENDING
from services.accounts.readiness import BLOCKS, readiness
from services.alarms.sweep import sweep
from services.bulk import request_table, sending
from services.bulk.rows import Rules
from services.checklist.overview import last_checks, overview
from services.desk import Desk
from services.imports import background, files
from services.imports.received import fetch_schedule, folder
from services.orders import create, history, notifications
from services.settings.sources import ROOT
from services.store import Connection, Store
from services.store.orders.orders import Filter
from tests.support.desk import person
from tests.support.drafts import draft
from tests.support.public import body
from tests.support.tables import as_csv, row

pytestmark = pytest.mark.desk(prepared=True, settlements_folder="watched")

_FOLDERS = ("stat", "lstat", "access", "scandir", "listdir", "open", "replace")
FILE = b"Account;Settlement ID;Transaction ID;Order;Original amount;Original currency;Currency;Operation;Settled amount;Settlement currency;Date\n1;77;T-1;A-1;10.00;EUR;;Sale;10.00;EUR;2026-11-20\n"


@pytest.fixture
def desk(desk: Desk) -> Iterator[Desk]:
    with _refused_in_transactions():
        yield desk


@contextmanager
def _refused_in_transactions() -> Iterator[None]:
    here = threading.local()

    def marked(transaction: Callable[..., Any]) -> Callable[..., Any]:
        @contextmanager
        def begun(store: Store) -> Iterator[Connection]:
            with transaction(store) as tx:
                here.deep = getattr(here, "deep", 0) + 1
                try:
                    yield tx
                finally:
                    here.deep -= 1

        return begun

    def refusing(call: Callable[..., Any]) -> Callable[..., Any]:
        def asked(*args: Any, **more: Any) -> Any:
            own = str(args[0]).startswith((str(ROOT), sys.prefix, sys.base_prefix))  # modules, catalogues
            assert own or not getattr(here, "deep", 0), f"{call.__name__}{args[:1]} within a transaction"
            return call(*args, **more)

        return asked

    with pytest.MonkeyPatch.context() as patch:
        for name in ("read", "write"):
            patch.setattr(Store, name, marked(getattr(Store, name)))
        for name in _FOLDERS:
            patch.setattr(os, name, refusing(getattr(os, name)))
        for name in ("getaddrinfo", "create_connection"):
            patch.setattr(socket, name, refusing(getattr(socket, name)))
        yield


def test_the_watch_sees_a_question(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="within a transaction"), desk.store.read():
        tmp_path.is_dir()


def test_what_people_and_workers_do_asks_nobody_in_a_transaction(desk: Desk) -> None:
    manager, admin = person(desk, "manager"), person(desk, "admin")
    create.create(desk, manager, draft(order_id="A-1"), create.new_form_key())
    history.detail(desk, manager, history.find(desk, manager, Filter()).orders[0].id)
    assert readiness(desk, "demo", "link").ready
    overview(desk, admin, "demo")
    assert last_checks(desk, "demo")
    services.reconciliation.views.overview.overview(desk, manager)
    good = request_table.preview(desk, manager, "demo", as_csv([row(1)]), Rules("fr", 7, "fr")).good
    sending.start(desk, manager, "demo", "a.csv", good, days=7, per_minute=60, form_key="k")
    assert sending.work(desk)
    notifications.receive(desk, "demo", body("A-1"), "application/x-www-form-urlencoded")
    assert notifications.work_off(desk) == 1
    files.receive(desk, WORKER, "demo", "a.csv", io.BytesIO(FILE))
    background.work_off(desk)
    fetch_schedule.request_due(desk)
    folder.Watch(desk, still=0).poll()
    sweep(desk)


def test_only_what_is_asked_before_sending_may_stop_it() -> None:
    assert {key.partition(".")[0] for key in BLOCKS} <= set(SENDING)
