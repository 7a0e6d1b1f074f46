"""Of several near orders the one that differs least is named: where there are such lines, the account's are joined again."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_lines = sa.table("settlement_lines", *(sa.column(name) for name in ("account", "outcome", "reason")))
_matching = sa.table("account_matching", sa.column("account"), sa.column("rejoin"))


def upgrade() -> None:
    near = sa.select(_lines.c.account).where(
        _lines.c.outcome == "unmatched", _lines.c.reason == "several_near"
    )
    from_the_start = sa.case((_matching.c.rejoin == 0, -1), else_=0)  # begun anew where it goes on already
    op.execute(sa.update(_matching).where(_matching.c.account.in_(near)).values(rejoin=from_the_start))


def downgrade() -> None:
    raise RuntimeError("the store only goes forward: restore a backup to go back")
