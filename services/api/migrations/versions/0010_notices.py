"""Notices to those who answer for schedules."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from libs.common.store import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_INDEXES: tuple[tuple[str, str, list[str]], ...] = (
    ("ix_happenings_schedule_id_cause_at", "happenings", ["schedule_id", "cause", "at"]),
    ("ix_happenings_tell_at", "happenings", ["tell_at"]),
    ("ix_notices_created_at_id", "notices", ["created_at", "id"]),
    ("ix_notices_schedule_id", "notices", ["schedule_id"]),
    ("ix_notices_announcement_id", "notices", ["announcement_id"]),
    ("ix_digests_next_at", "digests", ["next_at"]),
    ("ix_announcements_created_at_id", "announcements", ["created_at", "id"]),
)


def upgrade() -> None:
    """Make the tables of what happened and who was told; nobody is told of what is past."""
    op.create_table(
        "happenings",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("schedule_id", sa.Uuid, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("count", _BIG, nullable=False),
        sa.Column("report_id", sa.Uuid),
        sa.Column("scheduled_for", UtcDateTime),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("tell_at", UtcDateTime),
        sa.PrimaryKeyConstraint("id", name="pk_happenings"),
    )
    op.create_table(
        "notice_paces",
        sa.Column("schedule_id", sa.Uuid, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("told_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("schedule_id", "cause", name="pk_notice_paces"),
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("schedule_id", sa.Uuid),
        sa.Column("schedule_name", sa.Text, nullable=False),
        sa.Column("report_id", sa.Uuid),
        sa.Column("announcement_id", sa.Uuid),
        sa.Column("owner", sa.Text),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("destination", sa.Text),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("sentence", sa.Text, nullable=False),
        sa.Column("more", _BIG, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("ended_at", UtcDateTime),
        sa.PrimaryKeyConstraint("id", name="pk_notices"),
    )
    op.create_table(
        "digests",
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("until", UtcDateTime, nullable=False),
        sa.Column("next_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("owner", name="pk_digests"),
    )
    op.create_table(
        "announcements",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("scope", sa.JSON, nullable=False),
        sa.Column("starts_at", UtcDateTime),
        sa.Column("ends_at", UtcDateTime),
        sa.Column("announced_by", sa.Text, nullable=False),
        sa.Column("schedules", _BIG, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_announcements"),
    )
    for name, table, columns in _INDEXES:
        op.create_index(name, table, columns)


def downgrade() -> None:
    """Take them away again."""
    for name, table, _ in reversed(_INDEXES):
        op.drop_index(name, table)
    for table in ("announcements", "digests", "notices", "notice_paces", "happenings"):
        op.drop_table(table)
