"""What a notice says: a sentence, the cause, the next step, and where to look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from uuid import UUID

import pytest

from services.api.notices.wording import Case, draft
from services.api.schemas.delivery import Happening
from services.api.tables import HappeningRow

AT = datetime(2026, 3, 2, 7, 0, 5, tzinfo=UTC)
SCHEDULE, REPORT = UUID(int=1), UUID(int=2)
BASE = "https://reports.example.org/pressroom/api/v1"
CHANGE: dict[str, Any] = {"by": "ben", "act": "changed", "fields": ["priority"]}


def case(cause: str, facts: dict[str, Any] | None = None, **known: Any) -> Case:
    facts = facts or (CHANGE if cause == "changed" else {})
    latest = HappeningRow(
        id=SCHEDULE,
        schedule_id=SCHEDULE,
        cause=cause,
        at=AT,
        count=1,
        report_id=REPORT,
        reason="It was so.",
        facts=facts,
    )
    usual = {"name": "Delays", "timezone": "UTC", "more": 0, "since": AT, "now": AT}
    return Case(latest=latest, **{**usual, **known})


@pytest.mark.parametrize("cause", get_args(Happening))
def test_every_happening_has_words(cause: str) -> None:
    said = draft(case(cause), "")
    assert said.subject.endswith(": Delays")
    assert said.sentence.endswith(".")
    assert "Delays" in said.sentence
    assert "Why: It was so." in said.paragraphs
    assert said.links == ()


def test_links_lead_to_what_is_still_there() -> None:
    report, schedule = (
        ("The report", f"{BASE}/reports/{REPORT}"),
        ("The schedule", f"{BASE}/reports/schedules/{SCHEDULE}"),
    )
    url = "https://reports.example.org/pressroom/"
    assert draft(case("failed"), url).links == (report, schedule)
    assert draft(case("changed", {**CHANGE, "act": "deleted"}), url).links == (report,)
    dead = ("The dead letter", f"{BASE}/dead-letters/7")
    assert draft(case("dead_letter", {"dead_letter": "7"}), url).links == (report, dead, schedule)


@pytest.mark.parametrize(
    ("since", "words"),
    [
        (AT - timedelta(minutes=50), "and 1,200 more since 06:10"),
        (AT - timedelta(days=1), "and 1,200 more since 1 Mar, 07:00"),
    ],
)
def test_what_was_held_back_is_counted_since_a_moment_that_people_know(since: datetime, words: str) -> None:
    said = draft(case("missed", more=1_200, since=since), "")
    assert said.subject == f"Missed: Delays, {words}"
    assert any(words in paragraph for paragraph in said.paragraphs)
