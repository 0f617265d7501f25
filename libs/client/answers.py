"""What the API answers, as far as a client needs it; a field that is new on the server is passed over."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

ENDED: frozenset[str] = frozenset(("completed", "partial", "failed", "skipped", "cancelled"))
"""A report with one of these statuses changes no more."""

HELD = "held"
"""A report with this status waits for a person: `approve_report` sends it, `cancel_report` ends it."""


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """A source: the database that reports read from."""

    id: UUID
    name: str


class SourceTest(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a test of a source. `status` is pending, ok or failed; `sentences` say why and what to do."""

    id: UUID
    status: str
    url: str
    sentences: tuple[str, ...] = ()
    seconds: float | None = None


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """What to produce."""

    id: UUID
    slug: str
    title: str
    warnings: tuple[str, ...] = ()
    """Sentences about what may not have been meant, or could not be checked."""


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """When a template is produced, and who receives it."""

    id: UUID
    name: str
    version: int
    active: bool
    in_words: str
    next_run_at: datetime | None = None
    warnings: tuple[str, ...] = ()


class Occurrence(msgspec.Struct, frozen=True, kw_only=True):
    """One expected moment of a schedule, and what became of it."""

    id: UUID
    scheduled_for: datetime
    status: str
    lateness_seconds: float | None = None
    duration_seconds: float | None = None
    rows: int | None = None
    sent_to: tuple[str, ...] = ()
    error: str | None = None
    report_id: UUID | None = None


class Artifact(msgspec.Struct, frozen=True, kw_only=True):
    """One finished file."""

    filename: str
    format: str
    media_type: str
    rows: int
    size_bytes: int
    sha256: str
    url: str


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One report to one recipient."""

    id: UUID
    address: str
    state: str
    attempt: int
    reason: str
    answer: str
    name: str = ""
    message_id: str | None = None
    channel: str = "email"
    queue_id: str = ""
    form: str = ""
    bytes: int = 0


class Timings(msgspec.Struct, frozen=True, kw_only=True):
    """How long each stage took; None for what has not ended."""

    waiting_seconds: float | None = None
    query_seconds: float | None = None
    render_seconds: float | None = None
    store_seconds: float | None = None
    delivery_seconds: float | None = None
    total_seconds: float | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A report with its files, deliveries and times."""

    id: UUID
    status: str
    reason: str
    rows: int
    attempt: int
    report_type: str | None = None
    title: str | None = None
    parameters: dict[str, Any] | None = None
    error_class: str | None = None
    notes: tuple[str, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    timings: Timings = Timings()

    @property
    def ended(self) -> bool:
        """True if nothing will change any more."""
        return self.status in ENDED


class ReportLine(msgspec.Struct, frozen=True, kw_only=True):
    """A report in a list, without its files and deliveries."""

    id: UUID
    status: str
    reason: str
    rows: int
    created_at: datetime
    report_type: str | None = None
    title: str | None = None
    schedule_id: UUID | None = None
    ended_at: datetime | None = None
    is_test: bool = False


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a report is."""

    id: UUID
    status: str
    reason: str
    rows: int
    attempt: int
    stage: str | None = None
    percent: int | None = None

    @property
    def ended(self) -> bool:
        """True if nothing will change any more."""
        return self.status in ENDED


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """A report that will be produced."""

    id: UUID
    status: str


class Calendar(msgspec.Struct, frozen=True, kw_only=True):
    """Days on which nobody works."""

    id: UUID
    name: str
    country: str = ""
    subdivision: str = ""
    dates: tuple[date, ...] = ()
    weekend: tuple[int, ...] = (5, 6)


class ForeseenMoment(msgspec.Struct, frozen=True, kw_only=True):
    """One expected moment of a timing."""

    at: datetime
    local: datetime
    fires: bool
    reasons: tuple[str, ...] = ()


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What a timing means."""

    in_words: str
    warnings: tuple[str, ...] = ()
    moments: tuple[ForeseenMoment, ...] = ()


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """A mail server, without its password."""

    id: UUID
    name: str
    url: str
    sender: str = msgspec.field(name="from")
    is_default: bool


class Destination(msgspec.Struct, frozen=True, kw_only=True):
    """A place that is no mailbox, without its secrets."""

    id: UUID
    name: str
    kind: str


class DeliveryTest(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a test of a mail server or a destination; see SourceTest."""

    id: UUID
    status: str
    url: str
    sentences: tuple[str, ...] = ()
    seconds: float | None = None


class TestSend(msgspec.Struct, frozen=True, kw_only=True):
    """A report that was sent to you only."""

    __test__ = False

    id: UUID
    status: str
    reason: str
    notes: tuple[str, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    deliveries: tuple[Delivery, ...] = ()

    @property
    def ended(self) -> bool:
        """True if nothing will change any more by itself."""
        return self.status in ENDED or self.status == HELD


class FileLink(msgspec.Struct, frozen=True, kw_only=True):
    """The link to one file; its URL is known only when it is made."""

    filename: str
    downloads: int
    first_at: datetime | None = None
    last_at: datetime | None = None
    url: str | None = None


class DeliveryLinks(msgspec.Struct, frozen=True, kw_only=True):
    """The links to the files of a delivery."""

    delivery_id: UUID
    items: tuple[FileLink, ...]
    expires_at: datetime | None = None
    revoked_at: datetime | None = None


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Whose token it is."""

    id: UUID
    name: str
    email: str
