"""Ids made from what they stand for: saying something twice names the same thing."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid5

NAMESPACE = UUID("6f0b3a52-6f8e-5d0c-9c53-0f6a1d1f7b11")
"""Never changes: every id in every installation derives from it."""


def occurrence_id(schedule_id: UUID, scheduled_for: datetime) -> UUID:
    """The one occurrence of `schedule_id` at the instant `scheduled_for` (aware, any zone)."""
    return uuid5(schedule_id, scheduled_for.astimezone(UTC).isoformat(timespec="microseconds"))


def report_id(occurrence: UUID) -> UUID:
    """The report that an occurrence produces."""
    return uuid5(occurrence, "report")


def delivery_id(report: UUID, channel: str, address: str) -> UUID:
    """The delivery of a report to one address over one channel."""
    return uuid5(report, f"{channel}:{address}")


def part_id(report: UUID, recipient: str) -> UUID:
    """The report of one recipient of a burst; `recipient` tells them from the others (see generator/burst)."""
    return uuid5(report, f"part:{recipient}")


def requested_id(kind: str, requester: str, key: str) -> UUID:
    """The thing that `requester` asked for under an Idempotency-Key, however often the request arrives."""
    return uuid5(NAMESPACE, f"{kind}:{requester}:{key}")
