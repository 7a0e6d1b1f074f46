"""Searching orders: one folding for the list, the match window, erasure and warnings, and for what was stored before it."""

import unicodedata
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, create_engine, select

import services.store.orders
from services import clock, retention
from services.access import SYSTEM
from services.desk import Desk
from services.orders import create, history, warnings
from services.orders.drafts import check
from services.reconciliation.decisions import candidates
from services.store import open_store
from services.store.engine import MIGRATIONS
from services.store.orders.orders import Filter
from services.store.schema.orders import orders
from tests.support import postgres
from tests.support.desk import person
from tests.support.drafts import draft
from tests.support.orders import store_paid_order
from tests.support.payout_lines import import_lines, line, line_id
from tests.support.public import order_with_page

FACTS = {
    "first_name": "Łukasz Jean", "last_name": "Lecœur d’Argent", "phone": "06 12 34 56 78", "reference_1": "INV 2026‑001",
    "description": "Salle de bain, rue de l’Église",
}  # fmt: skip
FINDS = (
    "lecoeur", "LECŒUR d'argent", "dargent lukasz", "Jean-Lecoeur", "0612345678", "+33 6 12 34 56 78", "06.12.34.56.78", "345678",
    "inv-2026-001", "inv2026001", "inv 2026 001", "l'eglise", "leglise", "lecoeur 06 12 34 56 78", "a—1",
)  # fmt: skip
MISSES = ("0612345679", "lecour", "-", "’", "06 12 34 56 78 nobody", "salleeglise")


def test_what_people_can_type_is_found(desk: Desk) -> None:
    order_with_page(desk, "A-1", **FACTS)
    order_with_page(desk, "B-2", phone="+33 6 12 34 56 79")
    for text in FINDS:
        assert [row.order_id for row in history.find(desk, SYSTEM, Filter(text=text)).orders] == ["A-1"], text
    for text in MISSES:
        assert "A-1" not in [row.order_id for row in history.find(desk, SYSTEM, Filter(text=text)).orders], (
            text
        )
    assert history.find(desk, SYSTEM, Filter(text="0612345679")).total == 1
    assert history.find(desk, SYSTEM, Filter(text=" ")).total == 2


def test_a_text_of_any_length_is_a_search(desk: Desk) -> None:
    order_with_page(desk)
    for text in ("x" * 100_000, " ".join(str(n) for n in range(5_000)), "%" * 60_000, "06 " * 5_000):
        assert history.find(desk, SYSTEM, Filter(text=text)).total == 0


def test_a_changed_name_is_found_by_its_new_letters(desk: Desk) -> None:
    order, _ = order_with_page(desk)
    with desk.store.write() as tx:
        services.store.orders.orders.change_facts(tx, order, last_name="Lecœur\0")
    assert history.find(desk, SYSTEM, Filter(text="lecoeur")).total == 1


def test_the_match_window_finds_by_the_same_letters(desk: Desk) -> None:
    store_paid_order(desk, "A-1", "99.00", customer="Lecœur", reference="F‑2026−7")
    import_lines(desk, line("WEB-1"))
    finance, which = person(desk, "finance"), line_id(desk, "WEB-1")
    for text in ("lecoeur", "f-2026-7", "F2026‐7", "a–1"):
        assert [one.order_id for one in candidates.find(desk, finance, which, text)] == ["A-1"], text


def test_an_erasure_by_name_misses_no_spelling(desk: Desk) -> None:
    order_with_page(desk, "A-1", first_name="Łukasz", last_name="d’Argent-Lecœur", expires_at=clock.now())
    order_with_page(desk, "A-2", first_name="Łukasz", last_name="d’Argent", expires_at=clock.now())
    admin = person(desk, "admin")
    with desk.store.write() as tx:
        tx.exec_driver_sql("UPDATE pages SET expires_at = created_at")
    for name in ("lukasz d'argent-lecoeur", "D ARGENT LECŒUR Łukasz", "lukasz dargentlecoeur"):
        assert retention.find(desk, admin, name).orders == ("A-1",), name
    assert not retention.find(desk, admin, "lecoeur").anything
    retention.erase(desk, admin, "lukasz d argent lecoeur")
    assert not retention.find(desk, admin, "Łukasz d’Argent-Lecœur").anything
    for nobody in ("—", "-"):  # the name of who was erased is none
        assert not retention.find(desk, admin, nobody).anything


def test_who_pays_by_telephone_is_warned_of_under_another_spelling(desk: Desk) -> None:
    manager = person(desk, "manager")
    phone = {
        "email": "",
        "channel": "phone",
        "first_name": "Łukasz",
        "last_name": "d’Argent",
        "references": ("F-1",),
    }
    create.create(desk, manager, draft(**phone, order_id="P-1"), create.new_form_key())
    for first, last, known in (("LUKASZ", "D'argent", True), ("Łukasz", "Argent", False)):
        accepted, _ = check(
            draft(**{**phone, "first_name": first, "last_name": last, "references": ("F-2",)}), clock.now()
        )
        assert accepted is not None
        found = warnings.warnings(desk, manager, accepted)
        assert [one.code for one in found if one.code == "still_open"] == ["still_open"] * known


def as_before(text: str) -> str:
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(plain.casefold().split())


def test_orders_of_before_are_found_once_the_tables_are_brought_up_to_date(
    desk: Desk, tmp_path: Path
) -> None:
    url = postgres.empty(str(tmp_path)) if postgres.SERVER else f"sqlite:///{tmp_path / 'before.db'}"
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    before = ScriptDirectory.from_config(config).get_revision("0006").down_revision
    assert isinstance(before, str)
    order_with_page(desk, "A-1", **FACTS)
    ours, theirs = MetaData(), MetaData()
    ours.reflect(desk.store.engine, only=["orders"])
    with desk.store.read() as tx:
        [row] = tx.execute(select(ours.tables["orders"])).mappings()
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as tx:
        config.attributes["connection"] = tx
        command.upgrade(config, before)
        theirs.reflect(tx, only=["orders"])
        table = theirs.tables["orders"]
        facts = {column.name: row[column.name] for column in table.c}
        facts["search"] = as_before(
            " ".join(str(row[name]) for name in ("order_id", "first_name", "last_name", "phone"))
        )
        tx.execute(
            table.insert(),
            [
                facts | {"id": n, "order_id": f"A-1.{n}", "form_key": str(n), "mark": str(n)}
                for n in range(1, 5_003)
            ],
        )
    engine.dispose()
    store = open_store(url)
    with store.read() as tx:
        for text in FINDS[:7]:
            assert (
                services.store.orders.orders.count_orders(tx, Filter(text=text), None, now=clock.now())
                == 5_002
            ), text
        assert (
            services.store.orders.orders.count_orders(tx, Filter(text="a-1.5002"), None, now=clock.now()) == 1
        )
        assert set(tx.scalars(select(orders.c.search))) == {
            services.store.orders.orders.searched(one._asdict()) for one in tx.execute(select(orders))
        }
    store.close()
