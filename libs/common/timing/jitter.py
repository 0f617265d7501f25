"""Spreads the top of the hour: an offset of each schedule's own, which never changes."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID


def offset_of(schedule_id: UUID, jitter_seconds: int) -> timedelta:
    """How much later than its moments the schedule starts: less than `jitter_seconds`, in whole seconds."""
    # The id of a schedule is random in its last digits, or a hash: both are spread evenly.
    return timedelta(seconds=schedule_id.int % jitter_seconds) if jitter_seconds else timedelta()
