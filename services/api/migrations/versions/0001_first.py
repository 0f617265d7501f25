"""The first records."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from libs.common.migrations import create_inbox, create_outbox
from libs.common.store import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

Whole = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

TABLES = (
    "users",
    "tokens",
    "requests",
    "audit",
    "sources",
    "templates",
    "schedules",
    "occurrences",
    "reports",
    "report_attempts",
    "artifacts",
    "deliveries",
    "delivery_attempts",
)
"""In the order in which they are made."""


def upgrade() -> None:
    """Make the tables."""
    _make_people()
    _make_definitions()
    _make_record()
    create_outbox(op)
    create_inbox(op)


def downgrade() -> None:
    """Drop the tables."""
    for table in ("inbox", "outbox", *reversed(TABLES)):
        op.drop_table(table)


def _make_people() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("name", name="uq_users_name"),
    )
    op.create_table(
        "tokens",
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_tokens_user_id"),
        sa.PrimaryKeyConstraint("sha256", name="pk_tokens"),
    )
    op.create_index("ix_tokens_user_id", "tokens", ["user_id"])
    op.create_table(
        "requests",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_requests"),
    )
    op.create_table(
        "audit",
        sa.Column("id", Whole, autoincrement=True, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("user_id", sa.Uuid),
        sa.Column("user_name", sa.Text, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject_id", sa.Uuid, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_audit_subject_id", "audit", ["subject_id"])


def _make_definitions() -> None:
    op.create_table(
        "sources",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("host", sa.Text),
        sa.Column("port", Whole),
        sa.Column("database", sa.Text, nullable=False),
        sa.Column("sealed_url", sa.Text, nullable=False),
        sa.Column("statement_timeout_seconds", Whole, nullable=False),
        sa.Column("max_rows", Whole, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sources"),
        sa.UniqueConstraint("name", name="uq_sources_name"),
    )
    op.create_table(
        "templates",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("source_id", sa.Uuid, nullable=False),
        sa.Column("queries", sa.JSON, nullable=False),
        sa.Column("parameters", sa.JSON, nullable=False),
        sa.Column("formats", sa.JSON, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_templates_source_id"),
        sa.PrimaryKeyConstraint("id", name="pk_templates"),
        sa.UniqueConstraint("slug", name="uq_templates_slug"),
    )
    op.create_index("ix_templates_source_id", "templates", ["source_id"])
    op.create_table(
        "schedules",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("version", Whole, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("template_id", sa.Uuid, nullable=False),
        sa.Column("frequency", sa.Text, nullable=False),
        sa.Column("schedule_config", sa.JSON, nullable=False),
        sa.Column("timezone", sa.Text, nullable=False),
        sa.Column("starts_at", UtcDateTime),
        sa.Column("ends_at", UtcDateTime),
        sa.Column("parameters", sa.JSON, nullable=False),
        sa.Column("formats", sa.JSON),
        sa.Column("priority", sa.Text, nullable=False),
        sa.Column("recipients", sa.JSON, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("pause_reason", sa.Text),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.ForeignKeyConstraint(["template_id"], ["templates.id"], name="fk_schedules_template_id"),
        sa.PrimaryKeyConstraint("id", name="pk_schedules"),
    )
    op.create_index("ix_schedules_template_id", "schedules", ["template_id"])


def _make_record() -> None:
    op.create_table(
        "occurrences",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("schedule_id", sa.Uuid, nullable=False),
        sa.Column("schedule_version", Whole, nullable=False),
        sa.Column("scheduled_for", UtcDateTime, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("report_id", sa.Uuid),
        sa.Column("claimed_at", UtcDateTime, nullable=False),
        sa.Column("ended_at", UtcDateTime),
        sa.PrimaryKeyConstraint("id", name="pk_occurrences"),
    )
    op.create_index("ix_occurrences_report_id", "occurrences", ["report_id"])
    op.create_index("ix_occurrences_schedule_id_scheduled_for", "occurrences", ["schedule_id", "scheduled_for"])
    op.create_index("ix_occurrences_scheduled_for", "occurrences", ["scheduled_for"])
    op.create_table(
        "reports",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("occurrence_id", sa.Uuid),
        sa.Column("schedule_id", sa.Uuid),
        sa.Column("scheduled_for", UtcDateTime),
        sa.Column("requested_by", sa.Text),
        sa.Column("report_type", sa.Text),
        sa.Column("title", sa.Text),
        sa.Column("source_name", sa.Text),
        sa.Column("priority", sa.Text),
        sa.Column("parameters", sa.JSON),
        sa.Column("formats", sa.JSON),
        sa.Column("recipients", sa.JSON),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("phase", sa.Text, nullable=False),
        sa.Column("phase_at", UtcDateTime),
        sa.Column("attempt", Whole, nullable=False),
        sa.Column("max_attempts", Whole),
        sa.Column("stage", sa.Text),
        sa.Column("rows", Whole, nullable=False),
        sa.Column("percent", Whole),
        sa.Column("phase_reason", sa.Text, nullable=False),
        sa.Column("error_class", sa.Text),
        sa.Column("notes", sa.JSON, nullable=False),
        sa.Column("query_seconds", sa.Double()),
        sa.Column("render_seconds", sa.Double()),
        sa.Column("store_seconds", sa.Double()),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("started_at", UtcDateTime),
        sa.Column("generated_at", UtcDateTime),
        sa.Column("ended_at", UtcDateTime),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reports"),
    )
    op.create_index("ix_reports_created_at_id", "reports", ["created_at", "id"])
    op.create_index("ix_reports_report_type_created_at", "reports", ["report_type", "created_at"])
    op.create_index("ix_reports_schedule_id_created_at", "reports", ["schedule_id", "created_at"])
    op.create_index("ix_reports_status_created_at", "reports", ["status", "created_at"])
    op.create_table(
        "report_attempts",
        sa.Column("report_id", sa.Uuid, nullable=False),
        sa.Column("attempt", Whole, autoincrement=False, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("stage", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("started_at", UtcDateTime),
        sa.Column("ended_at", UtcDateTime),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name="fk_report_attempts_report_id"),
        sa.PrimaryKeyConstraint("report_id", "attempt", name="pk_report_attempts"),
    )
    op.create_table(
        "artifacts",
        sa.Column("report_id", sa.Uuid, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("position", Whole, nullable=False),
        sa.Column("filename", sa.Text, nullable=False),
        sa.Column("format", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("size_bytes", Whole, nullable=False),
        sa.Column("rows", Whole, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name="fk_artifacts_report_id"),
        sa.PrimaryKeyConstraint("report_id", "key", name="pk_artifacts"),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("report_id", sa.Uuid, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("state_at", UtcDateTime),
        sa.Column("attempt", Whole, nullable=False),
        sa.Column("max_attempts", Whole),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("error_class", sa.Text),
        sa.Column("rfc_message_id", sa.Text),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("ended_at", UtcDateTime),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name="fk_deliveries_report_id"),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
    )
    op.create_index("ix_deliveries_address", "deliveries", ["address"])
    op.create_index("ix_deliveries_created_at_id", "deliveries", ["created_at", "id"])
    op.create_index("ix_deliveries_report_id", "deliveries", ["report_id"])
    op.create_table(
        "delivery_attempts",
        sa.Column("delivery_id", sa.Uuid, nullable=False),
        sa.Column("attempt", Whole, autoincrement=False, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("seconds", sa.Double()),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name="fk_delivery_attempts_delivery_id"),
        sa.PrimaryKeyConstraint("delivery_id", "attempt", name="pk_delivery_attempts"),
    )
