"""Who reads from which source."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from libs.common.store import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Reports of before have no slot; those that run at this moment end soon."""
    for column in (
        sa.Column("source_id", sa.Uuid),
        sa.Column("held_since", UtcDateTime),
        sa.Column("held_until", UtcDateTime),
    ):
        op.add_column("journal", column)
    busy = sa.text("source_id IS NOT NULL AND ended_at IS NULL")
    op.create_index("ix_journal_source_id", "journal", ["source_id"], sqlite_where=busy, postgresql_where=busy)


def downgrade() -> None:
    """Forget it."""
    op.drop_index("ix_journal_source_id", "journal")
    for column in ("held_until", "held_since", "source_id"):
        op.drop_column("journal", column)
