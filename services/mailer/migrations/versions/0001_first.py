"""The ledger of deliveries and their attempts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from libs.common.migrations import create_inbox, create_outbox
from libs.common.store import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deliveries",
        sa.Column("delivery_id", sa.Uuid, primary_key=True),
        sa.Column("report_id", sa.Uuid, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("rfc_message_id", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("first_seen_at", UtcDateTime, nullable=False),
        sa.Column("changed_at", UtcDateTime, nullable=False),
        sa.Column("lease_until", UtcDateTime),
    )
    op.create_table(
        "attempts",
        sa.Column("delivery_id", sa.Uuid, sa.ForeignKey("deliveries.delivery_id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("started_at", UtcDateTime, nullable=False),
        sa.Column("sending_at", UtcDateTime),
        sa.Column("ended_at", UtcDateTime),
        sa.Column("outcome", sa.Text),
        sa.Column("smtp_code", sa.Integer),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    create_outbox(op)
    create_inbox(op)


def downgrade() -> None:
    for table in ("inbox", "outbox", "attempts", "deliveries"):
        op.drop_table(table)
