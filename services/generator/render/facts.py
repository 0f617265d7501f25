"""What a report says about itself: where it is from, when it was made, what it was asked with."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from services.generator.parts.writing import Writer
from services.generator.render.report import Report


def facts_of(report: Report, writer: Writer) -> list[tuple[str, str]]:
    """What the block says: names and values."""
    facts = [("Source", report.source), ("Made", moment(report.made_at, report.timezone, writer))]
    if report.scheduled_for is not None:
        facts.append(("Scheduled for", moment(report.scheduled_for, report.timezone, writer)))
    facts.append(("Rows", writer.value(report.rows)))
    return [*facts, *report.parameters]


def moment(at: datetime, zone: str, writer: Writer) -> str:
    """An instant as the report's people read it, with the zone's name."""
    local = at.astimezone(UTC if zone == "UTC" else ZoneInfo(zone)).replace(second=0, microsecond=0)
    return f"{writer.value(local.replace(tzinfo=None))} {zone}".replace(":00 ", " ", 1)
