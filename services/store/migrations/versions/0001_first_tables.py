"""The first tables."""

import sqlalchemy as sa
from alembic import op

from services.store.schema import types

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account_checks",
        sa.Column("account", types.Text(), nullable=False),
        sa.Column("name", types.Text(), nullable=False),
        sa.Column("status", types.Text(), nullable=False),
        sa.Column("detail", types.Json(), nullable=False),
        sa.Column("checked_at", types.Utc(), nullable=False),
        sa.Column("actor_kind", types.Text(), nullable=False),
        sa.Column("actor_id", types.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account", "name", name=op.f("pk_account_checks")),
    )
    op.create_table(
        "account_config",
        sa.Column("account", types.Text(), nullable=False),
        sa.Column("section", types.Text(), nullable=False),
        sa.Column("language", types.Text(), nullable=False),
        sa.Column("data", types.Json(), nullable=False),
        sa.Column("updated_at", types.Utc(), nullable=False),
        sa.Column("actor_kind", types.Text(), nullable=False),
        sa.Column("actor_id", types.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account", "section", "language", name=op.f("pk_account_config")),
    )
    op.create_table(
        "account_matching",
        sa.Column("account", types.Text(), nullable=False),
        sa.Column("reference", sa.Integer(), nullable=False),
        sa.Column("ignore", types.Json(), nullable=False),
        sa.Column("reading", types.Json(), nullable=False),
        sa.Column("file_accounts", types.Json(), nullable=False),
        sa.Column("version", types.BigInt, nullable=False),
        sa.Column("rejoin", types.BigInt, nullable=True),
        sa.Column("rejoin_all", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_account_matching")),
    )
    op.create_table(
        "account_pauses",
        sa.Column("account", types.Text(), nullable=False),
        sa.Column("subject", types.Text(), nullable=False),
        sa.Column("reason", types.Text(), nullable=False),
        sa.Column("since", types.Utc(), nullable=False),
        sa.PrimaryKeyConstraint("account", "subject", name=op.f("pk_account_pauses")),
    )
    op.create_table(
        "audit",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("at", types.Utc(), nullable=False),
        sa.Column("actor_kind", types.Text(), nullable=False),
        sa.Column("actor_id", types.Text(), nullable=False),
        sa.Column("action", types.Text(), nullable=False),
        sa.Column("subject", types.Text(), nullable=False),
        sa.Column("detail", types.Json(), nullable=False),
        sa.Column("hash", types.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sa.UniqueConstraint("hash", name=op.f("uq_audit_hash")),
    )
    op.create_table(
        "batches",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("account", types.Text(), nullable=False),
        sa.Column("name", types.Text(), nullable=False),
        sa.Column("form_key", types.Text(), nullable=False),
        sa.Column("state", types.Text(), nullable=False),
        sa.Column("reason", types.Text(), nullable=False),
        sa.Column("per_minute", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("next_at", types.Utc(), nullable=False),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("finished_at", types.Utc(), nullable=True),
        sa.Column("actor_kind", types.Text(), nullable=False),
        sa.Column("actor_id", types.Text(), nullable=False),
        sa.Column("sender_name", types.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
        sa.UniqueConstraint("form_key", name=op.f("uq_batches_form_key")),
    )
    with op.batch_alter_table("batches", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_batches_state_next_at"), ["state", "next_at"], unique=False)

    op.create_table(
        "finance_notifications",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("account", types.Text(), nullable=False),
        sa.Column("received_at", types.Utc(), nullable=False),
        sa.Column("identity", types.Text(), nullable=False),
        sa.Column("content_type", types.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("state", types.Text(), nullable=False),
        sa.Column("settlement_id", types.Text(), nullable=False),
        sa.Column("worked_at", types.Utc(), nullable=True),
        sa.Column("detail", types.Json(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finance_notifications")),
        sa.UniqueConstraint("account", "identity", name=op.f("uq_finance_notifications_account_identity")),
    )
    with op.batch_alter_table("finance_notifications", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_finance_notifications_state_id"), ["state", "id"], unique=False)

    op.create_table(
        "folder_files",
        sa.Column("account", types.Text(), nullable=False),
        sa.Column("sha256", types.Text(), nullable=False),
        sa.Column("name", types.Text(), nullable=False),
        sa.Column("size", types.BigInt, nullable=False),
        sa.Column("state", types.Text(), nullable=False),
        sa.Column("files", types.Json(), nullable=False),
        sa.Column("failure", types.Text(), nullable=False),
        sa.Column("failure_detail", types.Json(), nullable=False),
        sa.Column("leased_until", types.Utc(), nullable=True),
        sa.Column("found_at", types.Utc(), nullable=False),
        sa.PrimaryKeyConstraint("account", "sha256", name=op.f("pk_folder_files")),
    )
    op.create_table(
        "hipay_settlements",
        sa.Column("account", types.Text(), nullable=False),
        sa.Column("settlement_id", types.Text(), nullable=False),
        sa.Column("amount", types.BigInt, nullable=False),
        sa.Column("currency", types.Text(), nullable=False),
        sa.Column("date_value", types.Text(), nullable=False),
        sa.Column("figures", types.Json(), nullable=False),
        sa.Column("recent", sa.Boolean(), nullable=False),
        sa.Column("first_seen_at", types.Utc(), nullable=False),
        sa.Column("seen_at", types.Utc(), nullable=False),
        sa.Column("file", types.BigInt, nullable=True),
        sa.Column("sha256", types.Text(), nullable=False),
        sa.Column("file_figures", types.Json(), nullable=False),
        sa.Column("fetched_at", types.Utc(), nullable=True),
        sa.Column("failure", types.Text(), nullable=False),
        sa.Column("failure_detail", types.Json(), nullable=False),
        sa.Column("failed_at", types.Utc(), nullable=True),
        sa.PrimaryKeyConstraint("account", "settlement_id", name=op.f("pk_hipay_settlements")),
    )
    op.create_table(
        "meta",
        sa.Column("name", types.Text(), nullable=False),
        sa.Column("value", types.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_meta")),
    )
    op.create_table(
        "not_ours_rules",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("account", types.Text(), nullable=False),
        sa.Column("field", types.Text(), nullable=False),
        sa.Column("pattern", types.Text(), nullable=False),
        sa.Column("text", types.Text(), nullable=False),
        sa.Column("reason", types.Text(), nullable=False),
        sa.Column("form_key", types.Text(), nullable=False),
        sa.Column("at", types.Utc(), nullable=False),
        sa.Column("actor_kind", types.Text(), nullable=False),
        sa.Column("actor_id", types.Text(), nullable=False),
        sa.Column("ended_at", types.Utc(), nullable=True),
        sa.Column("ended_by", types.Text(), nullable=True),
        sa.Column("end_reason", types.Text(), nullable=False),
        sa.Column("joined_to", types.BigInt, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_not_ours_rules")),
        sa.UniqueConstraint("form_key", name=op.f("uq_not_ours_rules_form_key")),
    )
    with op.batch_alter_table("not_ours_rules", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_not_ours_rules_account"), ["account"], unique=False)

    op.create_table(
        "order_templates",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("account", types.Text(), nullable=False),
        sa.Column("name", types.Text(), nullable=False),
        sa.Column("data", types.Json(), nullable=False),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("actor_kind", types.Text(), nullable=False),
        sa.Column("actor_id", types.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_templates")),
        sa.UniqueConstraint("account", "name", name=op.f("uq_order_templates_account_name")),
    )
    op.create_table(
        "orders",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("account", types.Text(), nullable=False),
        sa.Column("order_id", types.Text(), nullable=False),
        sa.Column("channel", types.Text(), nullable=False),
        sa.Column("form_key", types.Text(), nullable=False),
        sa.Column("mark", types.Text(), nullable=False),
        sa.Column("first_name", types.Text(), nullable=False),
        sa.Column("last_name", types.Text(), nullable=False),
        sa.Column("email", types.Text(), nullable=False),
        sa.Column("phone", types.Text(), nullable=False),
        sa.Column("language", types.Text(), nullable=False),
        sa.Column("amount", types.BigInt, nullable=False),
        sa.Column("currency", types.Text(), nullable=False),
        sa.Column("description", types.Text(), nullable=False),
        sa.Column("reference_1", types.Text(), nullable=False),
        sa.Column("reference_2", types.Text(), nullable=False),
        sa.Column("reference_3", types.Text(), nullable=False),
        sa.Column("reference_4", types.Text(), nullable=False),
        sa.Column("reference_5", types.Text(), nullable=False),
        sa.Column("capture", types.Text(), nullable=False),
        sa.Column("expires_at", types.Utc(), nullable=False),
        sa.Column("copy_to", types.Text(), nullable=False),
        sa.Column("link_token", types.Text(), nullable=True),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("actor_kind", types.Text(), nullable=False),
        sa.Column("actor_id", types.Text(), nullable=False),
        sa.Column("sender_name", types.Text(), nullable=False),
        sa.Column("search", types.Text(), nullable=False),
        sa.Column("delivery", types.Text(), nullable=False),
        sa.Column("availability", types.Text(), nullable=False),
        sa.Column("payment", types.Text(), nullable=False),
        sa.Column("authorised", types.BigInt, nullable=False),
        sa.Column("captured", types.BigInt, nullable=False),
        sa.Column("refunded", types.BigInt, nullable=False),
        sa.Column("charged_back", types.BigInt, nullable=False),
        sa.Column("failure", types.Text(), nullable=False),
        sa.Column("failure_detail", types.Json(), nullable=False),
        sa.Column("sent_at", types.Utc(), nullable=True),
        sa.Column("paid_at", types.Utc(), nullable=True),
        sa.Column("checked_at", types.Utc(), nullable=True),
        sa.Column("erased_at", types.Utc(), nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_orders_amount_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("account", "order_id", name=op.f("uq_orders_account_order_id")),
        sa.UniqueConstraint("form_key", name=op.f("uq_orders_form_key")),
        sa.UniqueConstraint("link_token", name=op.f("uq_orders_link_token")),
        sa.UniqueConstraint("mark", name=op.f("uq_orders_mark")),
    )
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_orders_account_reference_1"), ["account", "reference_1"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_orders_created_at_id"), ["created_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_orders_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_orders_paid_at"), ["paid_at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_orders_payment_created_at"), ["payment", "created_at"], unique=False
        )

    op.create_table(
        "payout_requests",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("account", types.Text(), nullable=False),
        sa.Column("source", types.Text(), nullable=False),
        sa.Column("settlement_id", types.Text(), nullable=False),
        sa.Column("form_key", types.Text(), nullable=False),
        sa.Column("state", types.Text(), nullable=False),
        sa.Column("due_at", types.Utc(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("leased_until", types.Utc(), nullable=True),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("fetched", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("missed", sa.Integer(), nullable=False),
        sa.Column("current", types.Text(), nullable=False),
        sa.Column("bytes", types.BigInt, nullable=False),
        sa.Column("failure", types.Text(), nullable=False),
        sa.Column("failure_detail", types.Json(), nullable=False),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("finished_at", types.Utc(), nullable=True),
        sa.Column("actor_kind", types.Text(), nullable=False),
        sa.Column("actor_id", types.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_requests")),
        sa.UniqueConstraint("form_key", name=op.f("uq_payout_requests_form_key")),
    )
    with op.batch_alter_table("payout_requests", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_payout_requests_account_id"), ["account", "id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_payout_requests_state_due_at"), ["state", "due_at"], unique=False
        )

    op.create_table(
        "settlement_files",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("account", types.Text(), nullable=False),
        sa.Column("name", types.Text(), nullable=False),
        sa.Column("sha256", types.Text(), nullable=False),
        sa.Column("size", types.BigInt, nullable=False),
        sa.Column("source", types.Text(), nullable=False),
        sa.Column("state", types.Text(), nullable=False),
        sa.Column("chosen", types.Json(), nullable=False),
        sa.Column("reading", types.Json(), nullable=False),
        sa.Column("failure", types.Text(), nullable=False),
        sa.Column("failure_detail", types.Json(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("lines_done", sa.Integer(), nullable=False),
        sa.Column("bytes_done", types.BigInt, nullable=False),
        sa.Column("first_line_id", types.BigInt, nullable=True),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("known_lines", sa.Integer(), nullable=False),
        sa.Column("changed_lines", sa.Integer(), nullable=False),
        sa.Column("aside", types.Json(), nullable=False),
        sa.Column("aside_blocking", sa.Integer(), nullable=False),
        sa.Column("aside_settlements", types.Json(), nullable=False),
        sa.Column("settlements", types.Json(), nullable=False),
        sa.Column("hipay_settlement", types.Text(), nullable=False),
        sa.Column("follow_up", types.BigInt, nullable=True),
        sa.Column("uploaded_at", types.Utc(), nullable=False),
        sa.Column("finished_at", types.Utc(), nullable=True),
        sa.Column("alive_at", types.Utc(), nullable=False),
        sa.Column("actor_kind", types.Text(), nullable=False),
        sa.Column("actor_id", types.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement_files")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("settlement_files", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_settlement_files_state"), ["state"], unique=False)
        batch_op.create_index(
            "uq_settlement_files_account_sha256",
            ["account", "sha256"],
            unique=True,
            sqlite_where=sa.text("state NOT IN ('receiving', 'failed', 'cancelled')"),
            postgresql_where=sa.text("state NOT IN ('receiving', 'failed', 'cancelled')"),
        )

    op.create_table(
        "users",
        sa.Column("id", types.Text(), nullable=False),
        sa.Column("issuer", types.Text(), nullable=False),
        sa.Column("subject", types.Text(), nullable=False),
        sa.Column("email", types.Text(), nullable=False),
        sa.Column("name", types.Text(), nullable=False),
        sa.Column("language", types.Text(), nullable=False),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("signed_in_at", types.Utc(), nullable=False),
        sa.Column("seen_at", types.Utc(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_users_issuer_subject")),
    )
    op.create_table(
        "alarms",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("account", types.Text(), nullable=False),
        sa.Column("order", types.BigInt, nullable=True),
        sa.Column("kind", types.Text(), nullable=False),
        sa.Column("identity", types.Text(), nullable=False),
        sa.Column("detail", types.Json(), nullable=False),
        sa.Column("opened_at", types.Utc(), nullable=False),
        sa.Column("owner", types.Text(), nullable=True),
        sa.Column("closed_at", types.Utc(), nullable=True),
        sa.Column("closed_by", types.Text(), nullable=True),
        sa.Column("closing_reason", types.Text(), nullable=True),
        sa.ForeignKeyConstraint(["order"], ["orders.id"], name=op.f("fk_alarms_order")),
        sa.ForeignKeyConstraint(["owner"], ["users.id"], name=op.f("fk_alarms_owner")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarms")),
        sa.UniqueConstraint("identity", name=op.f("uq_alarms_identity")),
    )
    with op.batch_alter_table("alarms", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_alarms_closed_at"), ["closed_at"], unique=False)

    op.create_table(
        "batch_rows",
        sa.Column("batch", types.BigInt, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("state", types.Text(), nullable=False),
        sa.Column("data", types.Json(), nullable=False),
        sa.Column("order", types.BigInt, nullable=True),
        sa.Column("problems", types.Json(), nullable=False),
        sa.ForeignKeyConstraint(["batch"], ["batches.id"], name=op.f("fk_batch_rows_batch")),
        sa.ForeignKeyConstraint(["order"], ["orders.id"], name=op.f("fk_batch_rows_order")),
        sa.PrimaryKeyConstraint("batch", "number", name=op.f("pk_batch_rows")),
    )
    with op.batch_alter_table("batch_rows", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_batch_rows_batch_state_number"), ["batch", "state", "number"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_batch_rows_order"), ["order"], unique=False)

    op.create_table(
        "line_totals",
        sa.Column("file", types.BigInt, nullable=False),
        sa.Column("account", types.Text(), nullable=False),
        sa.Column("settlement_id", types.Text(), nullable=False),
        sa.Column("settlement_currency", types.Text(), nullable=False),
        sa.Column("kind", types.Text(), nullable=False),
        sa.Column("operation_code", types.Text(), nullable=False),
        sa.Column("operation", types.Text(), nullable=False),
        sa.Column("outcome", types.Text(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("settled_units", types.BigInt, nullable=False),
        sa.Column("moved_units", types.BigInt, nullable=False),
        sa.Column("first_date", types.Text(), nullable=False),
        sa.Column("last_date", types.Text(), nullable=False),
        sa.ForeignKeyConstraint(["file"], ["settlement_files.id"], name=op.f("fk_line_totals_file")),
        sa.PrimaryKeyConstraint(
            "file",
            "account",
            "settlement_id",
            "settlement_currency",
            "kind",
            "operation_code",
            "operation",
            "outcome",
            name=op.f("pk_line_totals"),
        ),
    )
    with op.batch_alter_table("line_totals", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_line_totals_account_settlement_id"), ["account", "settlement_id"], unique=False
        )

    op.create_table(
        "notices",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("user_id", types.Text(), nullable=False),
        sa.Column("order", types.BigInt, nullable=False),
        sa.Column("account", types.Text(), nullable=False),
        sa.Column("kind", types.Text(), nullable=False),
        sa.Column("identity", types.Text(), nullable=False),
        sa.Column("detail", types.Json(), nullable=False),
        sa.Column("message_id", types.Text(), nullable=False),
        sa.Column("state", types.Text(), nullable=False),
        sa.Column("answer", types.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("unknown", sa.Integer(), nullable=False),
        sa.Column("due_at", types.Utc(), nullable=False),
        sa.Column("leased_until", types.Utc(), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("sent_at", types.Utc(), nullable=True),
        sa.ForeignKeyConstraint(["order"], ["orders.id"], name=op.f("fk_notices_order")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_notices_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("identity", name=op.f("uq_notices_identity")),
    )
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notices_order"), ["order"], unique=False)
        batch_op.create_index(batch_op.f("ix_notices_state_due_at"), ["state", "due_at"], unique=False)

    op.create_table(
        "notifications",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("account", types.Text(), nullable=False),
        sa.Column("received_at", types.Utc(), nullable=False),
        sa.Column("identity", types.Text(), nullable=False),
        sa.Column("content_type", types.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("state", types.Text(), nullable=False),
        sa.Column("order", types.BigInt, nullable=True),
        sa.Column("worked_at", types.Utc(), nullable=True),
        sa.Column("detail", types.Json(), nullable=False),
        sa.ForeignKeyConstraint(["order"], ["orders.id"], name=op.f("fk_notifications_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
        sa.UniqueConstraint("account", "identity", name=op.f("uq_notifications_account_identity")),
    )
    with op.batch_alter_table("notifications", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notifications_state_id"), ["state", "id"], unique=False)

    op.create_table(
        "operations",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("order", types.BigInt, nullable=False),
        sa.Column("account", types.Text(), nullable=False),
        sa.Column("reference", types.Text(), nullable=False),
        sa.Column("kind", types.Text(), nullable=False),
        sa.Column("amount", types.BigInt, nullable=True),
        sa.Column("currency", types.Text(), nullable=False),
        sa.Column("why", types.Text(), nullable=False),
        sa.Column("form_key", types.Text(), nullable=False),
        sa.Column("operation_id", types.Text(), nullable=False),
        sa.Column("state", types.Text(), nullable=False),
        sa.Column("failure", types.Text(), nullable=False),
        sa.Column("failure_detail", types.Json(), nullable=False),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("done_at", types.Utc(), nullable=True),
        sa.Column("actor_kind", types.Text(), nullable=False),
        sa.Column("actor_id", types.Text(), nullable=False),
        sa.ForeignKeyConstraint(["order"], ["orders.id"], name=op.f("fk_operations_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operations")),
        sa.UniqueConstraint("account", "operation_id", name=op.f("uq_operations_account_operation_id")),
        sa.UniqueConstraint("form_key", name=op.f("uq_operations_form_key")),
    )
    with op.batch_alter_table("operations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_operations_order"), ["order"], unique=False)

    op.create_table(
        "order_keys",
        sa.Column("loose", types.Text(), nullable=False),
        sa.Column("account", types.Text(), nullable=False),
        sa.Column("kind", types.Text(), nullable=False),
        sa.Column("text", types.Text(), nullable=False),
        sa.Column("order", types.BigInt, nullable=False),
        sa.ForeignKeyConstraint(["order"], ["orders.id"], name=op.f("fk_order_keys_order")),
        sa.PrimaryKeyConstraint("loose", "account", "kind", "text", "order", name=op.f("pk_order_keys")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("order_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_order_keys_account_kind"), ["account", "kind"], unique=False)
        batch_op.create_index(batch_op.f("ix_order_keys_order"), ["order"], unique=False)

    op.create_table(
        "order_positions",
        sa.Column("order", types.BigInt, autoincrement=False, nullable=False),
        sa.Column("account", types.Text(), nullable=False),
        sa.Column("status", types.Text(), nullable=False),
        sa.Column("currency", types.Text(), nullable=False),
        sa.Column("amount_units", types.BigInt, nullable=False),
        sa.Column("captured_units", types.BigInt, nullable=False),
        sa.Column("captures", sa.Integer(), nullable=False),
        sa.Column("gross_units", types.BigInt, nullable=False),
        sa.Column("refunds_units", types.BigInt, nullable=False),
        sa.Column("chargebacks_units", types.BigInt, nullable=False),
        sa.Column("won_units", types.BigInt, nullable=False),
        sa.Column("open_units", types.BigInt, nullable=False),
        sa.Column("fees_units", types.BigInt, nullable=True),
        sa.Column("vat_units", types.BigInt, nullable=True),
        sa.Column("invoice_currency", types.Text(), nullable=False),
        sa.Column("net_units", types.BigInt, nullable=True),
        sa.Column("settlement_currency", types.Text(), nullable=False),
        sa.Column("settlement_ids", types.Text(), nullable=False),
        sa.Column("first_date", types.Text(), nullable=False),
        sa.Column("last_date", types.Text(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("paid_at", types.Utc(), nullable=True),
        sa.ForeignKeyConstraint(["order"], ["orders.id"], name=op.f("fk_order_positions_order")),
        sa.PrimaryKeyConstraint("order", name=op.f("pk_order_positions")),
    )
    with op.batch_alter_table("order_positions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_order_positions_account_amount_units_currency"),
            ["account", "amount_units", "currency"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_order_positions_account_last_date_order"),
            ["account", "last_date", "order"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_order_positions_account_status_order"),
            ["account", "status", "order"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_order_positions_account_status_paid_at"),
            ["account", "status", "paid_at"],
            unique=False,
        )

    op.create_table(
        "pages",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("order", types.BigInt, nullable=False),
        sa.Column("account", types.Text(), nullable=False),
        sa.Column("hipay_order_id", types.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("amount", types.BigInt, nullable=False),
        sa.Column("currency", types.Text(), nullable=False),
        sa.Column("state", types.Text(), nullable=False),
        sa.Column("url", types.Text(), nullable=True),
        sa.Column("mid", types.Text(), nullable=False),
        sa.Column("token", types.Text(), nullable=False),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("opened_at", types.Utc(), nullable=True),
        sa.Column("expires_at", types.Utc(), nullable=True),
        sa.Column("claimed_until", types.Utc(), nullable=True),
        sa.ForeignKeyConstraint(["order"], ["orders.id"], name=op.f("fk_pages_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pages")),
        sa.UniqueConstraint("account", "hipay_order_id", name=op.f("uq_pages_account_hipay_order_id")),
        sa.UniqueConstraint("order", "number", name=op.f("uq_pages_order_number")),
        sa.UniqueConstraint("token", name=op.f("uq_pages_token")),
    )
    with op.batch_alter_table("pages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pages_order"), ["order"], unique=False)

    op.create_table(
        "sessions",
        sa.Column("id", types.Text(), nullable=False),
        sa.Column("user_id", types.Text(), nullable=False),
        sa.Column("started_at", types.Utc(), nullable=False),
        sa.Column("ends_at", types.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
    )
    op.create_table(
        "settlement_chunks",
        sa.Column("file", types.BigInt, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["file"], ["settlement_files.id"], name=op.f("fk_settlement_chunks_file")),
        sa.PrimaryKeyConstraint("file", "number", name=op.f("pk_settlement_chunks")),
    )
    op.create_table(
        "settlement_lines",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("account", types.Text(), nullable=False),
        sa.Column("identity", types.Text(), nullable=False),
        sa.Column("key", types.Text(), nullable=False),
        sa.Column("file", types.BigInt, nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("replaced_by", types.BigInt, nullable=True),
        sa.Column("file_account", types.Text(), nullable=False),
        sa.Column("account_name", types.Text(), nullable=False),
        sa.Column("date", types.Text(), nullable=False),
        sa.Column("date_value", types.Text(), nullable=False),
        sa.Column("invoice_reference", types.Text(), nullable=False),
        sa.Column("settlement_id", types.Text(), nullable=False),
        sa.Column("transaction_id", types.Text(), nullable=False),
        sa.Column("file_order", types.Text(), nullable=False),
        sa.Column("product_name", types.Text(), nullable=False),
        sa.Column("invoiced", types.Text(), nullable=False),
        sa.Column("settled", types.Text(), nullable=False),
        sa.Column("original_currency", types.Text(), nullable=False),
        sa.Column("currency", types.Text(), nullable=False),
        sa.Column("operation", types.Text(), nullable=False),
        sa.Column("settlement_currency", types.Text(), nullable=False),
        sa.Column("original_settlement_id", types.Text(), nullable=False),
        sa.Column("customer_id", types.Text(), nullable=False),
        sa.Column("merchant_operation_id", types.Text(), nullable=False),
        sa.Column("reporting_data_1", types.Text(), nullable=False),
        sa.Column("reporting_data_2", types.Text(), nullable=False),
        sa.Column("reporting_data_3", types.Text(), nullable=False),
        sa.Column("reporting_data_4", types.Text(), nullable=False),
        sa.Column("reporting_data_5", types.Text(), nullable=False),
        sa.Column("collect_mode", types.Text(), nullable=False),
        sa.Column("transfer", types.Text(), nullable=False),
        sa.Column("operation_date", types.Text(), nullable=False),
        sa.Column("operation_code", types.Text(), nullable=False),
        sa.Column("kind", types.Text(), nullable=False),
        sa.Column("lost", types.Text(), nullable=False),
        sa.Column("original_amount_units", types.BigInt, nullable=True),
        sa.Column("amount_excl_tax_units", types.BigInt, nullable=True),
        sa.Column("tax_amount_units", types.BigInt, nullable=True),
        sa.Column("amount_incl_tax_units", types.BigInt, nullable=True),
        sa.Column("settled_amount_units", types.BigInt, nullable=True),
        sa.Column("outcome", types.Text(), nullable=False),
        sa.Column("reason", types.Text(), nullable=False),
        sa.Column("order", types.BigInt, nullable=True),
        sa.Column("keys", types.Text(), nullable=False),
        sa.Column("unknown_keys", types.Text(), nullable=False),
        sa.Column("candidates", types.Text(), nullable=False),
        sa.Column("nearest", types.BigInt, nullable=True),
        sa.Column("seen", types.Text(), nullable=False),
        sa.Column("expected", types.Text(), nullable=False),
        sa.Column("decision", types.BigInt, nullable=True),
        sa.Column("loose_reference", types.Text(), nullable=False),
        sa.Column("loose_order", types.Text(), nullable=False),
        sa.ForeignKeyConstraint(["file"], ["settlement_files.id"], name=op.f("fk_settlement_lines_file")),
        sa.ForeignKeyConstraint(["nearest"], ["orders.id"], name=op.f("fk_settlement_lines_nearest")),
        sa.ForeignKeyConstraint(["order"], ["orders.id"], name=op.f("fk_settlement_lines_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement_lines")),
        sa.UniqueConstraint("account", "identity", name=op.f("uq_settlement_lines_account_identity")),
    )
    with op.batch_alter_table("settlement_lines", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_settlement_lines_account_key"), ["account", "key"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_settlement_lines_account_settlement_id_id"),
            ["account", "settlement_id", "id"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_settlement_lines_file_id"), ["file", "id"], unique=False)
        batch_op.create_index(
            "ix_settlement_lines_group_amount",
            ["account", "outcome", "operation_code", "settlement_currency", "settled_amount_units", "id"],
            unique=False,
        )
        batch_op.create_index(
            "ix_settlement_lines_group_date",
            ["account", "outcome", "operation_code", "settlement_currency", "date", "id"],
            unique=False,
        )
        batch_op.create_index(
            "ix_settlement_lines_group_id",
            ["account", "outcome", "operation_code", "settlement_currency", "id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_settlement_lines_loose_order"),
            ["loose_order"],
            unique=False,
            sqlite_where=sa.text("loose_order <> ''"),
            postgresql_where=sa.text("loose_order <> ''"),
        )
        batch_op.create_index(
            batch_op.f("ix_settlement_lines_loose_reference"),
            ["loose_reference"],
            unique=False,
            sqlite_where=sa.text("loose_reference <> ''"),
            postgresql_where=sa.text("loose_reference <> ''"),
        )
        batch_op.create_index(
            batch_op.f("ix_settlement_lines_merchant_operation_id"),
            ["merchant_operation_id"],
            unique=False,
            sqlite_where=sa.text("merchant_operation_id <> ''"),
            postgresql_where=sa.text("merchant_operation_id <> ''"),
        )
        batch_op.create_index(
            batch_op.f("ix_settlement_lines_order"),
            ["order"],
            unique=False,
            sqlite_where=sa.text('"order" IS NOT NULL'),
            postgresql_where=sa.text('"order" IS NOT NULL'),
        )
        batch_op.create_index(
            batch_op.f("ix_settlement_lines_replaced_by"),
            ["replaced_by"],
            unique=False,
            sqlite_where=sa.text("replaced_by IS NOT NULL"),
            postgresql_where=sa.text("replaced_by IS NOT NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_settlement_lines_transaction_id"),
            ["transaction_id"],
            unique=False,
            sqlite_where=sa.text("transaction_id <> ''"),
            postgresql_where=sa.text("transaction_id <> ''"),
        )

    op.create_table(
        "steps",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("order", types.BigInt, nullable=False),
        sa.Column("kind", types.Text(), nullable=False),
        sa.Column("account", types.Text(), nullable=False),
        sa.Column("due_at", types.Utc(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("first_due_at", types.Utc(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("leased_by", types.Text(), nullable=True),
        sa.Column("leased_until", types.Utc(), nullable=True),
        sa.ForeignKeyConstraint(["order"], ["orders.id"], name=op.f("fk_steps_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_steps")),
        sa.UniqueConstraint("order", "kind", name=op.f("uq_steps_order_kind")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("steps", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_steps_due_at"), ["due_at"], unique=False)

    op.create_table(
        "user_notices",
        sa.Column("user_id", types.Text(), nullable=False),
        sa.Column("kind", types.Text(), nullable=False),
        sa.Column("since", types.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_notices_user_id")),
        sa.PrimaryKeyConstraint("user_id", "kind", name=op.f("pk_user_notices")),
    )
    op.create_table(
        "user_roles",
        sa.Column("user_id", types.Text(), nullable=False),
        sa.Column("role", types.Text(), nullable=False),
        sa.Column("source", types.Text(), nullable=False),
        sa.Column("granted_at", types.Utc(), nullable=False),
        sa.Column("granted_by", types.Text(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_roles_user_id")),
        sa.PrimaryKeyConstraint("user_id", "role", "source", name=op.f("pk_user_roles")),
    )
    op.create_table(
        "events",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("order", types.BigInt, nullable=False),
        sa.Column("page", types.BigInt, nullable=True),
        sa.Column("at", types.Utc(), nullable=False),
        sa.Column("kind", types.Text(), nullable=False),
        sa.Column("actor_kind", types.Text(), nullable=False),
        sa.Column("actor_id", types.Text(), nullable=False),
        sa.Column("data", types.Json(), nullable=False),
        sa.Column("identity", types.Text(), nullable=True),
        sa.ForeignKeyConstraint(["order"], ["orders.id"], name=op.f("fk_events_order")),
        sa.ForeignKeyConstraint(["page"], ["pages.id"], name=op.f("fk_events_page")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("identity", name=op.f("uq_events_identity")),
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_events_order_id"), ["order", "id"], unique=False)

    op.create_table(
        "line_comments",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("line", types.BigInt, nullable=True),
        sa.Column("order", types.BigInt, nullable=True),
        sa.Column("text", types.Text(), nullable=False),
        sa.Column("form_key", types.Text(), nullable=False),
        sa.Column("at", types.Utc(), nullable=False),
        sa.Column("actor_kind", types.Text(), nullable=False),
        sa.Column("actor_id", types.Text(), nullable=False),
        sa.ForeignKeyConstraint(["line"], ["settlement_lines.id"], name=op.f("fk_line_comments_line")),
        sa.ForeignKeyConstraint(["order"], ["orders.id"], name=op.f("fk_line_comments_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_comments")),
        sa.UniqueConstraint("form_key", name=op.f("uq_line_comments_form_key")),
    )
    with op.batch_alter_table("line_comments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_line_comments_line"), ["line"], unique=False)
        batch_op.create_index(batch_op.f("ix_line_comments_order"), ["order"], unique=False)

    op.create_table(
        "line_decisions",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("line", types.BigInt, nullable=False),
        sa.Column("kind", types.Text(), nullable=False),
        sa.Column("shares", types.Json(), nullable=False),
        sa.Column("reason", types.Text(), nullable=False),
        sa.Column("before", types.Json(), nullable=False),
        sa.Column("group", types.Text(), nullable=False),
        sa.Column("at", types.Utc(), nullable=False),
        sa.Column("actor_kind", types.Text(), nullable=False),
        sa.Column("actor_id", types.Text(), nullable=False),
        sa.Column("undone_at", types.Utc(), nullable=True),
        sa.Column("undone_by", types.Text(), nullable=True),
        sa.Column("undo_reason", types.Text(), nullable=False),
        sa.Column("due", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["line"], ["settlement_lines.id"], name=op.f("fk_line_decisions_line")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_decisions")),
    )
    with op.batch_alter_table("line_decisions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_line_decisions_due"), ["due"], unique=False)
        batch_op.create_index(batch_op.f("ix_line_decisions_group"), ["group"], unique=False)
        batch_op.create_index(batch_op.f("ix_line_decisions_line"), ["line"], unique=False)
        batch_op.create_index(
            "uq_line_decisions_line",
            ["line"],
            unique=True,
            sqlite_where=sa.text("undone_at IS NULL"),
            postgresql_where=sa.text("undone_at IS NULL"),
        )

    op.create_table(
        "line_shares",
        sa.Column("line", types.BigInt, nullable=False),
        sa.Column("order", types.BigInt, nullable=False),
        sa.Column("units", types.BigInt, nullable=False),
        sa.ForeignKeyConstraint(["line"], ["settlement_lines.id"], name=op.f("fk_line_shares_line")),
        sa.ForeignKeyConstraint(["order"], ["orders.id"], name=op.f("fk_line_shares_order")),
        sa.PrimaryKeyConstraint("line", "order", name=op.f("pk_line_shares")),
    )
    with op.batch_alter_table("line_shares", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_line_shares_order"), ["order"], unique=False)

    op.create_table(
        "messages",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("order", types.BigInt, nullable=False),
        sa.Column("page", types.BigInt, nullable=True),
        sa.Column("kind", types.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("form_key", types.Text(), nullable=True),
        sa.Column("recipient", types.Text(), nullable=False),
        sa.Column("message_id", types.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("state", types.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("answer", types.Text(), nullable=False),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("sent_at", types.Utc(), nullable=True),
        sa.ForeignKeyConstraint(["order"], ["orders.id"], name=op.f("fk_messages_order")),
        sa.ForeignKeyConstraint(["page"], ["pages.id"], name=op.f("fk_messages_page")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("form_key", name=op.f("uq_messages_form_key")),
        sa.UniqueConstraint("message_id", name=op.f("uq_messages_message_id")),
        sa.UniqueConstraint("order", "kind", "number", name=op.f("uq_messages_order_kind_number")),
    )
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_messages_order"), ["order"], unique=False)

    for statement in _append_only(op.get_bind().dialect.name):
        op.execute(statement)


def _append_only(dialect: str) -> list[str]:
    """Audit rows and events can only be added: the database itself refuses a change."""
    statements = []
    for table in ("audit", "events"):
        if dialect == "sqlite":
            statements += [
                f"CREATE TRIGGER {table}_no_{what.lower()} BEFORE {what} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                for what in ("UPDATE", "DELETE")
            ]
        else:
            statements += [
                f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$",
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                f"EXECUTE FUNCTION {table}_append_only()",
            ]
    return statements


def downgrade() -> None:
    raise RuntimeError("the store only goes forward: restore a backup to go back")
