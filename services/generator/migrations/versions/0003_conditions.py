"""What a schedule's last report was like, and reports that wait for an approval."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from libs.common.store import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "precedents",
        sa.Column("schedule_id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("template_id", sa.Uuid),
        sa.Column("is_armed", sa.Boolean, nullable=False),
        sa.Column("sent_for", UtcDateTime),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("measures", sa.JSON, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "held_reports",
        sa.Column("report_id", sa.Uuid, primary_key=True),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("command", sa.JSON, nullable=False),
        sa.Column("produced", sa.JSON, nullable=False),
        sa.Column("held_at", UtcDateTime, nullable=False),
    )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("held_reports")
    op.drop_table("precedents")
