"""Notices to those who answer for schedules."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Tell notices from reports; all that was delivered so far are reports."""
    op.add_column("deliveries", sa.Column("kind", sa.Text, nullable=False, server_default="report"))


def downgrade() -> None:
    """Take that away again."""
    op.drop_column("deliveries", "kind")
