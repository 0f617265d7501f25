"""The tables of the store `ledger`."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, Text, Uuid

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
)
"""One row per delivery. `state`: pending, sending, sent, deferred, rejected or unknown; `attempt` is the newest one.
`lease_until`: while it is `sending`, the mailer that handed it over was alive so far and waits for the answer."""

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
