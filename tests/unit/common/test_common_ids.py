"""Golden ids: if one of these changes, a restarted installation says old things under new names."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from libs.common.ids import delivery_id, occurrence_id, report_id, requested_id

SCHEDULE = UUID("0b0a3f5e-8b6e-4b0e-9a51-3f1f6f3c2d10")
OCCURRENCE = UUID("1708f2b2-26af-50e7-bddf-f1848b8db6da")
REPORT = UUID("29c18144-5e90-5630-a1ca-23324d0592da")


def test_an_occurrence_is_named_by_its_schedule_and_instant() -> None:
    assert occurrence_id(SCHEDULE, datetime(2026, 3, 2, 7, 0, tzinfo=UTC)) == OCCURRENCE


def test_the_zone_in_which_an_instant_is_written_makes_no_difference() -> None:
    assert occurrence_id(SCHEDULE, datetime(2026, 3, 2, 8, 0, tzinfo=ZoneInfo("Europe/Vienna"))) == OCCURRENCE


def test_a_report_follows_from_its_occurrence() -> None:
    assert report_id(OCCURRENCE) == REPORT


def test_a_delivery_follows_from_report_channel_and_address() -> None:
    assert delivery_id(REPORT, "email", "ann@example.org") == UUID("5abf8791-5940-54f8-90db-2c9a6528a302")
    assert delivery_id(REPORT, "email", "bob@example.org") != delivery_id(REPORT, "email", "ann@example.org")


def test_a_repeated_request_means_the_same_thing_and_only_for_its_requester() -> None:
    assert requested_id("report", "ann", "monday") == UUID("a013856d-abac-51eb-8150-6365ac00ddec")
    assert requested_id("report", "bob", "monday") != requested_id("report", "ann", "monday")
    assert requested_id("schedule", "ann", "monday") != requested_id("report", "ann", "monday")
