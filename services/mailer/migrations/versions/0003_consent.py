"""Suppressed addresses, what recipients want, and what came back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from libs.common.store import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the three tables."""
    op.create_table(
        "suppressions",
        sa.Column("address", sa.Text, primary_key=True),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("since", UtcDateTime, nullable=False),
        sa.Column("released_at", UtcDateTime),
    )
    op.create_table(
        "preferences",
        sa.Column("address", sa.Text, primary_key=True),
        sa.Column("schedule_id", sa.Uuid, primary_key=True),
        sa.Column("wanted", sa.Boolean),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("changed_at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "bounces",
        sa.Column("bounce_id", sa.Uuid, primary_key=True),
        sa.Column("delivery_id", sa.Uuid),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("hard", sa.Boolean, nullable=False),
        sa.Column("failed", sa.Boolean, nullable=False),
        sa.Column("complaint", sa.Boolean, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("diagnostic", sa.Text, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
    )
    op.create_index("ix_bounces_address_at", "bounces", ["address", "at"])


def downgrade() -> None:
    """Take them away again."""
    op.drop_index("ix_bounces_address_at", "bounces")
    for table in ("bounces", "preferences", "suppressions"):
        op.drop_table(table)
