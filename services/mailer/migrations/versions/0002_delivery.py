"""Rates per mail server, and what became of a letter after it was accepted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from libs.common.store import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("role", sa.Text, nullable=False, server_default="to"))
    op.add_column("deliveries", sa.Column("queue_id", sa.Text, nullable=False, server_default=""))
    op.add_column("deliveries", sa.Column("reason", sa.Text, nullable=False, server_default=""))
    op.add_column("deliveries", sa.Column("replay", sa.Integer, nullable=False, server_default="0"))
    op.create_index("deliveries_by_report", "deliveries", ["report_id"])
    op.create_table(
        "cancellations",
        sa.Column("report_id", sa.Uuid, primary_key=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("cancelled_at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "rates",
        sa.Column("profile_id", sa.Uuid, primary_key=True),
        sa.Column("next_at", UtcDateTime, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("rates")
    op.drop_table("cancellations")
    op.drop_index("deliveries_by_report", "deliveries")
    for column in ("replay", "reason", "queue_id", "role"):
        op.drop_column("deliveries", column)
