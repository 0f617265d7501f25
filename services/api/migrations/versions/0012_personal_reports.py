"""Personal reports: recipients of a burst and how far it is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from libs.common.store import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_COUNTERS = (
    "without_address",
    "invalid",
    "not_allowed",
    "unfit",
    "ordered",
    "completed",
    "partial",
    "failed",
    "skipped",
    "cancelled",
    "held",
)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "bursts",
        sa.Column("report_id", sa.Uuid, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("version", _BIG, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("changed_by", sa.Text, nullable=False),
        sa.Column("recipients", _BIG, nullable=False),
        sa.Column("duplicates", _BIG, nullable=False),
        sa.Column("without_rows", _BIG),
        sa.Column("cap", _BIG, nullable=False),
        sa.Column("canary", _BIG, nullable=False),
        sa.Column("expires_at", UtcDateTime),
        sa.Column("last_at", UtcDateTime, nullable=False),
        *(sa.Column(name, _BIG, nullable=False) for name in _COUNTERS),
        sa.PrimaryKeyConstraint("report_id", name="pk_bursts"),
    )
    op.create_table(
        "burst_recipients",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("parent_id", sa.Uuid, nullable=False),
        sa.Column("position", _BIG, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("child_id", sa.Uuid),
        sa.Column("refusal", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("counted", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_burst_recipients"),
    )
    op.create_index("ix_burst_recipients_child_id", "burst_recipients", ["child_id"])
    op.create_index("ix_burst_recipients_parent_id_address_id", "burst_recipients", ["parent_id", "address", "id"])
    op.create_table(
        "burst_checks",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("schedule_id", sa.Uuid),
        sa.Column("requested_by", sa.Text, nullable=False),
        sa.Column("requested_at", UtcDateTime, nullable=False),
        sa.Column("answered_at", UtcDateTime),
        sa.Column("facts", sa.JSON),
        sa.PrimaryKeyConstraint("id", name="pk_burst_checks"),
    )
    op.create_index("ix_burst_checks_schedule_id", "burst_checks", ["schedule_id"])
    op.create_index("ix_burst_checks_requested_at", "burst_checks", ["requested_at"])

    whole = sa.text("parent_id IS NULL")
    op.create_index(
        "ix_reports_whole_created_at_id",
        "reports",
        ["created_at", "id"],
        sqlite_where=whole,
        postgresql_where=whole,
    )


def downgrade() -> None:
    """Take it away again."""
    op.drop_index("ix_reports_whole_created_at_id", "reports")
    for table in ("burst_checks", "burst_recipients", "bursts"):
        op.drop_table(table)
