"""The record of a report is the same whatever the order in which its events arrive, and however often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from libs.common import messages
from libs.common.ids import delivery_id, occurrence_id, report_id
from libs.common.messages import (
    Artifact,
    ArtifactsExpired,
    DeliveryBounced,
    DeliveryCancelled,
    DeliveryDeferred,
    DeliveryPlan,
    DeliveryRejected,
    DeliverySending,
    DeliverySent,
    DeliverySuppressed,
    DeliveryUnknown,
    Event,
    OccurrenceMissed,
    OccurrenceStarted,
    PlannedDelivery,
    Query,
    Recipient,
    ReportCancelled,
    ReportFailed,
    ReportGenerated,
    ReportHeld,
    ReportOrder,
    ReportProgressed,
    ReportRetrying,
    ReportSkipped,
    ReportStarted,
    Template,
)
from libs.common.store import Store
from services.api.listener import HANDLERS
from services.api.record.ending import settle_all
from services.api.tables import metadata

BEGIN = datetime(2026, 3, 2, 8, tzinfo=UTC)
SCHEDULE = UUID("11111111-1111-4111-8111-111111111111")
OCCURRENCE = occurrence_id(SCHEDULE, BEGIN)
REPORT = report_id(OCCURRENCE)
ADDRESSES = ("ann@example.com", "bob@example.com", "cy@example.com")

ORDER = ReportOrder(
    template=Template(template_id=SCHEDULE, slug="delays", title="Delays", queries=(Query(name="q", sql="SELECT 1"),)),
    source=messages.Source(source_id=SCHEDULE, name="flights", sealed_url="sealed"),
    delivery=DeliveryPlan(recipients=tuple(Recipient(address=one) for one in ADDRESSES)),
)
ARTIFACT = Artifact(
    key="k", filename="Delays.xlsx", format="xlsx", media_type="m", size_bytes=3, rows=7, sha256="0" * 64
)


class Story:
    """Tells events one second after the other."""

    def __init__(self) -> None:
        self.now = BEGIN
        self.events: list[Event] = []

    def tell(self, kind: Any, **facts: Any) -> Story:
        self.now += timedelta(seconds=1)
        self.events.append(kind(at=self.now, **facts))
        return self

    def claim(self) -> Story:
        return self.tell(
            OccurrenceStarted,
            occurrence_id=OCCURRENCE,
            schedule_id=SCHEDULE,
            schedule_version=1,
            scheduled_for=BEGIN,
            report_id=REPORT,
            order=ORDER,
        )

    def start(self, attempt: int = 1) -> Story:
        return self.tell(ReportStarted, report_id=REPORT, attempt=attempt)

    def progress(self, attempt: int = 1, **facts: Any) -> Story:
        return self.tell(ReportProgressed, report_id=REPORT, attempt=attempt, **{"stage": "query", **facts})

    def retry(self, attempt: int = 1) -> Story:
        return self.tell(
            ReportRetrying, report_id=REPORT, attempt=attempt, max_attempts=4, stage="query", reason="It is away."
        )

    def fail(self, attempt: int = 1) -> Story:
        return self.tell(
            ReportFailed,
            report_id=REPORT,
            attempt=attempt,
            stage="query",
            error_class="permanent",
            reason="There is no such column.",
        )

    def skip(self, attempt: int = 1) -> Story:
        return self.tell(ReportSkipped, report_id=REPORT, attempt=attempt, rows=3, reason="Sales: 3 rows.")

    def hold(self, attempt: int = 1) -> Story:
        return self.tell(
            ReportHeld,
            report_id=REPORT,
            attempt=attempt,
            artifacts=(ARTIFACT,),
            rows=7,
            reasons=("Sales: 7 rows.", "It is stale."),
            notes=("A check failed.",),
            expires_at=BEGIN + timedelta(days=30),
        )

    def cancel(self, attempt: int = 1) -> Story:
        return self.tell(ReportCancelled, report_id=REPORT, attempt=attempt, requested_by="ann")

    def expire(self) -> Story:
        return self.tell(ArtifactsExpired, report_id=REPORT, keys=(ARTIFACT.key,))

    def generate(
        self, attempt: int = 1, addresses: tuple[str, ...] = ADDRESSES[:1], shortfalls: tuple[str, ...] = ()
    ) -> Story:
        planned = tuple(
            PlannedDelivery(
                delivery_id=delivery_id(REPORT, "email", one), channel="email", recipient=Recipient(address=one)
            )
            for one in addresses
        )
        return self.tell(
            ReportGenerated,
            report_id=REPORT,
            attempt=attempt,
            artifacts=(ARTIFACT,),
            deliveries=planned,
            rows=7,
            shortfalls=shortfalls,
            expires_at=BEGIN + timedelta(days=30),
            query_seconds=1.0,
            render_seconds=2.0,
            store_seconds=0.5,
        )

    def deliver(self, kind: Any, address: str = ADDRESSES[0], attempt: int = 1) -> Story:
        facts: dict[Any, dict[str, Any]] = {
            DeliverySending: {},
            DeliverySent: {
                "rfc_message_id": "<1@x>",
                "answer": "250 queued",
                "seconds": 0.1,
                "queue_id": "4XyZ",
                "form": "zip",
                "bytes": 30_000,
            },
            DeliverySuppressed: {"reason": "Unsubscribed."},
            DeliveryCancelled: {"reason": "Stopped by ann."},
            DeliveryBounced: {"reason": "The mailbox is full.", "answer": "552 full"},
            DeliveryDeferred: {"max_attempts": 8, "reason": "Greylisted.", "answer": "451 later"},
            DeliveryRejected: {"reason": "No such user.", "error_class": "permanent", "answer": "550 no such user"},
            DeliveryUnknown: {"rfc_message_id": "<1@x>", "reason": "The connection broke after DATA."},
        }
        return self.tell(
            kind,
            delivery_id=delivery_id(REPORT, "email", address),
            report_id=REPORT,
            channel="email",
            recipient=Recipient(address=address),
            attempt=attempt,
            **facts[kind],
        )


class _Undo(Exception):
    pass


def record_after(
    records: Store, events: list[Event], together: frozenset[int] = frozenset()
) -> dict[str, list[dict[str, Any]]]:
    """All rows after `events`, each heard in a fresh session as the service does; the store stays as it was.

    `together` tells after which of them no transaction ends: those share one with the next.
    """
    dump: dict[str, list[dict[str, Any]]] = {}
    try:
        with records.begin() as session:
            for number, event in enumerate(events):
                HANDLERS[type(event)](session, event)
                if number not in together:
                    settle_all(session)
                    session.flush()
                    session.expunge_all()
            settle_all(session)
            session.flush()
            for table in metadata.sorted_tables:
                if table.name == "happenings":
                    continue  # what somebody may have to be told depends on the way; the desk looks at the record first
                rows = session.execute(select(table).order_by(*table.primary_key.columns)).mappings()
                dump[table.name] = [dict(row) for row in rows]
            raise _Undo
    except _Undo:
        return dump


LAST_STEPS: tuple[tuple[Any, ...], ...] = (
    (DeliverySent,),
    (DeliverySending, DeliverySent),
    (DeliverySending, DeliverySent, DeliveryBounced),
    (DeliverySending, DeliveryUnknown),
    (DeliveryUnknown, DeliveryBounced),
    (DeliveryRejected,),
    (DeliverySuppressed,),
    (DeliveryDeferred, DeliveryCancelled),
)
"""What the last attempt at a delivery can come to."""


@st.composite
def stories(draw: st.DrawFn) -> list[Event]:
    """What can happen to a report of a schedule, told in the order in which it happens."""
    story = Story().claim()
    attempts = draw(st.integers(1, 3))
    for attempt in range(1, attempts + 1):
        story.start(attempt)
        for number in range(draw(st.integers(0, 2))):
            story.progress(attempt, rows=100 * (number + 1), percent=50 if number else None)
        if attempt < attempts:
            story.retry(attempt)
    end = draw(
        st.sampled_from(["fail", "skip", "cancel", "hold", "hold cancel", "hold fail", "hold generate", "generate"])
    )
    for step in end.removesuffix("generate").split():
        getattr(story, step)(attempts)
    if not end.endswith("generate"):
        return story.events
    addresses = ADDRESSES[: draw(st.integers(0, 3))]
    story.generate(attempts, addresses)
    for address in addresses:
        tries = draw(st.integers(0, 3))
        for attempt in range(1, tries):
            story.deliver(DeliveryDeferred, address, attempt)
        if tries:
            for kind in draw(st.sampled_from(LAST_STEPS)):
                story.deliver(kind, address, tries)
    return story.expire().events if draw(st.booleans()) else story.events


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_order_and_any_repetition_make_the_same_record(records: Store, data: st.DataObject) -> None:
    story = data.draw(stories())
    heard = data.draw(st.lists(st.sampled_from(story), max_size=4).map(lambda again: [*story, *again]))
    heard = data.draw(st.permutations(heard))
    together = data.draw(st.frozensets(st.integers(0, len(heard))))
    assert record_after(records, heard, together) == record_after(records, story)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_an_end_stays_the_end_whatever_comes_late(records: Store, data: st.DataObject) -> None:
    story = data.draw(stories())
    (before,) = record_after(records, story)["reports"]
    late = data.draw(st.lists(st.sampled_from(story), min_size=1, max_size=5))
    (after,) = record_after(records, [*story, *late])["reports"]
    assert (after["status"], after["ended_at"]) == (before["status"], before["ended_at"])


@pytest.mark.parametrize(
    ("story", "report", "occurrence", "reason"),
    [
        (Story().claim(), "queued", "started", ""),
        (Story().claim().start(), "running", "started", ""),
        (Story().claim().start().progress(rows=5), "running", "started", ""),
        (Story().claim().start().retry(), "retrying", "started", "It is away."),
        (Story().claim().start().retry().start(2), "running", "started", ""),
        (Story().claim().start().fail(), "failed", "failed", "There is no such column."),
        (Story().claim().start().skip(), "skipped", "skipped", "Sales: 3 rows."),
        (Story().claim().start().hold(), "held", "held", "Sales: 7 rows. It is stale."),
        (Story().claim().start().hold().cancel(), "cancelled", "skipped", "Cancelled by ann."),
        (Story().claim().start().hold().generate(addresses=()), "completed", "success", ""),
        (Story().claim().start().generate(addresses=(), shortfalls=("A: gone.",)), "partial", "partial", "A: gone."),
        (Story().claim().start().generate(shortfalls=("A: gone.",)), "delivering", "started", ""),
        (
            Story().claim().start().generate(shortfalls=("A: gone.",)).deliver(DeliveryRejected),
            "failed",
            "failed",
            "Of 1 delivery, 1 rejected: ann@example.com: No such user.",
        ),
        (Story().claim().start().generate(), "delivering", "started", ""),
        (Story().claim().start().generate(addresses=()), "completed", "success", ""),
        (Story().claim().start().generate().deliver(DeliveryDeferred), "delivering", "started", ""),
        (Story().claim().start().generate().deliver(DeliverySent), "completed", "success", ""),
        (
            Story().claim().start().generate().deliver(DeliveryRejected),
            "failed",
            "failed",
            "Of 1 delivery, 1 rejected: ann@example.com: No such user.",
        ),
        (
            Story().claim().start().generate().deliver(DeliveryUnknown),
            "partial",
            "partial",
            "Of 1 delivery, 1 unknown: ann@example.com: The connection broke after DATA.",
        ),
        (
            Story()
            .claim()
            .start()
            .generate(addresses=ADDRESSES)
            .deliver(DeliverySent)
            .deliver(DeliveryRejected, ADDRESSES[1])
            .deliver(DeliveryRejected, ADDRESSES[2]),
            "partial",
            "partial",
            "Of 3 deliveries, 2 rejected: bob@example.com: No such user.",
        ),
        (
            Story().claim().start().generate(addresses=ADDRESSES[:2]).deliver(DeliverySent),
            "delivering",
            "started",
            "",
        ),
        (Story().claim().generate().deliver(DeliverySending), "delivering", "started", ""),
        (
            Story().claim().generate().deliver(DeliverySuppressed),
            "skipped",
            "skipped",
            "Of 1 delivery, 1 suppressed: ann@example.com: Unsubscribed.",
        ),
        (
            Story()
            .claim()
            .generate(addresses=ADDRESSES[:2])
            .deliver(DeliverySuppressed)
            .deliver(DeliverySent, ADDRESSES[1]),
            "completed",
            "success",
            "Of 2 deliveries, 1 suppressed: ann@example.com: Unsubscribed.",
        ),
        (
            Story()
            .claim()
            .generate(addresses=ADDRESSES[:2])
            .deliver(DeliverySuppressed)
            .deliver(DeliveryRejected, ADDRESSES[1]),
            "failed",
            "failed",
            "Of 2 deliveries, 1 rejected and 1 suppressed: bob@example.com: No such user.",
        ),
        (
            Story().claim().generate().deliver(DeliveryDeferred).deliver(DeliveryCancelled),
            "cancelled",
            "skipped",
            "Of 1 delivery, 1 cancelled: ann@example.com: Stopped by ann.",
        ),
        (
            Story()
            .claim()
            .generate(addresses=ADDRESSES)
            .deliver(DeliveryCancelled)
            .deliver(DeliverySent, ADDRESSES[1])
            .deliver(DeliverySent, ADDRESSES[2])
            .deliver(DeliveryBounced, ADDRESSES[2]),
            "partial",
            "partial",
            "Of 3 deliveries, 1 bounced and 1 cancelled: ann@example.com: Stopped by ann.",
        ),
        (
            Story().claim().generate().deliver(DeliverySent).deliver(DeliveryBounced),
            "failed",
            "failed",
            "Of 1 delivery, 1 bounced: ann@example.com: The mailbox is full.",
        ),
        (Story().claim().deliver(DeliverySent), "delivering", "started", ""),
    ],
)
def test_the_outcome_is_computed_from_the_report_and_its_deliveries(
    records: Store, story: Story, report: str, occurrence: str, reason: str
) -> None:
    record = record_after(records, story.events)
    assert [(row["status"], row["reason"]) for row in record["reports"]] == [(report, reason)]
    assert [row["status"] for row in record["occurrences"]] == [occurrence]


def test_progress_that_comes_after_the_files_changes_nothing(records: Store) -> None:
    story = Story().claim().start().generate()
    late = ReportProgressed(at=story.now + timedelta(hours=1), report_id=REPORT, attempt=1, stage="query", rows=3)
    (row,) = record_after(records, [*story.events, late])["reports"]
    assert (row["phase"], row["rows"], row["percent"], row["status"]) == ("generated", 7, 100, "delivering")


def test_a_sent_letter_stays_sent(records: Store) -> None:
    story = Story().claim().generate().deliver(DeliverySent, attempt=1).deliver(DeliveryDeferred, attempt=2)
    (row,) = record_after(records, story.events)["deliveries"]
    assert (row["state"], row["attempt"], row["answer"]) == ("sent", 1, "250 queued")


def test_a_letter_that_came_back_is_still_known_by_what_the_server_called_it(records: Store) -> None:
    story = Story().claim().generate().deliver(DeliverySent).deliver(DeliveryBounced).deliver(DeliveryDeferred)
    for told in (story.events, story.events[::-1]):
        record = record_after(records, told)
        (row,) = record["deliveries"]
        assert (row["state"], row["reason"], row["answer"]) == ("bounced", "The mailbox is full.", "552 full")
        assert (row["queue_id"], row["form"], row["bytes"]) == ("4XyZ", "zip", 30_000)
        assert row["rfc_message_id"] == "<1@x>"
        assert [one["outcome"] for one in record["delivery_attempts"]] == ["sent"]


def test_every_attempt_keeps_its_reason_and_answer(records: Store) -> None:
    story = Story().claim().start().retry().start(2).generate(2)
    story.deliver(DeliveryDeferred).deliver(DeliverySent, attempt=2)
    record = record_after(records, story.events)
    assert [(row["attempt"], row["outcome"], row["reason"]) for row in record["report_attempts"]] == [
        (1, "retrying", "It is away."),
        (2, "generated", ""),
    ]
    assert [(row["attempt"], row["outcome"], row["answer"]) for row in record["delivery_attempts"]] == [
        (1, "deferred", "451 later"),
        (2, "sent", "250 queued"),
    ]


def test_an_event_about_an_unknown_report_begins_its_record(records: Store) -> None:
    (row,) = record_after(records, Story().start().events)["reports"]
    assert (row["id"], row["status"], row["report_type"]) == (REPORT, "running", None)


def test_a_missed_occurrence_says_why(records: Store) -> None:
    missed = OccurrenceMissed(
        at=BEGIN + timedelta(hours=3),
        occurrence_id=OCCURRENCE,
        schedule_id=SCHEDULE,
        schedule_version=2,
        scheduled_for=BEGIN,
        reason="The scheduler was down.",
    )
    (row,) = record_after(records, [missed, missed])["occurrences"]
    assert (row["status"], row["reason"], row["report_id"]) == ("missed", "The scheduler was down.", None)
    for order in ([missed, *Story().claim().events], [*Story().claim().events, missed]):
        (row,) = record_after(records, order)["occurrences"]
        assert (row["status"], row["report_id"]) == ("started", REPORT)


def test_every_event_of_the_other_services_has_a_handler() -> None:
    ours = {
        messages.ScheduleSaved,
        messages.ScheduleDeleted,
        messages.ReportCancelRequested,
        messages.OccurrenceSucceeded,
        messages.RecipientPreferenceSet,
        messages.RecipientSuppressed,
        messages.RecipientBounced,
    }
    assert set(messages.EVENTS.values()) - set(HANDLERS) == ours
