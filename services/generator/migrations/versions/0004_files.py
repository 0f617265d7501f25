"""Files: how long they are kept, which report made them, and who does not want them any more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from libs.common.store import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Files of before have no end: they are kept until somebody deletes them."""
    for column in (
        sa.Column("cancelled_at", UtcDateTime),
        sa.Column("cancelled_by", sa.Text, nullable=False, server_default=""),
        sa.Column("cancel_reason", sa.Text, nullable=False, server_default=""),
        sa.Column("files", sa.Text, nullable=False, server_default="none"),
        sa.Column("expires_at", UtcDateTime),
        sa.Column("fingerprint", sa.String(64)),
        sa.Column("reused_from", sa.Uuid),
        sa.Column("summary", sa.JSON(none_as_null=True)),
    ):
        op.add_column("journal", column)
    alike = sa.text("fingerprint IS NOT NULL")
    op.create_index("ix_journal_files_expires_at", "journal", ["files", "expires_at"])
    op.create_index("ix_journal_ended_at", "journal", ["ended_at"])
    op.create_index(
        "ix_journal_fingerprint", "journal", ["fingerprint", "ended_at"], sqlite_where=alike, postgresql_where=alike
    )


def downgrade() -> None:
    """Forget all that."""
    for index in ("ix_journal_fingerprint", "ix_journal_ended_at", "ix_journal_files_expires_at"):
        op.drop_index(index, "journal")
    for column in (
        "summary",
        "reused_from",
        "fingerprint",
        "expires_at",
        "files",
        "cancel_reason",
        "cancelled_by",
        "cancelled_at",
    ):
        op.drop_column("journal", column)
