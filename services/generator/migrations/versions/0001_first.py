"""The first journal."""

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
        "journal",
        sa.Column("report_id", sa.Uuid, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("deaths", sa.Integer, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("lease_until", UtcDateTime),
        sa.Column("first_seen_at", UtcDateTime, nullable=False),
        sa.Column("started_at", UtcDateTime),
        sa.Column("ended_at", UtcDateTime),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("result", sa.JSON(none_as_null=True)),
    )
    running = sa.text("state = 'running'")
    op.create_index("ix_journal_owner_running", "journal", ["owner"], sqlite_where=running, postgresql_where=running)
    create_outbox(op)
    create_inbox(op)


def downgrade() -> None:
    """Drop the tables."""
    for table in ("journal", "outbox", "inbox"):
        op.drop_table(table)
