"""Reports: cancelled, held and skipped ones, expired files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from libs.common.store import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns. Files of before have no end that the record knows of."""
    for column in (
        sa.Column("expires_at", UtcDateTime),
        sa.Column("expired_at", UtcDateTime),
        sa.Column("reused_from", sa.Uuid),
        sa.Column("dropped_to", sa.Text, nullable=False, server_default=""),
        sa.Column("cancel_requested_at", UtcDateTime),
    ):
        op.add_column("reports", column)


def downgrade() -> None:
    """Drop the columns."""
    for name in ("cancel_requested_at", "dropped_to", "reused_from", "expired_at", "expires_at"):
        op.drop_column("reports", name)
