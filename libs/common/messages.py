"""The contract between the services: every command and event, as it travels.

A command asks one owner to do something; an event tells what has happened. The tag is the wire name with
its version. A new field has a default; a new meaning is a new message (`…v2`) beside the old one.
`tests/contract/golden/` keeps one JSON per wire name for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, ClassVar, Literal, TypeVar
from uuid import UUID

import msgspec

from libs.common.conditions import Checks, Conditions
from libs.common.delivering import (
    Burst,
    BurstRecipient,
    BurstSample,
    BurstState,
    Channel,
    Destination,
    Figure,
    MailProfile,
    Manner,
    Part,
    Preview,
    Seen,
    SuppressionCause,
)
from libs.common.errors import PermanentFailure
from libs.common.handling import Drop, Keeping, Limits, Packing
from libs.common.look import CsvDialect, Look, Widget
from libs.common.values import Choice, Value

MAX_MESSAGE_BYTES = 1_000_000
"""Rows and files never travel in a message; one above this size is refused when it is made."""

Priority = Literal["urgent", "high", "normal", "low"]
Format = Literal["xlsx", "csv", "pdf", "json", "ndjson", "parquet", "html"]
FileFormat = Literal["xlsx", "csv", "pdf", "json", "ndjson", "parquet", "html", "zip"]
Stage = Literal["query", "render", "store"]
ErrorClass = Literal["transient", "permanent", "unknown"]
ParameterType = Literal["text", "integer", "number", "boolean", "date", "datetime"]


class Query(Value, frozen=True, kw_only=True):
    """One SELECT of a template. `name` becomes the sheet, section or file name."""

    name: str
    sql: str


class Parameter(Value, frozen=True, kw_only=True):
    """A value bound to `:name` in the SQL; a date or datetime travels as ISO 8601 text, a number may be text too."""

    name: str
    type: ParameterType
    value: bool | int | float | str | None


class Source(Value, frozen=True, kw_only=True):
    """The database to read from. The URL is sealed: only a holder of the seal key can open it."""

    source_id: UUID
    name: str
    sealed_url: str
    statement_timeout_seconds: int = 600
    max_rows: int = 1_000_000
    concurrency: int = 0
    """Reports that may read from it at the same time, over all generators; more are held back. 0: any number."""


class Template(Value, frozen=True, kw_only=True):
    """What to produce, as it was when the order was placed."""

    template_id: UUID
    slug: str
    title: str
    description: str = ""
    filename: str = ""
    """What the files are called, without their ending; empty takes the slug and the day."""
    queries: tuple[Query, ...]
    widgets: tuple[Widget, ...] = ()
    """What to draw, in this order; empty draws a table of each query."""
    look: Look = Look()
    csv: CsvDialect = CsvDialect()
    checks: Checks = Checks()
    packing: Packing = Packing()
    drop: Drop | None = None
    keeping: Keeping = Keeping()
    limits: Limits = Limits()


class Recipient(Choice, frozen=True, kw_only=True):
    """Who gets a letter; `address` is already normalised. Of a destination it is the id, and `name` its name."""

    address: str
    name: str = ""
    role: Literal["to", "cc", "bcc"] = "to"
    locale: str = ""
    """In which language the letter speaks; empty: as the template."""


class DeliveryPlan(Value, frozen=True, kw_only=True):
    """Who receives the report, over which channel, with which words. An empty subject or body takes the default."""

    channel: Literal["email"] = "email"
    recipients: tuple[Recipient, ...] = ()
    subject: str = ""
    body: str = ""
    destinations: tuple[Destination, ...] = ()
    """Places that are no mailboxes; each gets a delivery of its own."""
    manner: Manner = Manner()


class ReportOrder(Value, frozen=True, kw_only=True):
    """A snapshot of all that is needed to produce and deliver one report, so that nobody has to be asked later."""

    template: Template
    source: Source
    parameters: tuple[Parameter, ...] = ()
    formats: tuple[Format, ...] = ("xlsx",)
    priority: Priority = "normal"
    delivery: DeliveryPlan = DeliveryPlan()
    max_retries: int = 3
    """Retries after a transient failure of the generation; the first try is not counted."""
    timezone: str = "UTC"
    """The IANA zone in which its people live: files are named and letters dated by its calendar."""
    conditions: Conditions = Conditions()
    burst: Burst | None = None
    """The report is not made itself: each recipient of this query gets one."""
    part: Part | None = None
    """The report is made from its share of what was read for a burst."""


class Calendar(Choice, frozen=True, kw_only=True):
    """The days on which nobody works. A weekday in `weekend` is Monday = 0 … Sunday = 6."""

    name: str = ""
    """What people call it; it means nothing to the timing."""
    country: str = ""
    """Public holidays of this country (ISO 3166, like DE); empty: none."""
    subdivision: str = ""
    """… and of this part of it (like BY)."""
    dates: tuple[date, ...] = ()
    """Days off of one's own."""
    weekend: tuple[int, ...] = (5, 6)


class Timing(Value, frozen=True, kw_only=True):
    """When a schedule is due: see `libs/common/timing` for the meaning of `config` per frequency."""

    frequency: Literal["daily", "weekly", "monthly", "cron", "interval", "once"]
    config: Mapping[str, Any]
    timezone: str = "UTC"
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    max_occurrences: int | None = None
    """So many moments from `starts_at` on; those that the calendar skips do not count."""
    calendar: Calendar | None = None
    on_day_off: Literal["skip", "previous", "next"] = "skip"
    """What becomes of a moment on a day off: it is left out, or it comes on the business day before or after."""
    jitter_seconds: int = 0
    """The schedule starts up to so much later than its moment, by an offset of its own that never changes."""


class Misfire(Choice, frozen=True, kw_only=True):
    """What becomes of moments that passed while no scheduler could serve them."""

    policy: Literal["skip", "once", "all"] = "once"
    """`skip`: nothing is made up for. `once`: the latest starts. `all`: the latest `max_catch_up` start, in order."""
    max_lateness_seconds: int | None = None
    """What is later than this is missed. None: 300 for skip, the scheduler's setting for once, no limit for all."""
    max_catch_up: int = 100


class Artifact(Value, frozen=True, kw_only=True):
    """One finished file. `key` is its name in the artifact storage."""

    key: str
    filename: str
    format: FileFormat
    media_type: str
    size_bytes: int
    rows: int
    sha256: str


class PlannedDelivery(Value, frozen=True, kw_only=True):
    """A delivery that the generator has ordered from the mailer."""

    delivery_id: UUID
    channel: Channel
    recipient: Recipient


class Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """Anything that travels. Subclasses are tagged with their wire name."""

    @classmethod
    def wire_name(cls) -> str:
        """The name and version under which this message travels, like `report.generated.v1`."""
        return str(cls.__struct_config__.tag)


class Command(Message, frozen=True, kw_only=True):
    """Somebody must do this; one service owns it."""


class Event(Message, frozen=True, kw_only=True):
    """This has happened at `at` (UTC)."""

    at: datetime


# Commands ------------------------------------------------------------------------------------------------


class GenerateReport(Command, tag="generate_report.v1", frozen=True, kw_only=True):
    """Produce this report's files and order its deliveries (owner: generator)."""

    report_id: UUID
    order: ReportOrder
    requested_at: datetime
    occurrence_id: UUID | None = None
    schedule_id: UUID | None = None
    scheduled_for: datetime | None = None
    parent_id: UUID | None = None
    """The report whose burst this is a part of."""


class DeliverReport(Command, tag="deliver_report.v1", frozen=True, kw_only=True):
    """Bring one finished report to one recipient over one channel (owner: mailer)."""

    delivery_id: UUID
    report_id: UUID
    title: str
    channel: Channel
    recipient: Recipient
    artifacts: tuple[Artifact, ...]
    priority: Priority = "normal"
    subject: str = ""
    body: str = ""
    occurrence_id: UUID | None = None
    schedule_id: UUID | None = None
    scheduled_for: datetime | None = None
    generated_at: datetime
    timezone: str = "UTC"
    notes: tuple[str, ...] = ()
    """Sentences the reader must know, such as rows that a limit cut."""
    manner: Manner = Manner()
    destination: Destination | None = None
    """Where it goes, if `channel` is not email."""
    to: tuple[Seen, ...] = ()
    """Whom the letter names in its To; empty: only the recipient."""
    cc: tuple[Seen, ...] = ()
    preview: Preview | None = None
    figures: tuple[Figure, ...] = ()
    expires_at: datetime | None = None
    """When the files will be deleted: a link works no longer than that."""
    locale: str = ""
    """In which language the letter speaks and writes its numbers."""
    report_type: str = ""
    """The slug of the template: places name folders after it, and programs tell reports apart by it."""
    replay: int = 0
    """How often a person has asked to try it again after it had ended: a greater number opens it once more."""
    accent: str = ""
    """The colour of the report's brand, like #1F4E79."""
    parameters: tuple[tuple[str, str], ...] = ()
    """What the report was asked with: names and values; none if its files have a password."""


class SendNotice(Command, tag="send_notice.v1", frozen=True, kw_only=True):
    """Tell somebody who is responsible what has happened; it brings no files (owner: mailer)."""

    notice_id: UUID
    recipient: Recipient
    subject: str
    paragraphs: tuple[str, ...]
    facts: tuple[tuple[str, str], ...] = ()
    """Labels and values, in reading order."""
    links: tuple[tuple[str, str], ...] = ()
    """Words and URLs."""
    profile: MailProfile | None = None
    destination: Destination | None = None
    """A place for those who operate Pressroom, instead of a mailbox."""
    schedule_id: UUID | None = None
    requested_at: datetime


class TestProfile(Command, tag="test_profile.v1", frozen=True, kw_only=True):
    """Send a letter through a mail server and tell in words what came of it (owner: mailer)."""

    __test__: ClassVar[bool] = False

    test_id: UUID
    profile: MailProfile | None
    """None: the mailer's own."""
    recipient: Recipient
    requested_at: datetime


class TestDestination(Command, tag="test_destination.v1", frozen=True, kw_only=True):
    """Send a few words to a destination and tell what came of it (owner: mailer)."""

    __test__: ClassVar[bool] = False

    test_id: UUID
    destination: Destination
    requested_at: datetime


class ReleaseReport(Command, tag="release_report.v1", frozen=True, kw_only=True):
    """Order the deliveries of a report that was held, because somebody has approved it (owner: generator)."""

    report_id: UUID
    approved_by: str
    requested_at: datetime


class TestSource(Command, tag="test_source.v1", frozen=True, kw_only=True):
    """Connect to a source, read from it, try to write to it, and tell what came of it (owner: generator)."""

    __test__: ClassVar[bool] = False  # pytest takes every class named Test… for a collection of tests

    test_id: UUID
    source: Source
    requested_at: datetime


class CheckTemplate(Command, tag="check_template.v1", frozen=True, kw_only=True):
    """Ask the source which columns each query gives, and look whether the template fits them (owner: generator)."""

    check_id: UUID
    template: Template
    source: Source
    parameters: tuple[Parameter, ...] = ()
    requested_at: datetime


class CheckBurst(Command, tag="check_burst.v1", frozen=True, kw_only=True):
    """Ask the source who would get a report of their own, and tell without making any (owner: generator)."""

    check_id: UUID
    order: ReportOrder
    requested_at: datetime


class ContinueBurst(Command, tag="continue_burst.v1", frozen=True, kw_only=True):
    """Let a burst that waits for a person go on (owner: generator)."""

    report_id: UUID
    requested_by: str
    requested_at: datetime


class StopBurst(Command, tag="stop_burst.v1", frozen=True, kw_only=True):
    """Order no more reports of this burst, and cancel those that have not begun (owner: generator)."""

    report_id: UUID
    requested_by: str
    reason: str = ""
    requested_at: datetime


class DeleteExpired(Command, tag="delete_expired.v1", frozen=True, kw_only=True):
    """Delete the files whose time is over and tell which (owner: generator)."""

    requested_at: datetime


# Events of the api -----------------------------------------------------------------------------------------


class ScheduleSaved(Event, tag="schedule.saved.v1", frozen=True, kw_only=True):
    """A schedule was created or changed, or something it refers to was; the higher `version` wins."""

    schedule_id: UUID
    version: int
    active: bool
    timing: Timing
    order: ReportOrder
    misfire: Misfire = Misfire()


class ScheduleDeleted(Event, tag="schedule.deleted.v1", frozen=True, kw_only=True):
    """A schedule is gone and must not fire again."""

    schedule_id: UUID
    version: int


class ReportCancelRequested(Event, tag="report.cancel_requested.v1", frozen=True, kw_only=True):
    """Somebody does not want this report any more: stop it, or never begin it."""

    report_id: UUID
    requested_by: str
    reason: str = ""


class RecipientPreferenceSet(Event, tag="recipient.preference_set.v1", frozen=True, kw_only=True):
    """Somebody wants, or does not want, the letters of a schedule, or any at all."""

    address: str
    wanted: bool
    schedule_id: UUID | None = None
    """None: of all schedules."""
    by: str
    """Who said so: `recipient` (over a link) or the name of a user."""
    forgotten: bool = False
    """What was said before about it is taken back, and `wanted` means nothing."""


class RecipientSuppressed(Event, tag="recipient.suppressed.v1", frozen=True, kw_only=True):
    """Nobody may write to this address any more, or may again if `released`."""

    address: str
    cause: SuppressionCause
    detail: str = ""
    by: str
    released: bool = False


class RecipientBounced(Event, tag="recipient.bounced.v1", frozen=True, kw_only=True):
    """A mail server told somebody that a letter that it had accepted did not arrive."""

    delivery_id: UUID | None
    """None: only the address is known."""
    address: str
    hard: bool
    """It will never arrive; else it was late or the mailbox was full."""
    diagnostic: str
    complaint: bool = False
    """It did arrive, and its reader called it unwanted."""
    failed: bool = False
    """The server has given up, for whatever reason: the letter did not arrive. What is hard has failed."""
    status: str = ""
    """RFC 3463, like 5.1.1; empty: nobody said."""
    reference: str = ""
    """Tells the notice from others about the same recipient, where no delivery is known."""


# Events of the scheduler -----------------------------------------------------------------------------------


class OccurrenceStarted(Event, tag="occurrence.started.v1", frozen=True, kw_only=True):
    """An expected moment came and its report was ordered."""

    occurrence_id: UUID
    schedule_id: UUID
    schedule_version: int
    scheduled_for: datetime
    report_id: UUID
    order: ReportOrder
    jitter_seconds: int = 0
    """So much later than `scheduled_for` the schedule starts on purpose."""


class StartedOccurrence(Value, frozen=True, kw_only=True):
    """One of many moments that came together."""

    occurrence_id: UUID
    schedule_id: UUID
    schedule_version: int
    scheduled_for: datetime
    report_id: UUID
    order: ReportOrder
    jitter_seconds: int = 0


class OccurrencesStarted(Event, tag="occurrences.started.v1", frozen=True, kw_only=True):
    """Many expected moments came together and their reports were ordered: `occurrence.started.v1` of each."""

    started: tuple[StartedOccurrence, ...]


class OccurrenceMissed(Event, tag="occurrence.missed.v1", frozen=True, kw_only=True):
    """An expected moment passed without a report, and why (schedulers before 0.2 tell each by itself)."""

    occurrence_id: UUID
    schedule_id: UUID
    schedule_version: int
    scheduled_for: datetime
    reason: str


class OccurrencesPassed(Event, tag="occurrences.passed.v1", frozen=True, kw_only=True):
    """Expected moments of a schedule passed without a report: missed, or skipped on purpose; and why."""

    schedule_id: UUID
    schedule_version: int
    outcome: Literal["missed", "skipped"]
    moments: tuple[datetime, ...]
    reason: str


class OccurrenceSucceeded(Event, tag="occurrence.succeeded.v1", frozen=True, kw_only=True):
    """The report of this moment has reached everybody (the api tells it of schedules that ask since when)."""

    schedule_id: UUID
    scheduled_for: datetime


class TimetableRequested(Event, tag="timetable.snapshot_requested.v1", frozen=True, kw_only=True):
    """A scheduler has an empty timetable and asks for all schedules again."""


class SchedulePaused(Event, tag="schedule.paused.v1", frozen=True, kw_only=True):
    """The scheduler cannot evaluate this schedule any longer and stopped it."""

    schedule_id: UUID
    version: int
    reason: str


# Events of the generator -----------------------------------------------------------------------------------


class ReportStarted(Event, tag="report.started.v1", frozen=True, kw_only=True):
    """A generator has begun this attempt."""

    report_id: UUID
    attempt: int


class ReportProgressed(Event, tag="report.progressed.v1", frozen=True, kw_only=True):
    """How far the attempt is; `rows` counts those read so far."""

    report_id: UUID
    attempt: int
    stage: Stage
    rows: int = 0
    percent: int | None = None


class ReportRetrying(Event, tag="report.retrying.v1", frozen=True, kw_only=True):
    """An attempt failed in a way that trying again can mend."""

    report_id: UUID
    attempt: int
    max_attempts: int
    stage: Stage
    reason: str


class ReportGenerated(Event, tag="report.generated.v1", frozen=True, kw_only=True):
    """This report's files exist and will not change."""

    report_id: UUID
    attempt: int
    artifacts: tuple[Artifact, ...]
    deliveries: tuple[PlannedDelivery, ...]
    rows: int
    notes: tuple[str, ...] = ()
    query_seconds: float
    render_seconds: float
    store_seconds: float
    expires_at: datetime | None = None
    """When the files will be deleted."""
    reused_from: UUID | None = None
    """The report whose files these are, if they were made before and still fit."""
    dropped_to: str = ""
    """The folder or bucket that got a copy, without secrets."""
    shortfalls: tuple[str, ...] = ()
    """Parts of the report that should be there and are not, each with its reason."""


class ReportHeld(Event, tag="report.held.v1", frozen=True, kw_only=True):
    """The files exist, but a check failed: they wait for an approval, which orders the deliveries."""

    report_id: UUID
    attempt: int
    artifacts: tuple[Artifact, ...]
    rows: int
    reasons: tuple[str, ...]
    notes: tuple[str, ...] = ()
    expires_at: datetime | None = None


class ReportSkipped(Event, tag="report.skipped.v1", frozen=True, kw_only=True):
    """The source was read, and a condition of the schedule says that nobody is to get a report."""

    report_id: UUID
    attempt: int
    rows: int
    reason: str


class ReportCancelled(Event, tag="report.cancelled.v1", frozen=True, kw_only=True):
    """The report was stopped because somebody asked for it; `attempt` is 0 if it had not begun."""

    report_id: UUID
    attempt: int
    requested_by: str
    reason: str = ""


class ArtifactsExpired(Event, tag="artifacts.expired.v1", frozen=True, kw_only=True):
    """These files of a report were deleted because their time was over."""

    report_id: UUID
    keys: tuple[str, ...]


class QueryColumn(Value, frozen=True, kw_only=True):
    """A column that a query gives; `kind` is the word of services/generator/columns."""

    name: str
    kind: str


class QueryColumns(Value, frozen=True, kw_only=True):
    """What one query of a template would give."""

    query: str
    columns: tuple[QueryColumn, ...]


class SourceTested(Event, tag="source.tested.v1", frozen=True, kw_only=True):
    """What came of a test of a source, in sentences for its owner."""

    test_id: UUID
    source_id: UUID
    ok: bool
    sentences: tuple[str, ...]
    seconds: float


class TemplateChecked(Event, tag="template.checked.v1", frozen=True, kw_only=True):
    """What the source says of a template: its columns, and what does not fit."""

    check_id: UUID
    ok: bool
    problems: tuple[str, ...]
    queries: tuple[QueryColumns, ...]
    seconds: float
    fields: tuple[str, ...] = ()
    """The field of the template that each of `problems` is about, like `queries[0].sql`."""
    unknown: str = ""
    """Why the source could not be asked; then nothing is known of the template, and `ok` is false without problems."""


class ReportSpread(Event, tag="report.spread.v1", frozen=True, kw_only=True):
    """The recipients of a burst are listed, and each of them will get a report of their own."""

    report_id: UUID
    attempt: int
    recipients: int
    """Lines of the list, those that will get none included."""
    duplicates: int = 0
    """Lines that name a recipient once more; they are not in the list."""
    without_rows: int | None = None
    """Recipients who have no share in what was read for all; None: each of them asks for themselves."""
    state: BurstState
    reason: str = ""
    """Why all of them wait."""
    cap: int = 0
    canary: int = 0
    query_seconds: float
    expires_at: datetime | None = None
    """When the list will be deleted: a burst that still waits then is stopped."""


class BurstAdvanced(Event, tag="burst.advanced.v1", frozen=True, kw_only=True):
    """The reports of some more recipients of a burst are ordered."""

    report_id: UUID
    recipients: tuple[BurstRecipient, ...]


class BurstChanged(Event, tag="burst.changed.v1", frozen=True, kw_only=True):
    """A burst waits, goes on, is at its end or was stopped; the higher `version` wins."""

    report_id: UUID
    version: int
    state: BurstState
    reason: str = ""
    by: str = ""


class BurstChecked(Event, tag="burst.checked.v1", frozen=True, kw_only=True):
    """What a burst would do, and what is wrong with it."""

    check_id: UUID
    recipients: int = 0
    """Those that would get a report."""
    duplicates: int = 0
    without_address: int = 0
    invalid: int = 0
    not_allowed: int = 0
    unfit: int = 0
    without_rows: int | None = None
    """None: nobody has counted."""
    problems: tuple[str, ...] = ()
    """Why it cannot work, in sentences."""
    remarks: tuple[str, ...] = ()
    """What there is to know besides: single recipients, and what was not looked at."""
    sample: tuple[BurstSample, ...] = ()
    addresses: tuple[str, ...] = ()
    """Of the first recipients, so that the api can tell who does not want letters."""
    seconds: float
    unknown: str = ""
    """Why the source could not be asked."""


class ReportFailed(Event, tag="report.failed.v1", frozen=True, kw_only=True):
    """This report will not come; `reason` says why in words."""

    report_id: UUID
    attempt: int
    stage: Stage
    error_class: ErrorClass
    reason: str


# Events of the mailer --------------------------------------------------------------------------------------


class DeliveryEvent(Event, frozen=True, kw_only=True):
    """What every event about a delivery carries, so that the record can be kept in any order of arrival."""

    delivery_id: UUID
    report_id: UUID
    channel: Channel
    recipient: Recipient
    attempt: int


class DeliverySent(DeliveryEvent, tag="delivery.sent.v1", frozen=True, kw_only=True):
    """The remote server has accepted the letter."""

    rfc_message_id: str
    answer: str
    seconds: float
    queue_id: str = ""
    """How the remote server calls the letter in its own log."""
    form: Literal["files", "zip", "link"] = "files"
    """What the recipient got: the files, an archive of them, or links."""
    bytes: int = 0
    """Of the letter, encoded."""


class DeliverySending(DeliveryEvent, tag="delivery.sending.v1", frozen=True, kw_only=True):
    """The letter is handed over, and the answer takes its time (told only of those that take longer than a second)."""


class DeliverySuppressed(DeliveryEvent, tag="delivery.suppressed.v1", frozen=True, kw_only=True):
    """The recipient does not want letters, or cannot get any, so none was sent."""

    reason: str


class DeliveryCancelled(DeliveryEvent, tag="delivery.cancelled.v1", frozen=True, kw_only=True):
    """Somebody stopped it before it was sent."""

    reason: str


class DeliveryBounced(DeliveryEvent, tag="delivery.bounced.v1", frozen=True, kw_only=True):
    """A letter that a server had accepted came back."""

    reason: str
    answer: str = ""
    """The words of the server that refused it."""


class DeliveryDeferred(DeliveryEvent, tag="delivery.deferred.v1", frozen=True, kw_only=True):
    """An attempt failed for now and will be repeated."""

    max_attempts: int
    reason: str
    answer: str = ""


class DeliveryRejected(DeliveryEvent, tag="delivery.rejected.v1", frozen=True, kw_only=True):
    """The letter will not be delivered, and why."""

    reason: str
    error_class: ErrorClass
    answer: str = ""


class DeliveryUnknown(DeliveryEvent, tag="delivery.unknown.v1", frozen=True, kw_only=True):
    """The connection broke after the letter was handed over: it may have arrived, so it is not sent again."""

    rfc_message_id: str
    reason: str


class SuppressionChanged(Event, tag="suppression.changed.v1", frozen=True, kw_only=True):
    """The mailer's list of addresses that nobody may write to has changed."""

    address: str
    suppressed: bool
    cause: SuppressionCause
    detail: str = ""
    by: str = ""


class NoticeEnded(Event, tag="notice.ended.v1", frozen=True, kw_only=True):
    """What became of a notice; nobody is told of one that did not arrive."""

    notice_id: UUID
    state: Literal["sent", "rejected", "unknown", "suppressed"]
    reason: str = ""
    answer: str = ""


class ProfileTested(Event, tag="profile.tested.v1", frozen=True, kw_only=True):
    """What came of a test of a mail server, in sentences for its owner."""

    test_id: UUID
    ok: bool
    sentences: tuple[str, ...]
    seconds: float


class DestinationTested(Event, tag="destination.tested.v1", frozen=True, kw_only=True):
    """What came of a test of a destination, in sentences for its owner."""

    test_id: UUID
    ok: bool
    sentences: tuple[str, ...]
    seconds: float


# Coding ----------------------------------------------------------------------------------------------------

M = TypeVar("M", bound=Message)


def _tagged(base: type[Message]) -> dict[str, type[Message]]:
    found: dict[str, type[Message]] = {}
    for cls in base.__subclasses__():
        if isinstance(cls.__struct_config__.tag, str) and "." in cls.__struct_config__.tag:
            found[cls.wire_name()] = cls
        found.update(_tagged(cls))
    return found


COMMANDS: Mapping[str, type[Message]] = _tagged(Command)
EVENTS: Mapping[str, type[Message]] = _tagged(Event)


class ReadyOrder:
    """Stands for a ReportOrder in a message that is about to be encoded: JSON that was checked and need not be made."""

    def __init__(self, text: str, order: ReportOrder) -> None:
        self.raw = msgspec.Raw(text.encode())
        self.size = len(text)
        self.priority = order.priority
        self.max_retries = order.max_retries


def _ready(part: object) -> object:
    if isinstance(part, ReadyOrder):
        return part.raw
    raise NotImplementedError(f"{type(part).__name__} does not travel.")


_ENCODER = msgspec.json.Encoder(enc_hook=_ready)


def encode(message: Message) -> bytes:
    """The JSON of `message`, or a PermanentFailure if it is larger than MAX_MESSAGE_BYTES."""
    body = _ENCODER.encode(message)
    if len(body) > MAX_MESSAGE_BYTES:
        raise PermanentFailure(
            f"The message {message.wire_name()} has {len(body):,} bytes; at most {MAX_MESSAGE_BYTES:,} may travel."
        )
    return body


def decode_event(body: bytes, wire_name: str) -> Event | None:
    """The event in `body`, or None if this release does not know `wire_name`; a body that does not fit raises."""
    cls = EVENTS.get(wire_name)
    if cls is None:
        return None
    try:
        event = msgspec.json.decode(body, type=cls)
    except msgspec.DecodeError as error:
        raise PermanentFailure(f"The event {wire_name} cannot be read: {error}.") from error
    assert isinstance(event, Event)
    return event


def read_command(cls: type[M], fields: Mapping[str, object]) -> M:
    """The command that `fields` describe; a PermanentFailure names the field that does not fit."""
    try:
        return msgspec.convert(fields, cls)
    except msgspec.ValidationError as error:
        raise PermanentFailure(f"The command {cls.wire_name()} cannot be read: {error}.") from error
