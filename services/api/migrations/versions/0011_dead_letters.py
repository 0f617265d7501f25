"""Dead letters are collected from the broker and wait for a person here."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from libs.common.store import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "dead_letters",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("wire_name", sa.Text, nullable=False),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("error_class", sa.Text, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("cause_id", sa.Text, nullable=False),
        sa.Column("exception", sa.Text, nullable=False),
        sa.Column("traceback", sa.Text, nullable=False),
        sa.Column("attempts", _BIG, nullable=False),
        sa.Column("failed_at", UtcDateTime, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("payload", sa.JSON, nullable=True),
        sa.Column("report_id", sa.Uuid, nullable=True),
        sa.Column("delivery_id", sa.Uuid, nullable=True),
        sa.Column("schedule_id", sa.Uuid, nullable=True),
        sa.Column("replays", _BIG, nullable=False),
        sa.Column("replay_of", sa.Uuid, nullable=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("settled_at", UtcDateTime, nullable=True),
        sa.Column("settled_by", sa.Text, nullable=False),
        sa.Column("settled_reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_dead_letters"),
    )
    op.create_index("ix_dead_letters_state_failed_at", "dead_letters", ["state", "failed_at"])
    op.create_index("ix_dead_letters_cause_id_state", "dead_letters", ["cause_id", "state"])
    op.create_index("ix_dead_letters_report_id", "dead_letters", ["report_id"])
    op.create_index("ix_dead_letters_schedule_id", "dead_letters", ["schedule_id"])


def downgrade() -> None:
    """Take it away again."""
    op.drop_table("dead_letters")
