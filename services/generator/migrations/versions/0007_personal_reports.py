"""Personal reports: bursts, and the reports that are a part of one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from libs.common.store import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """No report of before is a part of a burst."""
    op.add_column("journal", sa.Column("parent_id", sa.Uuid))
    is_part = sa.text("parent_id IS NOT NULL")
    op.create_index(
        "ix_journal_parent_id",
        "journal",
        ["parent_id", "ended_at"],
        sqlite_where=is_part,
        postgresql_where=is_part,
    )
    op.create_table(
        "bursts",
        sa.Column("report_id", sa.Uuid, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("command", sa.JSON, nullable=False),
        sa.Column("prefix", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("ordered", sa.Integer, nullable=False),
        sa.Column("lines", sa.Integer, nullable=False),
        sa.Column("orderable", sa.Integer, nullable=False),
        sa.Column("pause_at", sa.Integer),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("changed_by", sa.Text, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("changed_at", UtcDateTime, nullable=False),
    )
    op.create_index("ix_bursts_state_changed_at", "bursts", ["state", "changed_at"])


def downgrade() -> None:
    """Forget all that."""
    op.drop_index("ix_bursts_state_changed_at", "bursts")
    op.drop_table("bursts")
    op.drop_index("ix_journal_parent_id", "journal")
    op.drop_column("journal", "parent_id")
