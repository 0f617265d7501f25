"""Personal reports in the record: how far a burst is, what became of each recipient, and what people decide."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from sqlalchemy import delete, event, select

from libs.common import ids
from libs.common.delivering import Burst, BurstRecipient, BurstSample
from libs.common.messages import (
    BurstAdvanced,
    BurstChanged,
    BurstChecked,
    CheckBurst,
    ContinueBurst,
    DeliverySent,
    DeliverySuppressed,
    OccurrenceStarted,
    PlannedDelivery,
    Recipient,
    ReportCancelled,
    ReportFailed,
    ReportGenerated,
    ReportHeld,
    ReportSkipped,
    ReportSpread,
    ReportStarted,
    StopBurst,
)
from services.api.listener import HANDLERS
from services.api.notices.wording import Case, Draft, draft
from services.api.tables import AuditRow, BurstRow, HappeningRow, OccurrenceRow, ReportRow, metadata

BURST = {"sql": "SELECT email AS address FROM members", "canary": 2, "cap": 50}


class Story:
    """A burst of a schedule, as the generator and the mailer tell of it."""

    def __init__(self, api: Any, schedule: dict[str, Any], people: int) -> None:
        self.api = api
        self.at = api.platform.now
        made = api.made("/reports/schedules", {**schedule, "recipients": [], "burst": BURST})
        self.schedule_id = UUID(made["id"])
        self.order = api.announced()[-1].order
        self.occurrence_id = ids.occurrence_id(self.schedule_id, self.at)
        self.id = ids.report_id(self.occurrence_id)
        self.people = [
            BurstRecipient(
                position=number,
                address=f"m{number:02}@example.org",
                name=f"Member {number}",
                report_id=ids.part_id(self.id, f"email:m{number:02}@example.org"),
                values=(("month", number),),
            )
            for number in range(people)
        ]

    def tick(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at

    def started(self) -> OccurrenceStarted:
        return OccurrenceStarted(
            at=self.tick(),
            occurrence_id=self.occurrence_id,
            schedule_id=self.schedule_id,
            schedule_version=1,
            scheduled_for=self.api.platform.now,
            report_id=self.id,
            order=self.order,
        )

    def spread(self, recipients: int | None = None, **facts: Any) -> ReportSpread:
        usual: dict[str, Any] = {"state": "spreading", "cap": 50, "canary": 2, "query_seconds": 0.5}
        count = len(self.people) if recipients is None else recipients
        return ReportSpread(at=self.tick(), report_id=self.id, attempt=1, recipients=count, **{**usual, **facts})

    def advanced(self, *recipients: BurstRecipient) -> BurstAdvanced:
        return BurstAdvanced(at=self.tick(), report_id=self.id, recipients=recipients)

    def changed(self, version: int, state: Any, **facts: Any) -> BurstChanged:
        return BurstChanged(at=self.tick(), report_id=self.id, version=version, state=state, **facts)

    def made(self, number: int, ended: Callable[[Any], Any] | None = DeliverySent) -> list[Any]:
        """The report of a recipient, and its letter."""
        report_id, address = self.people[number].report_id, self.people[number].address
        assert report_id is not None
        delivery = ids.delivery_id(report_id, "email", address)
        recipient = Recipient(address=address)
        generated = ReportGenerated(
            at=self.tick(),
            report_id=report_id,
            attempt=1,
            artifacts=(),
            deliveries=(PlannedDelivery(delivery_id=delivery, channel="email", recipient=recipient),),
            rows=3,
            query_seconds=0,
            render_seconds=0,
            store_seconds=0,
        )
        about: dict[str, Any] = {
            "at": self.tick(),
            "delivery_id": delivery,
            "report_id": report_id,
            "channel": "email",
            "recipient": recipient,
            "attempt": 1,
        }
        if ended is DeliverySent:
            return [generated, DeliverySent(**about, rfc_message_id="<1@x>", answer="250 Ok", seconds=0.1)]
        if ended is DeliverySuppressed:
            return [generated, DeliverySuppressed(**about, reason="unsubscribed")]
        return [generated]

    def end(self, number: int, kind: type[Any], **facts: Any) -> Any:
        return kind(at=self.tick(), report_id=self.people[number].report_id, attempt=1, **facts)

    def hear(self, *told: Any) -> None:
        self.api.hear(*told)

    def view(self) -> dict[str, Any]:
        return dict(self.api.get(f"/reports/{self.id}").json())

    def counts(self) -> dict[str, int]:
        burst = self.view()["burst"]
        return {name: value for name, value in burst.items() if isinstance(value, int) and value and name != "cap"}

    def occurrence(self) -> OccurrenceRow:
        with self.api.records.read() as session:
            return session.execute(select(OccurrenceRow)).scalar_one()


@pytest.fixture
def story(with_template: Any, schedule: dict[str, Any]) -> Story:
    return Story(with_template, schedule, people=4)


def refusal(position: int, kind: Any, reason: str = "why") -> BurstRecipient:
    return BurstRecipient(position=position, address=f"{kind}@", refusal=kind, reason=reason)


def test_a_burst_goes_from_its_canary_to_its_end(story: Story) -> None:
    story.hear(story.started(), ReportStarted(at=story.tick(), report_id=story.id, attempt=1))
    assert (story.view()["status"], story.view()["burst"]) == ("running", None)
    story.hear(story.spread(duplicates=1, without_rows=0), story.advanced(*story.people[:2]))
    assert (story.view()["status"], story.view()["burst"]["state"]) == ("delivering", "spreading")
    story.hear(story.changed(2, "paused", reason="The first 2 reports are ordered; the other 2 wait."))
    assert story.view()["status"] == "held"
    assert (story.occurrence().status, story.occurrence().reason[:11]) == ("held", "The first 2")
    with story.api.records.read() as session:
        assert session.execute(select(HappeningRow.cause)).scalars().all() == ["held"]
    notice = drafted(story)
    assert notice.paragraphs[0].startswith("The personal reports of “Delays every morning”")
    assert "burst/continue/" in notice.paragraphs[-1]

    answer = story.api.post(f"/reports/{story.id}/burst/continue", None)
    assert (answer.status_code, answer.json()["detail"]) == (202, "The burst goes on.")
    assert story.api.announced()[-1] == ContinueBurst(
        report_id=story.id, requested_by="admin", requested_at=story.api.platform.now
    )
    story.hear(story.changed(3, "spreading", by="admin"), story.advanced(*story.people[2:]))
    refused = story.api.post(f"/reports/{story.id}/burst/continue", None)
    assert (refused.status_code, "this one is spreading" in refused.json()["detail"]) == (409, True)
    story.hear(story.changed(4, "spread"))
    assert (story.view()["burst"]["state"], story.counts()["under_way"]) == ("going", 4)
    story.hear(*story.made(0), *story.made(1, DeliverySuppressed))
    story.hear(story.end(2, ReportSkipped, rows=0, reason="There are no rows."), *story.made(3))
    shown = story.view()
    assert (shown["status"], shown["reason"], shown["burst"]["state"]) == ("completed", "", "done")
    assert story.counts() == {
        "canary": 2,
        "recipients": 4,
        "duplicates": 1,
        "ordered": 4,
        "completed": 2,
        "skipped": 2,
    }
    assert story.occurrence().status == "success"
    assert story.occurrence().ended_at is not None


def test_every_recipient_has_a_line_that_says_what_became_of_them(story: Story) -> None:
    story.hear(story.started(), story.spread(recipients=6), story.advanced(*story.people, refusal(4, "invalid", "No.")))
    story.hear(story.advanced(refusal(5, "unfit", "Not a number.")), story.changed(2, "spread"))
    story.hear(*story.made(0), story.end(1, ReportFailed, stage="query", error_class="permanent", reason="No table."))
    found = story.api.get(f"/reports/{story.id}/burst/recipients", params={"limit": 4}).json()
    rest = story.api.get(found["next"].removeprefix("/api/v1")).json()
    lines = {one["address"]: (one["status"], one["reason"]) for one in [*found["items"], *rest["items"]]}
    assert lines == {
        "invalid@": ("invalid", "No."),
        "m00@example.org": ("completed", ""),
        "m01@example.org": ("failed", "No table."),
        "m02@example.org": ("queued", ""),
        "m03@example.org": ("queued", ""),
        "unfit@": ("unfit", "Not a number."),
    }
    for status, count in (("queued", 2), ("failed", 1), ("unfit", 1), ("held", 0)):
        shown = story.api.get(f"/reports/{story.id}/burst/recipients", params={"status": status}).json()
        assert len(shown["items"]) == count, status
    story.hear(*story.made(2), *story.made(3))
    assert story.view()["status"] == "partial"
    assert story.view()["reason"] == (
        "Of 6 recipients, 1 failed, 1 with an invalid address and 1 with unfit values: m01@example.org: No table."
    )
    assert story.occurrence().status == "partial"


def test_the_reports_of_a_burst_are_listed_under_it_and_nowhere_else(story: Story) -> None:
    story.hear(story.started(), story.spread(), story.advanced(*story.people))
    assert [one["id"] for one in story.api.get("/reports").json()["items"]] == [str(story.id)]
    parts = story.api.get("/reports", params={"parent": str(story.id)}).json()["items"]
    assert {one["id"] for one in parts} == {str(one.report_id) for one in story.people}
    assert {one["parent_id"] for one in parts} == {str(story.id)}
    shown = story.api.get(f"/reports/{story.people[3].report_id}").json()
    assert (shown["parent_id"], shown["burst"], shown["priority"]) == (str(story.id), None, "low")
    assert shown["recipients"] == [{"address": "m03@example.org", "name": "Member 3"}]
    assert (shown["parameters"], shown["formats"]) == ({"month": 3}, ["xlsx", "csv"])
    assert shown["occurrence"]["schedule_id"] == str(story.schedule_id)


ENDINGS: list[tuple[list[str], str, str]] = [
    (["sent", "sent", "sent", "sent"], "completed", ""),
    (["skipped", "skipped", "skipped", "skipped"], "skipped", "None of the 4 recipients was to get a report."),
    (["failed", "failed", "failed", "failed"], "failed", "Of 4 recipients, 4 failed: m00@example.org: No."),
    (["skipped", "failed", "sent", "sent"], "partial", "Of 4 recipients, 1 failed: m01@example.org: No."),
    (["skipped", "failed", "skipped", "skipped"], "failed", "Of 4 recipients, 1 failed: m01@example.org: No."),
    (["cancelled", "cancelled", "cancelled", "cancelled"], "cancelled", "Of 4 recipients, 4 cancelled: m00"),
    (["sent", "held", "sent", "sent"], "held", "1 report waits for an approval."),
    (["sent", "made", "sent", "sent"], "delivering", ""),
]


@pytest.mark.parametrize(("ends", "status", "reason"), ENDINGS)
def test_what_became_of_the_burst_follows_from_its_reports(
    story: Story, ends: list[str], status: str, reason: str
) -> None:
    story.hear(story.started(), story.spread(), story.advanced(*story.people), story.changed(2, "spread"))
    for number, end in enumerate(ends):
        tell(story, number, end)
    assert story.view()["status"] == status
    assert story.view()["reason"].startswith(reason)


def tell(story: Story, number: int, end: str) -> None:
    if end == "sent":
        story.hear(*story.made(number))
    elif end == "made":
        story.hear(*story.made(number, None))
    elif end == "failed":
        story.hear(story.end(number, ReportFailed, stage="query", error_class="permanent", reason="No."))
    elif end == "skipped":
        story.hear(story.end(number, ReportSkipped, rows=0, reason="No rows."))
    elif end == "held":
        story.hear(story.end(number, ReportHeld, artifacts=(), rows=1, reasons=("Look.",)))
    else:
        story.hear(story.end(number, ReportCancelled, requested_by="ann"))


def test_it_is_the_same_in_whatever_order_and_however_often_it_is_told(story: Story) -> None:
    events = [
        story.started(),
        story.spread(recipients=5),
        story.advanced(*story.people[:3]),
        story.changed(2, "paused", reason="Wait."),
        story.changed(3, "spreading", by="ann"),
        story.advanced(story.people[3], refusal(4, "without_address", "There is no address.")),
        story.changed(4, "spread"),
        *story.made(0),
        *story.made(1),
        story.end(2, ReportFailed, stage="query", error_class="permanent", reason="No table."),
        *story.made(3),
    ]
    story.hear(*events)
    shown = {name: value for name, value in story.view().items() if name in ("status", "reason", "burst", "ended_at")}
    assert shown["status"] == "partial"
    tables = (OccurrenceRow, ReportRow, BurstRow)
    for order in (events, [*events[7:], *events[:7]], events[::-1], [*events[::2], *events[1::2]]):
        forget(story)
        with story.api.records.begin() as session:  # as the listener does with those that come together
            for told in order:
                HANDLERS[type(told)](session, told)
        story.hear(*order)
        again = story.view()
        assert {name: again[name] for name in shown} == shown
        with story.api.records.read() as session:
            counts = [len(session.execute(select(table)).scalars().all()) for table in tables]
            named = session.execute(select(ReportRow.report_type).distinct()).scalars().all()
        assert (counts, named) == ([1, 5, 1], ["delays"])


def drafted(story: Story) -> Draft:
    """The notice about what has happened."""
    with story.api.records.read() as session:
        happening = session.execute(select(HappeningRow)).scalar_one()
        report, at = session.get(ReportRow, story.id), happening.at
        name = "Delays every morning"
        return draft(Case(latest=happening, name=name, timezone="UTC", more=0, since=at, now=at, report=report), "")


def forget(story: Story) -> None:
    keep = {"schedules", "templates", "sources", "users", "tokens", "calendars", "smtp_profiles", "destinations"}
    with story.api.records.begin() as session:
        for table in reversed(metadata.sorted_tables):
            if table.name not in keep:
                session.execute(delete(table))


def test_a_stopped_burst_says_who_stopped_it_and_how_far_it_came(story: Story) -> None:
    story.hear(story.started(), story.spread(), story.advanced(*story.people[:3]), *story.made(0))
    answer = story.api.post(f"/reports/{story.id}/burst/stop", {"reason": "The wrong month."})
    assert answer.status_code == 202, answer.text
    assert story.api.announced()[-1] == StopBurst(
        report_id=story.id,
        requested_by="admin",
        reason="The wrong month.",
        requested_at=story.api.platform.now,
    )
    story.hear(story.changed(2, "stopped", reason="The wrong month.", by="admin"))
    assert (story.view()["status"], story.view()["burst"]["state"]) == ("delivering", "stopped")
    tell(story, 1, "cancelled")
    tell(story, 2, "cancelled")
    assert (story.view()["status"], story.view()["reason"]) == (
        "partial",
        "Stopped by admin: The wrong month. Of 4 recipients, 1 got their report.",
    )
    before = story.api.stored()
    assert story.api.post(f"/reports/{story.id}/burst/stop", {}).status_code == 202, "twice is once"
    assert story.api.stored() == before
    with story.api.records.read() as session:
        acts = session.execute(select(AuditRow.act).where(AuditRow.subject_id == story.id)).scalars().all()
    assert acts == ["cancelled"]


def test_a_report_that_is_no_burst_or_over_cannot_be_decided_about(story: Story) -> None:
    other = story.api.made("/reports", {"report_type": "delays"})["id"]
    for act in ("continue", "stop"):
        refused = story.api.post(f"/reports/{other}/burst/{act}", {} if act == "stop" else None)
        assert (refused.status_code, refused.json()["detail"][:24]) == (409, "This report is no burst,")
        assert story.api.post(f"/reports/{uuid4()}/burst/{act}", {} if act == "stop" else None).status_code == 404
    story.hear(story.started(), story.spread(recipients=0, state="spread"))
    assert (story.view()["status"], story.view()["reason"]) == ("skipped", "The recipients query gave nobody.")
    for path in ("burst/stop", "cancel", "approve"):
        assert story.api.post(f"/reports/{story.id}/{path}", None if path == "approve" else {}).status_code == 409
    assert story.api.get(f"/reports/{uuid4()}/burst/recipients").status_code == 404


def test_ten_thousand_reports_are_not_counted_again_with_every_event(story: Story) -> None:
    """However many recipients a burst has, an event about one of them costs the same statements."""

    def statements_of_an_event(number: int) -> int:
        counted: list[str] = []

        def count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            counted.append(statement)

        told = story.made(number)
        event.listen(story.api.records.engine, "before_cursor_execute", count)
        story.hear(*told)
        event.remove(story.api.records.engine, "before_cursor_execute", count)
        assert not [
            one for one in counted if "burst_recipients" in one and "child_id IN" not in one and "UPDATE" not in one
        ]
        return len(counted)

    story.hear(story.started(), story.spread(recipients=500), story.advanced(*story.people))
    few = statements_of_an_event(0)
    more = [
        BurstRecipient(position=number, address=f"x{number}@example.org", report_id=uuid4()) for number in range(4, 400)
    ]
    story.hear(story.advanced(*more))
    assert statements_of_an_event(1) == few


# Saving and trying -----------------------------------------------------------------------------------------

WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"sql": ""}, "burst.sql", "holds no statement"),
    ({"sql": "DELETE FROM members"}, "burst.sql", "begins with DELETE"),
    ({"sql": "SELECT 1; SELECT 2"}, "burst.sql", "holds 2 statements"),
    ({"sql": "SELECT a FROM m WHERE x = :nothing"}, "burst.sql", "no parameter of this report type; it has month"),
    ({"sql": "SELECT 'x", "cap": 5}, "burst.sql", "not closed"),
    ({"share_out_by": "a; DROP"}, "burst.share_out_by", "plain name of a column"),
    ({"share_out_by": "m.id"}, "burst.share_out_by", "plain name of a column"),
    ({"cap": 5, "canary": 6}, "burst.canary", "at most burst.cap"),
    ({"cap": 0}, "burst.cap", "from 1 to 1,000,000"),
    ({"canary": -1}, "burst.canary", "from 0 to 10,000"),
    ({"kap": 3}, "burst.kap", ""),
]


@pytest.mark.parametrize(("part", "field", "words"), WRONG)
def test_a_burst_that_can_never_work_is_refused(
    with_template: Any, schedule: dict[str, Any], part: dict[str, Any], field: str, words: str
) -> None:
    burst = {"sql": "SELECT email AS address FROM members", **part}
    asked = {"report_type": "delays", "burst": burst}
    for path, body in (
        ("/reports/schedules", {**schedule, "recipients": [], "burst": burst}),
        ("/bursts/check", asked),
    ):
        refused = with_template.post(path, body)
        assert refused.status_code == 422, refused.text
        (error,) = refused.json()["errors"]
        assert error["field"] == field
        assert words in error["detail"]


def test_a_template_that_drops_copies_has_to_tell_them_apart(
    api: Any, source: dict[str, Any], template: dict[str, Any], schedule: dict[str, Any]
) -> None:
    api.made("/sources", source)
    api.made("/templates", {**template, "drop": {"url": "exports", "pattern": "{slug}/{filename}"}})
    body = {**schedule, "recipients": [], "burst": BURST}
    refused = api.post("/reports/schedules", body)
    assert refused.status_code == 422
    assert "{report_id}" in refused.json()["detail"]
    api.patch("/templates/delays", {"drop": {"url": "exports", "pattern": "{slug}/{report_id}/{filename}"}})
    api.made("/reports/schedules", body)


def test_a_dry_run_says_who_would_get_a_report(with_template: Any, schedule: dict[str, Any]) -> None:
    api = with_template
    made = api.made("/reports/schedules", {**schedule, "recipients": [], "burst": BURST})
    asked = api.post(f"/reports/schedules/{made['id']}/burst/check", None)
    assert (asked.status_code, asked.json()["sentence"], asked.json()["ok"]) == (202, None, None)
    command = api.announced()[-1]
    assert isinstance(command, CheckBurst)
    assert command.order.burst == msgspec.convert(BURST, Burst)
    api.client.put(
        "/api/v1/recipients/ann@example.org/preferences", json={"wanted": False, "schedule": made["id"]}
    ).raise_for_status()
    assert api.post("/suppressions", {"address": "BOB@example.org", "reason": "He left."}).status_code == 200
    answer = BurstChecked(
        at=api.platform.now,
        check_id=command.check_id,
        recipients=310,
        not_allowed=2,
        without_rows=4,
        remarks=("x@example.com: x@example.com is not allowed.",),
        sample=(BurstSample(address="ann@example.org", parameters=(("month", "5"),)),),
        addresses=("ann@example.org", "bob@example.org", "cy@example.org"),
        seconds=0.5,
    )
    api.hear(answer, msgspec.structs.replace(answer, recipients=0))
    shown = api.get(f"/bursts/checks/{command.check_id}").json()
    assert shown["sentence"] == "312 recipients, 4 without rows, 2 not allowed, 1 unsubscribed, 1 suppressed."
    assert (shown["ok"], shown["problems"], shown["sample"][0]["parameters"]) == (True, [], {"month": "5"})
    assert shown["remarks"][1] == "Who does not want letters was looked up for the first 3 recipients."
    assert api.get(f"/bursts/checks/{uuid4()}").status_code == 404


def test_a_dry_run_of_what_is_being_written(with_template: Any, schedule: dict[str, Any]) -> None:
    api = with_template
    before = api.stored()["schedules"]
    asked = api.post("/bursts/check", {"report_type": "delays", "burst": BURST, "parameters": {"month": 7}})
    assert asked.status_code == 202, asked.text
    command = api.announced()[-1]
    assert isinstance(command, CheckBurst)
    assert [one.value for one in command.order.parameters] == [7]
    api.hear(
        BurstChecked(at=api.platform.now, check_id=command.check_id, problems=("No column 'address'.",), seconds=0.1)
    )
    shown = api.get(f"/bursts/checks/{command.check_id}").json()
    assert (shown["ok"], shown["sentence"]) == (False, "No column 'address'.")
    assert api.stored()["schedules"] == before
    plain = api.made("/reports/schedules", schedule)
    assert api.post(f"/reports/schedules/{plain['id']}/burst/check", None).status_code == 409
