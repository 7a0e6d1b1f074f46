"""The schema names the least program that may import, decide or fold, and stops older ones that do not know to ask.

Programs before this migration go on mailing and storing notifications beside it, but

- they see no notification to process: one that they store as ``stored`` is ``received``;
- they lease no read of a payment, since a lease names its program, and theirs does not;
- the columns of a payment change with ``folds`` alone, which they do not count;
- the lease of the import process is somebody else's for ever; now it has another name;
- decisions are refused on a connection that does not name its program.
"""

import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_META = sa.table("meta", sa.column("name"), sa.column("value"))
_NOTIFICATIONS = sa.table("notifications", sa.column("state"))
_FOLDED = (
    "payment", "authorised", "captured", "refunded", "charged_back", "paid_at", "captured_at", "last_captured_at",
)  # fmt: skip
_DECIDED = ("line_decisions", "order_acceptances", "not_ours_rules", "held_acts")
_FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC).timestamp()
_LEAST = "(SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'least_program')"


def upgrade() -> None:
    tx = op.get_bind()
    op.add_column("orders", sa.Column("folds", sa.Integer(), nullable=False, server_default="0"))
    tx.execute(sa.update(_NOTIFICATIONS).where(_NOTIFICATIONS.c.state == "stored").values(state="received"))
    tx.execute(sa.delete(_META).where(_META.c.name == "reconciling"))
    taken = json.dumps(["a newer version", _FOR_EVER])
    tx.execute(
        sa.insert(_META),
        [{"name": "reconciling", "value": taken}, {"name": "least_program", "value": str(int(revision))}],
    )
    for statement in _sqlite() if tx.dialect.name == "sqlite" else _postgresql():
        tx.exec_driver_sql(statement)


def _sqlite() -> list[str]:
    changed = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in _FOLDED)
    former = ", ".join(f"{name} = OLD.{name}" for name in _FOLDED)
    restored = f"UPDATE orders SET {former} WHERE id = NEW.id;"  # noqa: S608 - names of columns
    return [
        f"CREATE TRIGGER orders_folds AFTER UPDATE OF {', '.join(_FOLDED)} ON orders "
        f"WHEN NEW.folds = OLD.folds AND ({changed}) "
        f"BEGIN {restored} END",
        "CREATE TRIGGER notifications_received AFTER INSERT ON notifications WHEN NEW.state = 'stored' "
        "BEGIN UPDATE notifications SET state = 'received' WHERE id = NEW.id; END",
        "CREATE TRIGGER steps_program BEFORE UPDATE OF leased_by ON steps "
        "WHEN NEW.kind = 'read' AND NEW.leased_by NOT LIKE 'program %' "
        "BEGIN SELECT RAISE(ABORT, 'an older program reads no payment'); END",
        *(
            f"CREATE TRIGGER {table}_{what.lower()}_program BEFORE {what} ON {table} BEGIN "
            f"SELECT RAISE(ABORT, 'an older program does not decide') WHERE eterminal_program() < {_LEAST}; END"
            for table in _DECIDED
            for what in ("INSERT", "UPDATE")
        ),
    ]


def _postgresql() -> list[str]:
    changed = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in _FOLDED)
    former = " ".join(f"NEW.{name} := OLD.{name};" for name in _FOLDED)
    program = "coalesce(nullif(current_setting('eterminal.program', true), ''), '0')::integer"

    def function(name: str, body: str) -> str:
        return (
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NEW; END $$"
        )

    return [
        function("orders_folds", former),
        "CREATE TRIGGER orders_folds BEFORE UPDATE ON orders FOR EACH ROW "
        f"WHEN (NEW.folds = OLD.folds AND ({changed})) EXECUTE FUNCTION orders_folds()",
        function("notifications_received", "NEW.state := 'received';"),
        "CREATE TRIGGER notifications_received BEFORE INSERT ON notifications FOR EACH ROW "
        "WHEN (NEW.state = 'stored') EXECUTE FUNCTION notifications_received()",
        function("steps_program", "RAISE EXCEPTION 'an older program reads no payment';"),
        "CREATE TRIGGER steps_program BEFORE UPDATE OF leased_by ON steps FOR EACH ROW "
        "WHEN (NEW.kind = 'read' AND NEW.leased_by NOT LIKE 'program %%') EXECUTE FUNCTION steps_program()",
        function(
            "decided_by_program",
            f"IF {program} < {_LEAST} THEN RAISE EXCEPTION 'an older program does not decide'; END IF;",
        ),
        *(
            f"CREATE TRIGGER {table}_program BEFORE INSERT OR UPDATE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION decided_by_program()"
            for table in _DECIDED
        ),
    ]


def downgrade() -> None:
    raise RuntimeError("the store only goes forward: restore a backup to go back")
