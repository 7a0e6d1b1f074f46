"""A role is granted for one account, or for all: those granted before are for all."""

import sqlalchemy as sa
from alembic import op

from services.store.schema import types

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("user_roles") as table:
        table.add_column(sa.Column("account", types.Text(), nullable=False, server_default=""))
        table.drop_constraint("pk_user_roles", type_="primary")
        table.create_primary_key("pk_user_roles", ["user_id", "role", "source", "account"])


def downgrade() -> None:
    raise RuntimeError("the store only goes forward: restore a backup to go back")
