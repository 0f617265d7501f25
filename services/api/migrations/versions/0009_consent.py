"""Suppressed addresses and what recipients want."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from libs.common.store import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "preferences",
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("schedule_id", sa.Uuid, nullable=False),
        sa.Column("wanted", sa.Boolean, nullable=False),
        sa.Column("said_by", sa.Text, nullable=False),
        sa.Column("changed_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("address", "schedule_id", name="pk_preferences"),
    )
    op.create_table(
        "suppressions",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("suppressed", sa.Boolean, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("said_by", sa.Text, nullable=False),
        sa.Column("changed_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_suppressions"),
        sa.UniqueConstraint("address", name="uq_suppressions_address"),
    )
    op.create_index("ix_suppressions_changed_at_id", "suppressions", ["changed_at", "id"])


def downgrade() -> None:
    """Take it away again."""
    op.drop_index("ix_suppressions_changed_at_id", "suppressions")
    op.drop_table("suppressions")
    op.drop_table("preferences")
