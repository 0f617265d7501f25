"""Schedules: calendars, misfire policies and the ledger."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from libs.common.store import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_SCHEDULE_COLUMNS: tuple[tuple[str, Any, dict[str, Any]], ...] = (
    ("filename", sa.Text, {"nullable": False, "server_default": ""}),
    ("misfire", sa.Text, {"nullable": False, "server_default": "once"}),
    ("max_lateness_seconds", sa.BigInteger().with_variant(sa.Integer, "sqlite"), {}),
    ("max_catch_up", sa.BigInteger().with_variant(sa.Integer, "sqlite"), {}),
    ("max_occurrences", sa.BigInteger().with_variant(sa.Integer, "sqlite"), {}),
    ("jitter_seconds", sa.BigInteger().with_variant(sa.Integer, "sqlite"), {"nullable": False, "server_default": "0"}),
    ("calendar_id", sa.Uuid, {}),
    ("on_day_off", sa.Text, {"nullable": False, "server_default": "skip"}),
    ("expected_at", UtcDateTime, {}),
    ("snapshot_asked", sa.Boolean, {"nullable": False, "server_default": sa.false()}),
)
_INDEXED = ("calendar_id", "expected_at", "snapshot_asked")


def upgrade() -> None:
    """Make the table of calendars; tell schedules and occurrences what was always true of them."""
    op.create_table(
        "calendars",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("country", sa.Text, nullable=False),
        sa.Column("subdivision", sa.Text, nullable=False),
        sa.Column("dates", sa.JSON, nullable=False),
        sa.Column("weekend", sa.JSON, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_calendars"),
        sa.UniqueConstraint("name", name="uq_calendars_name"),
    )
    for name, kind, more in _SCHEDULE_COLUMNS:
        op.add_column("schedules", sa.Column(name, kind, **more))
    # Announced again, each gets the moment from which on the ledger accounts for it.
    op.execute(sa.text("UPDATE schedules SET snapshot_asked = true WHERE active"))
    for name in _INDEXED:
        op.create_index(f"ix_schedules_{name}", "schedules", [name])
    op.add_column(
        "occurrences",
        sa.Column(
            "jitter_seconds", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False, server_default="0"
        ),
    )
    op.create_index("ix_occurrences_status_claimed_at", "occurrences", ["status", "claimed_at"])


def downgrade() -> None:
    """Take it away again."""
    op.drop_index("ix_occurrences_status_claimed_at", "occurrences")
    op.drop_column("occurrences", "jitter_seconds")
    for name in _INDEXED:
        op.drop_index(f"ix_schedules_{name}", "schedules")
    for name, _, _ in reversed(_SCHEDULE_COLUMNS):
        op.drop_column("schedules", name)
    op.drop_table("calendars")
