"""The tables of the store `ledger`."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, MetaData, Table, Text, Uuid

from libs.common.store import UtcDateTime

metadata = MetaData()

deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery_id", Uuid, primary_key=True),
    Column("report_id", Uuid, nullable=False),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("rfc_message_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("lease_until", UtcDateTime),
    Column("role", Text, nullable=False, server_default="to"),
    Column("queue_id", Text, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    Column("kind", Text, nullable=False, server_default="report"),
    Column("replay", Integer, nullable=False, server_default="0"),
)
"""One row per delivery. `state`: see `ledger.State`; `attempt` is the newest one. `lease_until`: while it is `sending`,
the mailer that handed it over was alive so far and waits for the answer. `queue_id`: how the remote server calls what
it has accepted. `reason`: why it is suppressed, cancelled or bounced, which no attempt tells. `kind`: a
report, or a notice, which has its own id in `report_id` too. `replay`: how often a person has opened it once more."""

Index("deliveries_by_report", deliveries.c.report_id)

attempts = Table(
    "attempts",
    metadata,
    Column("delivery_id", Uuid, ForeignKey("deliveries.delivery_id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("started_at", UtcDateTime, nullable=False),
    Column("sending_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("outcome", Text),
    Column("smtp_code", Integer),
    Column("answer", Text, nullable=False),
    Column("reason", Text, nullable=False),
)
"""One row per attempt, counted from 1. `sending_at`: the final dot was about to be sent; `answer`: the remote server's
words; `outcome`: sent, deferred, rejected, unknown, or interrupted if the mailer ended in the middle of it."""

cancellations = Table(
    "cancellations",
    metadata,
    Column("report_id", Uuid, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("cancelled_at", UtcDateTime, nullable=False),
)
"""Reports that somebody stopped: their commands may come later, and find it here."""

rates = Table(
    "rates",
    metadata,
    Column("profile_id", Uuid, primary_key=True),
    Column("next_at", UtcDateTime, nullable=False),
)
"""When the next letter of a profile may leave, of all mailers that share this ledger."""

suppressions = Table(
    "suppressions",
    metadata,
    Column("address", Text, primary_key=True),
    Column("cause", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("released_at", UtcDateTime),
)
"""Addresses that nobody may write to: `cause` is bounce, complaint, unsubscribed or by_hand. One that was released
stays, so that an older word about it cannot bring it back. Here and below an address is its `address_key`."""

preferences = Table(
    "preferences",
    metadata,
    Column("address", Text, primary_key=True),
    Column("schedule_id", Uuid, primary_key=True),
    Column("wanted", Boolean),
    Column("by", Text, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)
"""What recipients want. `schedule_id` is ALL_SCHEDULES for all of them; of two rows the one that was changed last
counts. `wanted` is null if it was taken back."""

bounces = Table(
    "bounces",
    metadata,
    Column("bounce_id", Uuid, primary_key=True),
    Column("delivery_id", Uuid),
    Column("address", Text, nullable=False),
    Column("hard", Boolean, nullable=False),
    Column("failed", Boolean, nullable=False),
    Column("complaint", Boolean, nullable=False),
    Column("status", Text, nullable=False),
    Column("diagnostic", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_bounces_address_at", "address", "at"),
)
"""What mail servers told after they had accepted a letter; `hard`, `failed` and `complaint` as in RecipientBounced."""
