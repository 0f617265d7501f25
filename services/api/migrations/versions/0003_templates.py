"""Templates and schedules: what a report looks like, its conditions and checks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from libs.common.store import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


TEMPLATE_OBJECTS = ("look", "csv", "checks", "packing", "keeping", "limits")
TEMPLATE_KEYS = ("logo_key", "workbook_key")


def upgrade() -> None:
    """Add the columns; for what is there already everything is as by default."""
    op.add_column("templates", sa.Column("widgets", sa.JSON, nullable=False, server_default=sa.text("'[]'")))
    for name in TEMPLATE_OBJECTS:
        op.add_column("templates", sa.Column(name, sa.JSON, nullable=False, server_default=sa.text("'{}'")))
    for name in TEMPLATE_KEYS:
        op.add_column("templates", sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.add_column("templates", sa.Column("drop", sa.JSON(none_as_null=True)))
    op.add_column("reports", sa.Column("shortfalls", sa.JSON, nullable=False, server_default=sa.text("'[]'")))
    op.add_column("reports", sa.Column("approved_at", UtcDateTime))
    op.add_column("reports", sa.Column("approved_by", sa.Text))
    op.add_column("schedules", sa.Column("conditions", sa.JSON, nullable=False, server_default=sa.text("'{}'")))


def downgrade() -> None:
    """Drop the columns."""
    op.drop_column("schedules", "conditions")
    for name in ("approved_by", "approved_at", "shortfalls"):
        op.drop_column("reports", name)
    for name in ("widgets", *TEMPLATE_OBJECTS, *TEMPLATE_KEYS, "drop"):
        op.drop_column("templates", name)
