"""Sources: how many reports at once, and what came of tests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from libs.common.store import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

Whole = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Sources of before go on to allow any number of reports."""
    op.add_column("sources", sa.Column("concurrency", Whole, nullable=False, server_default="0"))
    op.create_table(
        "source_tests",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("source_id", sa.Uuid, nullable=False),
        sa.Column("source_name", sa.Text, nullable=False),
        sa.Column("requested_by", sa.Text, nullable=False),
        sa.Column("requested_at", UtcDateTime, nullable=False),
        sa.Column("answered_at", UtcDateTime),
        sa.Column("ok", sa.Boolean),
        sa.Column("sentences", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("seconds", sa.Double()),
    )
    op.create_index("ix_source_tests_source_id", "source_tests", ["source_id"])
    op.create_index("ix_source_tests_requested_at", "source_tests", ["requested_at"])
    op.create_table(
        "template_checks",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("requested_by", sa.Text, nullable=False),
        sa.Column("requested_at", UtcDateTime, nullable=False),
        sa.Column("answered_at", UtcDateTime),
        sa.Column("ok", sa.Boolean),
        sa.Column("problems", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("fields", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("unknown", sa.Text, nullable=False),
        sa.Column("seconds", sa.Double()),
    )
    op.create_index("ix_template_checks_requested_at", "template_checks", ["requested_at"])


def downgrade() -> None:
    """Forget them."""
    op.drop_table("template_checks")
    op.drop_table("source_tests")
    op.drop_column("sources", "concurrency")
