"""Time zones by their IANA names."""

from __future__ import annotations

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo


def zone_of(name: str) -> tzinfo:
    """The zone called `name`; UTC if this machine does not know it, since a report matters more than its clock."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC
