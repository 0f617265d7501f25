"""Calendars, misfire policies and the ledger of occurrences."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from libs.common.store import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what a schedule says about missed moments and jitter, and when it last succeeded."""
    op.add_column("timetable", sa.Column("misfire", sa.Text))
    op.add_column("timetable", sa.Column("jitter_seconds", sa.Integer, nullable=False, server_default="0"))
    op.add_column("timetable", sa.Column("succeeded_for", UtcDateTime))


def downgrade() -> None:
    """Take it away again."""
    for column in ("succeeded_for", "jitter_seconds", "misfire"):
        op.drop_column("timetable", column)
