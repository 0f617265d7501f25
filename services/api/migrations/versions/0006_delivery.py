"""Delivery: mail servers, destinations, and what a schedule says of its letters."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from libs.common.store import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_COLUMNS: tuple[tuple[str, str, Any, dict[str, Any]], ...] = (
    ("schedules", "cc", sa.JSON, {"nullable": False, "server_default": "[]"}),
    ("schedules", "bcc", sa.JSON, {"nullable": False, "server_default": "[]"}),
    ("schedules", "letters", sa.JSON, {"nullable": False, "server_default": "{}"}),
    ("schedules", "burst", sa.JSON, {}),
    ("schedules", "notify", sa.JSON, {"nullable": False, "server_default": "{}"}),
    ("schedules", "owner", sa.Text, {}),
    ("schedules", "max_retries", _BIG, {}),
    ("users", "email", sa.Text, {"nullable": False, "server_default": ""}),
    ("reports", "parent_id", sa.Uuid, {}),
    ("reports", "is_test", sa.Boolean, {"nullable": False, "server_default": sa.false()}),
    ("deliveries", "queue_id", sa.Text, {"nullable": False, "server_default": ""}),
    ("deliveries", "form", sa.Text, {"nullable": False, "server_default": ""}),
    ("deliveries", "bytes", _BIG, {"nullable": False, "server_default": "0"}),
)


def upgrade() -> None:
    """Make the tables of places to deliver to; old schedules and deliveries get what was always true of them."""
    op.create_table(
        "smtp_profiles",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("sealed_url", sa.Text, nullable=False),
        sa.Column("shown", sa.Text, nullable=False),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("reply_to", sa.Text, nullable=False),
        sa.Column("cc", sa.JSON, nullable=False),
        sa.Column("bcc", sa.JSON, nullable=False),
        sa.Column("per_minute", _BIG, nullable=False),
        sa.Column("connections", _BIG, nullable=False),
        sa.Column("max_megabytes", sa.Double, nullable=False),
        sa.Column("ca_certificate", sa.Text, nullable=False),
        sa.Column("is_default", sa.Boolean, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_smtp_profiles"),
        sa.UniqueConstraint("name", name="uq_smtp_profiles_name"),
    )
    op.create_index("ix_smtp_profiles_is_default", "smtp_profiles", ["is_default"])
    op.create_table(
        "destinations",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("sealed_url", sa.Text, nullable=False),
        sa.Column("shown", sa.Text, nullable=False),
        sa.Column("sealed_secret", sa.Text, nullable=False),
        sa.Column("attach", sa.Boolean, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_destinations"),
        sa.UniqueConstraint("name", name="uq_destinations_name"),
    )
    for table, name, kind, more in _COLUMNS:
        op.add_column(table, sa.Column(name, kind, **more))
    op.create_index("ix_reports_parent_id", "reports", ["parent_id"])


def downgrade() -> None:
    """Take it away again."""
    op.drop_index("ix_reports_parent_id", "reports")
    for table, name, _, _ in reversed(_COLUMNS):
        op.drop_column(table, name)
    op.drop_table("destinations")
    op.drop_index("ix_smtp_profiles_is_default", "smtp_profiles")
    op.drop_table("smtp_profiles")
