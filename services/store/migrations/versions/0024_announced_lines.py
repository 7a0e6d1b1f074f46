"""How many lines announce a payout; what proves one has changed, and so every payout is to be worked out again."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_PAYOUTS = sa.table("payouts", sa.column("version"))


def upgrade() -> None:
    column = sa.Column("announced_lines", sa.Integer(), nullable=False, server_default="0")
    op.add_column("payouts", column)
    behind = sa.update(_PAYOUTS).where(_PAYOUTS.c.version > 0)
    op.execute(behind.values(version=_PAYOUTS.c.version + 1))


def downgrade() -> None:
    raise RuntimeError("the store only goes forward: restore a backup to go back")
