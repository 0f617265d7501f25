"""Cancelling a report, cleaning, and files whose time is over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from libs.common.messages import (
    Artifact,
    ArtifactsExpired,
    DeleteExpired,
    PlannedDelivery,
    Recipient,
    ReportCancelled,
    ReportCancelRequested,
    ReportFailed,
    ReportGenerated,
    ReportStarted,
)
from services.api.tables import AuditRow

LATER = timedelta(seconds=5)


@pytest.fixture
def report(with_template: Any) -> UUID:
    return UUID(with_template.made("/reports/", {"report_type": "delays"})["id"])


def generated(report: UUID, at: datetime, to: tuple[str, ...] = ()) -> ReportGenerated:
    artifact = Artifact(
        key="k", filename="delays.zip", format="zip", media_type="application/zip", size_bytes=1, rows=2, sha256="00"
    )
    deliveries = tuple(
        PlannedDelivery(delivery_id=UUID(int=number), channel="email", recipient=Recipient(address=address))
        for number, address in enumerate(to)
    )
    return ReportGenerated(
        at=at,
        report_id=report,
        attempt=1,
        artifacts=(artifact,),
        deliveries=deliveries,
        rows=2,
        query_seconds=1,
        render_seconds=1,
        store_seconds=1,
        expires_at=at + timedelta(days=30),
        dropped_to="s3://reports",
    )


def requests(api: Any) -> list[ReportCancelRequested]:
    return [one for one in api.announced() if isinstance(one, ReportCancelRequested)]


@pytest.mark.parametrize("body", [None, {}, {"reason": "Wrong month."}])
def test_a_cancel_is_told_to_the_generator_once(with_template: Any, report: UUID, body: Any) -> None:
    path = f"/api/v1/reports/{report}/cancel/"
    for _ in range(2):  # a second wish while the first is under way adds nothing
        answer = with_template.client.post(path, json=body) if body is not None else with_template.client.post(path)
        assert answer.status_code == 202, answer.text
        assert (answer.json()["status"], answer.json()["detail"]) == ("queued", "The report will not be sent.")
    reason = (body or {}).get("reason", "")
    now = with_template.platform.now
    assert requests(with_template) == [
        ReportCancelRequested(at=now, report_id=report, requested_by="admin", reason=reason)
    ]
    with with_template.records.read() as session:
        audits = [row for row in session.query(AuditRow) if row.act == "cancelled"]
    assert [(row.subject_id, row.facts) for row in audits] == [(report, {"reason": reason})]

    with_template.hear(
        ReportCancelled(at=now + LATER, report_id=report, attempt=0, requested_by="admin", reason=reason)
    )
    shown = with_template.get(f"/reports/{report}").json()
    words = f"Cancelled by admin: {reason}" if reason else "Cancelled by admin."
    assert (shown["status"], shown["reason"], shown["attempts"]) == ("cancelled", words, [])
    assert shown["cancel_requested_at"] is not None
    download = with_template.get(f"/reports/{report}/download/")
    assert (download.status_code, download.json()["detail"]) == (
        409,
        f"The report has no files, because it was cancelled: {words}",
    )


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("completed", "The report has ended already: it is completed. There is nothing left to cancel."),
        ("failed", "The report has ended already: it is failed. There is nothing left to cancel."),
        ("cancelled", "The report has ended already: it is cancelled. There is nothing left to cancel."),
        (
            "delivering",
            "The report is made, and its deliveries are ordered already; they go on and cannot be called back.",
        ),
    ],
)
def test_what_has_ended_is_not_cancelled(with_template: Any, report: UUID, end: str, words: str) -> None:
    at = with_template.platform.now + LATER
    events: dict[str, Any] = {
        "completed": generated(report, at),
        "failed": ReportFailed(
            at=at, report_id=report, attempt=1, stage="query", error_class="permanent", reason="No."
        ),
        "cancelled": ReportCancelled(at=at, report_id=report, attempt=1, requested_by="bob"),
        "delivering": generated(report, at, ("ann@example.com",)),
    }
    with_template.hear(events[end])
    answer = with_template.post(f"/reports/{report}/cancel/", {})
    assert (answer.status_code, answer.json()["detail"]) == (409, words)
    assert requests(with_template) == []


def test_a_wrong_wish_to_cancel_is_refused(with_template: Any, report: UUID) -> None:
    assert with_template.post(f"/reports/{UUID(int=9)}/cancel/", {}).status_code == 404
    answer = with_template.post(f"/reports/{report}/cancel/", {"reason": "a\nb"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "reason")
    assert with_template.post(f"/reports/{report}/cancel/", {"why": "x"}).status_code == 422
    assert requests(with_template) == []


def test_a_running_report_is_being_stopped(with_template: Any, report: UUID) -> None:
    with_template.hear(ReportStarted(at=with_template.platform.now, report_id=report, attempt=1))
    answer = with_template.post(f"/reports/{report}/cancel/", {})
    assert (answer.json()["status"], answer.json()["detail"]) == ("running", "The report is being stopped.")
    with_template.hear(
        ReportCancelled(at=with_template.platform.now + LATER, report_id=report, attempt=1, requested_by="admin")
    )
    (attempt,) = with_template.get(f"/reports/{report}").json()["attempts"]
    assert (attempt["outcome"], attempt["reason"]) == ("cancelled", "Cancelled by admin.")


def test_files_that_expired_are_gone_and_the_report_says_since_when(with_template: Any, report: UUID) -> None:
    now = with_template.platform.now
    expired = ArtifactsExpired(at=now + timedelta(days=30), report_id=report, keys=("k",))
    with_template.hear(expired, generated(report, now + LATER), expired)
    shown = with_template.get(f"/reports/{report}").json()
    assert shown["dropped_to"] == "s3://reports"
    assert shown["expires_at"] == "2026-04-01T07:30:05Z"
    assert [one["expired_at"] for one in shown["artifacts"]] == ["2026-04-01T07:30:00Z"]
    answer = with_template.get(f"/reports/{report}/download/?format=zip")
    assert (answer.status_code, answer.json()["detail"]) == (
        410,
        "The report's files were deleted on 2026-04-01, because their time was over.",
    )


def test_cleaning_is_ordered_from_the_generator(with_template: Any) -> None:
    answer = with_template.client.post("/api/v1/maintenance/delete-expired/")
    assert (answer.status_code, list(answer.json())) == (202, ["detail"])
    ordered = [one for one in with_template.announced() if isinstance(one, DeleteExpired)]
    assert ordered == [DeleteExpired(requested_at=with_template.platform.now)]
