"""Tests of mail servers and destinations, downloads by link."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from libs.common.store import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "delivery_tests",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject_id", sa.Uuid, nullable=False),
        sa.Column("subject_name", sa.Text, nullable=False),
        sa.Column("requested_by", sa.Text, nullable=False),
        sa.Column("requested_at", UtcDateTime, nullable=False),
        sa.Column("answered_at", UtcDateTime),
        sa.Column("ok", sa.Boolean),
        sa.Column("sentences", sa.JSON, nullable=False),
        sa.Column("seconds", sa.Double()),
        sa.PrimaryKeyConstraint("id", name="pk_delivery_tests"),
    )
    op.create_index("ix_delivery_tests_subject_id", "delivery_tests", ["subject_id"])
    op.create_index("ix_delivery_tests_requested_at", "delivery_tests", ["requested_at"])
    op.create_table(
        "links",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("report_id", sa.Uuid, nullable=False),
        sa.Column("delivery_id", sa.Uuid, nullable=False),
        sa.Column("artifact_key", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("downloads", _BIG, nullable=False),
        sa.Column("first_at", UtcDateTime, nullable=False),
        sa.Column("last_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_links"),
    )
    op.create_index("ix_links_delivery_id", "links", ["delivery_id"])
    op.create_table(
        "link_revocations",
        sa.Column("delivery_id", sa.Uuid, nullable=False),
        sa.Column("generation", _BIG, nullable=False),
        sa.Column("revoked_at", UtcDateTime, nullable=False),
        sa.Column("revoked_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("delivery_id", name="pk_link_revocations"),
    )


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("link_revocations")
    op.drop_index("ix_links_delivery_id", "links")
    op.drop_table("links")
    op.drop_index("ix_delivery_tests_requested_at", "delivery_tests")
    op.drop_index("ix_delivery_tests_subject_id", "delivery_tests")
    op.drop_table("delivery_tests")
