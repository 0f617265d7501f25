"""Reports that wait for an approval."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from libs.common.ids import occurrence_id
from libs.common.messages import Artifact, OccurrenceStarted, ReleaseReport, ReportCancelled, ReportHeld, ReportSkipped
from services.api.tables import AuditRow


@pytest.fixture
def held(with_template: Any, clock: Any) -> UUID:
    """A report whose files exist and which failed a check."""
    report = UUID(with_template.made("/reports/", {"report_type": "delays"})["id"])
    artifact = Artifact(
        key="held/a", filename="a.csv", format="csv", media_type="text/csv", size_bytes=1, rows=1, sha256="0"
    )
    with_template.platform.artifacts.put("held/a", b"x")
    with_template.hear(
        ReportHeld(
            at=clock.now,
            report_id=report,
            attempt=1,
            artifacts=(artifact,),
            rows=1,
            reasons=("Sales: 1 row, where at least 2 are expected.",),
            notes=("A check failed.",),
        )
    )
    return report


def releases(api: Any) -> list[ReleaseReport]:
    return [one for one in api.announced() if isinstance(one, ReleaseReport)]


def test_it_says_why_and_its_files_can_be_looked_at(with_template: Any, held: UUID) -> None:
    shown = with_template.get(f"/reports/{held}").json()
    assert (shown["status"], shown["reason"]) == ("held", "Sales: 1 row, where at least 2 are expected.")
    assert (shown["notes"], shown["ended_at"], shown["approved_by"]) == (["A check failed."], None, None)
    assert with_template.get(f"/reports/{held}/download").content == b"x"
    assert [one["id"] for one in with_template.get("/reports/?status=held").json()["items"]] == [str(held)]


def test_its_approval_is_ordered_once_and_audited(with_template: Any, held: UUID, clock: Any) -> None:
    first_at = clock.turn(minutes=5)
    for _ in range(2):
        answer = with_template.client.post(f"/api/v1/reports/{held}/approve/")
        assert (answer.status_code, answer.json()["id"]) == (202, str(held))
        clock.turn(minutes=1)
    assert releases(with_template) == [ReleaseReport(report_id=held, approved_by="admin", requested_at=first_at)]
    shown = with_template.get(f"/reports/{held}").json()
    assert (shown["approved_by"], shown["status"]) == ("admin", "held"), "the generator has the last word"
    with with_template.records.read() as session:
        acts = [(row.act, row.user_name) for row in session.query(AuditRow).filter_by(subject_id=held)]
    assert acts == [("requested", "admin"), ("approved", "admin")]


def test_a_report_that_is_not_held_cannot_be_approved(with_template: Any, held: UUID, clock: Any) -> None:
    other = with_template.made("/reports/", {"report_type": "delays"})["id"]
    answer = with_template.client.post(f"/api/v1/reports/{other}/approve")
    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        "Only a report that is held can be approved; this one is queued.",
    )
    with_template.client.post(f"/api/v1/reports/{held}/cancel")
    assert with_template.client.post(f"/api/v1/reports/{held}/approve").status_code == 409
    with_template.hear(ReportCancelled(at=clock.now, report_id=held, attempt=1, requested_by="admin"))
    answer = with_template.client.post(f"/api/v1/reports/{held}/approve")
    assert answer.json()["detail"].endswith("this one is cancelled.")
    assert releases(with_template) == []
    assert with_template.client.post(f"/api/v1/reports/{UUID(int=5)}/approve").status_code == 404


def test_the_moments_of_a_schedule_are_found_by_what_became_of_them(
    with_template: Any, schedule: dict[str, Any]
) -> None:
    with_template.made("/reports/schedules/", schedule)
    saved = with_template.announced()[-1]
    at = with_template.platform.now
    for number, end in enumerate(
        (
            ReportSkipped(at=at, report_id=UUID(int=0), attempt=1, rows=3, reason="Sales: 3 rows."),
            ReportHeld(at=at, report_id=UUID(int=1), attempt=1, artifacts=(), rows=4, reasons=("It is stale.",)),
        )
    ):
        due = at + timedelta(hours=number)
        with_template.hear(
            OccurrenceStarted(
                at=due,
                occurrence_id=occurrence_id(saved.schedule_id, due),
                schedule_id=saved.schedule_id,
                schedule_version=1,
                scheduled_for=due,
                report_id=UUID(int=number),
                order=saved.order,
            ),
            end,
        )
    for status, rows, reason in (("skipped", 3, "Sales: 3 rows."), ("held", 4, "It is stale.")):
        for path in (f"/reports/schedules/{saved.schedule_id}/executions", "/occurrences"):
            (found,) = with_template.get(f"{path}?status={status}").json()["items"]
            assert (found["status"], found["rows"], found["error"]) == (status, rows, reason)
            assert (found["ended_at"] is None) == (status == "held")


def test_a_skipped_report_says_why_and_has_no_files(with_template: Any, clock: Any) -> None:
    report = UUID(with_template.made("/reports/", {"report_type": "delays"})["id"])
    with_template.hear(ReportSkipped(at=clock.now, report_id=report, attempt=1, rows=3, reason="Sales: 3 rows."))
    shown = with_template.get(f"/reports/{report}").json()
    assert (shown["status"], shown["reason"], shown["rows"]) == ("skipped", "Sales: 3 rows.", 3)
    answer = with_template.get(f"/reports/{report}/download")
    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        "The report has no files, because it was skipped: Sales: 3 rows.",
    )
