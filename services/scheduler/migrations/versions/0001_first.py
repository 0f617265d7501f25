"""The first timetable."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from libs.common.migrations import create_inbox, create_outbox
from libs.common.store import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "timetable",
        sa.Column("schedule_id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("timing", sa.Text),
        sa.Column("report_order", sa.Text),
        sa.Column("next_at", UtcDateTime),
        sa.Column("served_for", UtcDateTime),
    )
    op.create_index("ix_timetable_next_at", "timetable", ["next_at"])
    create_outbox(op)
    create_inbox(op)


def downgrade() -> None:
    """Drop the tables."""
    for table in ("timetable", "outbox", "inbox"):
        op.drop_table(table)
