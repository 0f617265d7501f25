"""Reports, their files and their deliveries as people send and see them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

from libs.common.delivering import Channel
from libs.common.messages import ErrorClass, FileFormat, Format, Priority, Stage
from services.api.schemas.bursts import BurstView
from services.api.schemas.common import (
    END,
    LINE,
    Body,
    DeliveryState,
    Formats,
    OccurrenceStatus,
    Recipients,
    RecipientView,
    ReportStatus,
    ReportType,
    Subject,
    Values,
)
from services.api.schemas.delivery import Letters


class NewReport(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Ask for one report now."""

    report_type: ReportType
    parameters: Values = {}
    formats: Formats | None = None
    """Without it the template's."""
    priority: Priority = "normal"
    recipients: Recipients = []
    subject: Subject = ""
    body: Body = ""
    letters: Letters = Letters()


class CancelReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Stop a report, or never begin it."""

    reason: Annotated[
        str,
        msgspec.Meta(
            pattern=rf"{LINE}|^{END}",
            max_length=500,
            description="Why, for those who would have received it.",
            extra={"right": "one line of at most 500 characters"},
        ),
    ] = ""


class CancelAccepted(msgspec.Struct, kw_only=True):
    """The report will be stopped; `links.progress` tells when. One that ends before that stays as it ended."""

    id: UUID
    status: ReportStatus
    cancel_requested_at: datetime
    detail: Annotated[str, msgspec.Meta(description="What happens now, in a sentence.")]
    links: ReportLinks


class ReportLinks(msgspec.Struct):
    """Where to look next."""

    self: str
    progress: str
    download: str


class AcceptedReport(msgspec.Struct, kw_only=True):
    """The report will be produced; `progress` tells how far it is."""

    id: UUID
    status: ReportStatus
    links: ReportLinks


class OccurrenceLink(msgspec.Struct, kw_only=True):
    """The occurrence that a report belongs to; `status` is null for the moment before its own event has arrived."""

    id: UUID
    schedule_id: UUID | None
    scheduled_for: datetime | None
    status: OccurrenceStatus | None


class ArtifactView(msgspec.Struct, kw_only=True):
    """One finished file."""

    filename: str
    format: FileFormat
    media_type: str
    rows: int
    size_bytes: int
    sha256: str
    expired_at: Annotated[datetime | None, msgspec.Meta(description="Since when it is deleted.")]
    url: Annotated[str, msgspec.Meta(description="Where to download it.")]


class DeliveryAttemptView(msgspec.Struct, kw_only=True):
    """One try at a delivery."""

    attempt: int
    outcome: DeliveryState
    at: datetime
    reason: str
    answer: str
    seconds: float | None


class DeliveryView(msgspec.Struct, kw_only=True):
    """One report to one recipient over one channel."""

    id: UUID
    report_id: UUID
    channel: Channel
    address: str
    name: str
    state: DeliveryState
    attempt: int
    max_attempts: int | None
    reason: Annotated[str, msgspec.Meta(description="Why it was not sent, or not yet.")]
    answer: Annotated[str, msgspec.Meta(description="The last answer of the remote server.")]
    message_id: Annotated[str | None, msgspec.Meta(description="The Message-ID of the letter.")]
    queue_id: Annotated[str, msgspec.Meta(description="What the remote server calls the letter in its own log.")]
    form: Annotated[str, msgspec.Meta(description="What was sent: files, zip or link; empty: nothing yet.")]
    bytes: Annotated[int, msgspec.Meta(description="Of the letter, encoded.")]
    ended_at: datetime | None
    attempts: list[DeliveryAttemptView]


class DeliveryList(msgspec.Struct):
    """Deliveries, the latest first."""

    items: list[DeliveryView]
    next: str | None


class ReportAttemptView(msgspec.Struct, kw_only=True):
    """One try at a report: running, retrying (it failed and will be repeated), failed or generated."""

    attempt: int
    outcome: str
    stage: Stage | None
    reason: str
    started_at: datetime | None
    ended_at: datetime | None


class Timings(msgspec.Struct, kw_only=True):
    """How long each stage took; null for what has not ended."""

    waiting_seconds: Annotated[float | None, msgspec.Meta(description="From the request to the first attempt.")]
    query_seconds: float | None
    render_seconds: float | None
    store_seconds: float | None
    delivery_seconds: Annotated[float | None, msgspec.Meta(description="From the files to the last delivery.")]
    total_seconds: float | None


class ReportSummary(msgspec.Struct, kw_only=True):
    """A report in a list. What comes from its order is null for the moment before the order is known."""

    id: UUID
    parent_id: Annotated[UUID | None, msgspec.Meta(description="The report whose burst it is a part of.")]
    report_type: str | None
    title: str | None
    status: ReportStatus
    reason: Annotated[str, msgspec.Meta(description="Why it failed, is retried or was sent to some only.")]
    priority: Priority | None
    schedule_id: UUID | None
    scheduled_for: datetime | None
    is_test: Annotated[bool, msgspec.Meta(description="Sent to one person who wanted to see it.")]
    rows: int
    created_at: datetime
    ended_at: datetime | None


class ReportList(msgspec.Struct):
    """Reports, the latest first."""

    items: list[ReportSummary]
    next: str | None


class ReportView(msgspec.Struct, kw_only=True):
    """A report with its files, deliveries and times."""

    id: UUID
    parent_id: Annotated[UUID | None, msgspec.Meta(description="The report whose burst it is a part of.")]
    burst: Annotated[BurstView | None, msgspec.Meta(description="How far it is, if each recipient gets their own.")]
    report_type: str | None
    title: str | None
    source: str | None
    status: ReportStatus
    reason: str
    error_class: ErrorClass | None
    stage: Stage | None
    priority: Priority | None
    parameters: dict[str, Any] | None
    formats: list[Format] | None
    recipients: list[RecipientView] | None
    requested_by: Annotated[str | None, msgspec.Meta(description="Who asked for it; null if a schedule did.")]
    is_test: Annotated[bool, msgspec.Meta(description="Sent to one person who wanted to see it.")]
    occurrence: OccurrenceLink | None
    attempt: int
    max_attempts: int | None
    attempts: list[ReportAttemptView]
    rows: int
    notes: Annotated[list[str], msgspec.Meta(description="What its readers are told, such as rows that were cut.")]
    shortfalls: Annotated[list[str], msgspec.Meta(description="Parts that should be in it and are not, with reasons.")]
    approved_at: Annotated[datetime | None, msgspec.Meta(description="When a report that was held was approved.")]
    approved_by: str | None
    artifacts: list[ArtifactView]
    deliveries: list[DeliveryView]
    timings: Timings
    created_at: datetime
    started_at: datetime | None
    generated_at: datetime | None
    ended_at: datetime | None
    cancel_requested_at: datetime | None
    expires_at: Annotated[datetime | None, msgspec.Meta(description="When the files will be deleted.")]
    reused_from: Annotated[UUID | None, msgspec.Meta(description="The earlier report whose files these are.")]
    dropped_to: Annotated[str, msgspec.Meta(description="The folder or bucket that got copies of the files.")]
    links: ReportLinks


class Progress(msgspec.Struct, kw_only=True):
    """How far a report is. Cheap to ask for."""

    id: UUID
    status: ReportStatus
    reason: str
    stage: Stage | None
    rows: int
    percent: int | None
    attempt: int
    max_attempts: int | None
    updated_at: datetime
