"""Owners learn what happens to their schedules: soon, in words, and of one cause at most once an hour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, update

from libs.common import ids
from libs.common.messages import (
    NoticeEnded,
    OccurrencesPassed,
    OccurrenceStarted,
    ReportFailed,
    ReportGenerated,
    ReportHeld,
    SchedulePaused,
    ScheduleSaved,
    SendNotice,
)
from services.api.dead_letters.keeping import keep
from services.api.dead_letters.reading import Dead
from services.api.notices.dead_letters import tell_of_dead_letter
from services.api.notices.desk import NoticeDesk, tell_happenings
from services.api.people import create_token
from services.api.tables import DestinationRow, ReportRow, UserRow

HOUR = timedelta(hours=1)
EIGHT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)  # half an hour after the clock of the tests has started


class Office:
    """The api with a schedule of the user ann, and a desk that tells her what happens."""

    def __init__(self, api: Any, schedule: dict[str, Any]) -> None:
        self.api = api
        self.clock = api.platform.clock
        self.tokens = {name: create_token(api.records, name, self.clock()) for name in ("ann", "ben")}
        self.give_address("ann", "ann@example.org")
        self.schedule = schedule | {"name": "Hourly delays", "owner": "ann", "timezone": "Europe/Vienna"}
        self.schedule |= {"frequency": "cron", "schedule_config": {"cron": "0 * * * *"}}
        self.id = self.made(notify={"on": ["failed", "partial", "missed", "held", "paused", "dead_letter", "changed"]})

    def give_address(self, name: str, address: str) -> None:
        with self.api.records.begin() as session:
            session.execute(update(UserRow).where(UserRow.name == name).values(email=address))

    def make_destination(self, name: str) -> None:
        values = {"kind": "slack", "sealed_url": "sealed", "shown": "https://chat.example.org/…", "sealed_secret": ""}
        at = {"created_at": self.clock(), "updated_at": self.clock()}
        with self.api.records.begin() as session:
            session.add(DestinationRow(id=uuid4(), name=name, attach=True, **values, **at))

    def made(self, **fields: Any) -> UUID:
        return UUID(self.api.made("/reports/schedules/", self.schedule | fields)["id"])

    def as_user(self, name: str) -> Any:
        self.api.client.headers["Authorization"] = f"Bearer {self.tokens[name]}"
        return self.api

    def start(self, moment: datetime, schedule: UUID | None = None) -> UUID:
        """The expected moment comes; the id of its report."""
        schedule = schedule or self.id
        order = next(one.order for one in self.api.announced() if isinstance(one, ScheduleSaved))
        occurrence = ids.occurrence_id(schedule, moment)
        started = OccurrenceStarted(
            at=moment,
            occurrence_id=occurrence,
            schedule_id=schedule,
            schedule_version=1,
            scheduled_for=moment,
            report_id=ids.report_id(occurrence),
            order=order,
        )
        self.api.hear(started)
        return started.report_id

    def fail(self, moment: datetime, schedule: UUID | None = None) -> UUID:
        report_id = self.start(moment, schedule)
        self.end(ReportFailed, report_id, moment, stage="query", error_class="permanent", reason="No such table.")
        return report_id

    def succeed(self, moment: datetime, schedule: UUID | None = None) -> UUID:
        report_id = self.start(moment, schedule)
        facts = dict.fromkeys(("query_seconds", "render_seconds", "store_seconds"), 0.1)
        self.end(ReportGenerated, report_id, moment, artifacts=(), deliveries=(), rows=3, **facts)
        return report_id

    def end(self, kind: Any, report_id: UUID, moment: datetime, **facts: Any) -> None:
        self.api.hear(kind(at=moment + timedelta(seconds=2), report_id=report_id, attempt=1, **facts))

    def told(self, at: datetime) -> list[SendNotice]:
        """What is ordered from the mailer when the desk looks at this moment."""
        self.clock.now = at
        before = len(self.all())
        while tell_happenings(self.api.platform):
            pass
        return self.all()[before:]

    def all(self) -> list[SendNotice]:
        return [one for one in self.api.announced() if isinstance(one, SendNotice)]

    def notices(self, **filters: Any) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.api.get("/notices/", params=filters).json()["items"]
        return items


@pytest.fixture
def office(with_template: Any, schedule: dict[str, Any]) -> Office:
    return Office(with_template, schedule)


def test_a_failed_report_is_told_in_a_sentence_with_cause_next_step_and_facts(office: Office) -> None:
    report_id = office.fail(EIGHT)
    (notice,) = office.told(EIGHT + timedelta(seconds=5))
    assert (notice.recipient.address, notice.recipient.name) == ("ann@example.org", "ann")
    assert notice.subject == "Failed: Hourly delays"
    sentence, why, step = notice.paragraphs
    assert sentence == (
        "The report of “Hourly delays” that was due on Monday, 2 March 2026, 09:00 Europe/Vienna failed: nobody got it."
    )
    assert why == "Why: No such table."
    assert step.startswith("It does not come by itself")
    facts = dict(notice.facts)
    assert facts["Report"] == "Delays by carrier"
    assert facts["Number"] == str(report_id)
    assert facts["Next due"] == "Monday, 2 March 2026, 10:00 Europe/Vienna"
    assert notice.links == ()  # nobody has said where the api is

    (shown,) = office.notices(schedule=office.id)
    assert (shown["state"], shown["cause"], shown["owner"]) == ("pending", "failed", "ann")
    assert shown["sentence"] == sentence
    office.api.hear(NoticeEnded(at=EIGHT, notice_id=notice.notice_id, state="rejected", reason="No.", answer="550 No"))
    office.api.hear(NoticeEnded(at=EIGHT, notice_id=notice.notice_id, state="sent"))  # the first ending stands
    shown = office.api.get(f"/notices/{notice.notice_id}").json()
    assert (shown["state"], shown["reason"], shown["answer"]) == ("rejected", "No.", "550 No")
    assert office.told(EIGHT + HOUR) == []  # nobody is told that a notice did not arrive


def test_of_one_cause_an_owner_is_told_once_an_hour_and_the_rest_is_counted(office: Office) -> None:
    minutes = [EIGHT + timedelta(minutes=minutes) for minutes in (0, 10, 20, 30)]
    office.fail(minutes[0])
    assert len(office.told(minutes[0] + timedelta(seconds=5))) == 1
    for moment in minutes[1:]:
        office.fail(moment)
        assert office.told(moment + timedelta(seconds=5)) == []
    (later,) = office.told(EIGHT + HOUR + timedelta(minutes=1))
    assert later.subject == "Failed: Hourly delays, and 2 more since 09:10"
    assert "09:30 Europe/Vienna" in later.paragraphs[0]
    assert office.told(EIGHT + 3 * HOUR) == []

    # Another cause has a pace of its own, and so has another schedule.
    office.api.hear(SchedulePaused(at=EIGHT + 3 * HOUR, schedule_id=office.id, version=9, reason="No time zone."))
    other = office.made(name="Other")
    office.fail(EIGHT + 3 * HOUR, other)
    subjects = {notice.subject for notice in office.told(EIGHT + 3 * HOUR + timedelta(seconds=5))}
    assert subjects == {"Stopped: Hourly delays", "Failed: Other"}


def test_what_was_said_twice_or_mended_meanwhile_is_not_told(office: Office) -> None:
    report_id = office.start(EIGHT)
    held = {"artifacts": (), "rows": 4, "reasons": ("Too few rows.",)}
    office.end(ReportHeld, report_id, EIGHT, **held)
    with office.api.records.begin() as session:
        report = session.get(ReportRow, report_id)
        assert report is not None
        report.status = "delivering"  # somebody has approved it
    assert office.told(EIGHT + timedelta(seconds=5)) == []

    other = office.start(EIGHT + HOUR)
    office.end(ReportHeld, other, EIGHT + HOUR, **held)
    office.end(ReportHeld, other, EIGHT + HOUR, **held)
    (notice,) = office.told(EIGHT + HOUR + timedelta(seconds=5))
    assert notice.subject == "Held, please approve: Hourly delays"
    assert notice.paragraphs[1] == "Why: Too few rows."


def test_parts_of_a_burst_and_tests_are_not_told_of(office: Office) -> None:
    for moment, change in ((EIGHT, {"is_test": True}), (EIGHT + HOUR, {"parent_id": ids.NAMESPACE})):
        report_id = office.start(moment)
        with office.api.records.begin() as session:
            session.execute(update(ReportRow).where(ReportRow.id == report_id).values(**change))
        facts = {"stage": "query", "error_class": "permanent", "reason": "No."}
        office.end(ReportFailed, report_id, moment, **facts)
    assert office.told(EIGHT + 2 * HOUR) == []


def test_missed_moments_that_came_together_are_one_notice(office: Office) -> None:
    moments = tuple(EIGHT + number * HOUR for number in range(3))
    passed = {"schedule_id": office.id, "schedule_version": 1, "moments": moments, "reason": "It was down."}
    at = EIGHT + 4 * HOUR
    office.api.hear(OccurrencesPassed(at=at, outcome="skipped", **passed))
    assert office.told(at) == []
    office.api.hear(OccurrencesPassed(at=at, outcome="missed", **passed))
    (notice,) = office.told(at)
    assert notice.paragraphs[0].startswith("3 moments of “Hourly delays”")


def test_success_is_told_to_those_who_wish_it(office: Office) -> None:
    office.succeed(EIGHT)
    assert office.told(EIGHT + timedelta(seconds=5)) == []
    glad = office.made(name="Glad", notify={"on": ["success"]})
    office.succeed(EIGHT, glad)
    office.fail(EIGHT + HOUR, glad)
    (notice,) = office.told(EIGHT + HOUR + timedelta(seconds=5))
    assert notice.subject == "Delivered: Glad"


def test_changes_by_others_are_told_and_ones_own_are_not(office: Office) -> None:
    path = f"/reports/schedules/{office.id}"
    office.as_user("ann").patch(path, {"priority": "high"})
    assert office.told(EIGHT) == []
    office.as_user("ben").patch(path, {"subject": "Delays", "priority": "low"})
    (changed,) = office.told(EIGHT + timedelta(minutes=1))
    assert changed.paragraphs[0] == "ben has changed the schedule “Hourly delays”: priority, subject."
    office.clock.turn(minutes=1)
    office.api.patch(path, {"active": False})
    office.clock.turn(minutes=1)
    office.api.patch(path, {"owner": "ben"})
    office.clock.turn(minutes=1)
    office.api.delete(path)  # it is ben's own now
    (paused,) = office.told(EIGHT + 2 * HOUR)
    assert paused.recipient.address == "ann@example.org"
    assert paused.subject.endswith("and 1 more since 09:02")
    assert paused.paragraphs[0] == "ben has changed the schedule “Hourly delays”: owner."

    gone = office.made(name="Gone")
    office.as_user("ben").delete(f"/reports/schedules/{gone}")
    (deleted,) = office.told(EIGHT + 4 * HOUR)
    assert deleted.subject == "Deleted: Gone"
    assert deleted.paragraphs[-1] == "It is not due any more; what it has produced stays in the record."


def test_an_owner_without_an_address_is_named_in_the_record_and_once_in_the_log(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.give_address("ann", "")
    office.make_destination("On call")
    chat = office.made(name="Watched", notify={"on": ["failed"], "destination": "On call"})
    office.fail(EIGHT)
    office.fail(EIGHT, chat)
    (notice,) = office.told(EIGHT + timedelta(seconds=5))
    assert notice.destination is not None
    assert (notice.destination.name, notice.recipient.address) == ("On call", str(notice.destination.destination_id))
    with office.api.records.begin() as session:
        session.execute(delete(DestinationRow))
    office.fail(EIGHT + 2 * HOUR, chat)
    assert office.told(EIGHT + 2 * HOUR + timedelta(seconds=5)) == []
    lost = office.notices(state="no_address")
    assert [(one["schedule_name"], one["destination"]) for one in lost].count(("Watched", None)) == 2
    reasons = {one["destination"]: one["reason"] for one in lost}
    assert reasons[None].startswith("The user ann has no e-mail address")
    assert reasons["On call"] == "There is no destination On call any more."
    said = [record for record in caplog.records if "no address for notices" in record.message]
    assert len(said) == 1


def test_a_dead_letter_is_told_unless_the_end_of_its_report_tells_enough(office: Office) -> None:
    failed = office.fail(EIGHT)
    later = EIGHT + timedelta(seconds=5)
    assert len(office.told(later)) == 1

    def give_up(wire_name: str, **payload: Any) -> None:
        dead = Dead(
            id=uuid4(),
            message_id="1",
            queue="mail.normal",
            wire_name=wire_name,
            stage="",
            exception="TransientFailure",
            reason="It was tried 8 times.",
            traceback="",
            attempts=8,
            failed_at=later,
            body=b"{}",
            payload={name: str(value) for name, value in payload.items()},
            replay_of=None,
            replays=0,
        )
        with office.api.records.begin() as session:
            keep(session, dead)
            tell_of_dead_letter(session, dead)

    give_up("generate_report.v1", report_id=failed)
    give_up("send_notice.v1", schedule_id=office.id)
    assert office.told(later + timedelta(minutes=1)) == []
    give_up("deliver_report.v1", schedule_id=office.id)
    assert office.told(later + timedelta(seconds=10)) == []  # its end may still be heard
    (notice,) = office.told(later + timedelta(minutes=1))
    assert notice.subject == "Given up: Hourly delays"
    assert notice.paragraphs[1] == "Why: It was tried 8 times."


def test_a_digest_comes_once_a_day_and_names_the_worst_first(office: Office) -> None:
    good = office.made(name="Good", notify={"on": [], "digest": True}, timezone="Europe/Vienna")
    bad = office.made(name="Bad", notify={"on": [], "digest": True})
    desk, twin = NoticeDesk(office.api.platform), NoticeDesk(office.api.platform)

    def look(at: datetime) -> list[SendNotice]:
        office.clock.now = at
        before = len(office.all())
        desk.step()
        twin.step()
        return office.all()[before:]

    assert look(EIGHT) == []
    office.succeed(EIGHT, good)
    office.succeed(EIGHT, bad)
    office.fail(EIGHT + HOUR, bad)
    assert look(EIGHT + 20 * HOUR) == []
    seven_in_vienna = datetime(2026, 3, 3, 6, 0, tzinfo=UTC)
    assert look(seven_in_vienna - timedelta(seconds=90)) == []
    (digest,) = look(seven_in_vienna)
    assert digest.subject == "Digest: 1 failed, 2 delivered"
    assert digest.facts == (("Bad", "1 failed, 1 delivered"), ("Good", "1 delivered"))
    assert look(seven_in_vienna + 24 * HOUR) == []  # nothing has happened
    office.succeed(seven_in_vienna + 25 * HOUR, good)
    (digest,) = look(seven_in_vienna + 48 * HOUR)
    assert digest.subject == "Digest: 1 delivered"

    for schedule in (good, bad):
        office.api.patch(f"/reports/schedules/{schedule}", {"notify": {"on": []}})
    office.succeed(seven_in_vienna + 49 * HOUR, good)
    assert look(seven_in_vienna + 72 * HOUR) == []


def test_an_announcement_reaches_each_owner_once_with_a_list_of_theirs(office: Office) -> None:
    office.give_address("ben", "ben@example.org")
    office.made(name="Weekly", frequency="weekly", schedule_config={"day_of_week": 6, "hour": 9, "minute": 0})
    office.made(name="Of ben", owner="ben")
    paused = office.made(name="Paused", active=False)
    body = {
        "subject": "No database on Monday night",
        "text": "We move it.\n\nReports come later.",
        "scope": {"source": "flights"},
        "starts_at": "2026-03-02T20:00:00Z",
        "ends_at": "2026-03-03T04:00:00Z",
    }
    made = office.api.made("/announcements/", body, key="move")
    assert office.api.made("/announcements/", body, key="move") == made
    assert (made["schedules"], made["told"], made["scope"]) == (3, {"pending": 2}, {"source": "flights"})
    to_ann, to_ben = sorted(office.all(), key=lambda one: one.recipient.address)
    assert to_ann.subject == "No database on Monday night"
    assert to_ann.paragraphs == (
        "We move it.",
        "Reports come later.",
        "This is about 2 of your schedules, listed below.",
    )
    assert dict(to_ann.facts) == {
        "From": "Monday, 2 March 2026, 21:00 Europe/Vienna",
        "Until": "Tuesday, 3 March 2026, 05:00 Europe/Vienna",
        "Hourly delays": "due Monday, 2 March 2026, 22:00 Europe/Vienna",
        "Weekly": "not due in that time",
    }
    assert [label for label, _ in to_ben.facts] == ["From", "Until", "Of ben"]

    office.api.hear(NoticeEnded(at=EIGHT, notice_id=to_ann.notice_id, state="sent", answer="250 Ok"))
    (shown,) = office.api.get("/announcements/").json()["items"]
    assert shown["told"] == {"pending": 1, "sent": 1}
    assert office.api.get(f"/announcements/{made['id']}").json() == shown
    who = office.api.client.get(shown["notices"]).json()["items"]
    assert {(one["owner"], one["state"]) for one in who} == {("ann", "sent"), ("ben", "pending")}

    nobody = office.api.made("/announcements/", {"subject": "A", "text": "B", "scope": {"schedules": [str(paused)]}})
    assert (nobody["schedules"], nobody["told"]) == (0, {})


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"scope": {"source": "nothing"}}, "scope.source"),
        ({"scope": {"template": "nothing"}}, "scope.template"),
        ({"scope": {"schedules": ["11111111-1111-4111-8111-111111111111"]}}, "scope.schedules[0]"),
        ({"scope": {"schedules": []}}, "scope.schedules"),
        ({"scope": {"shedules": []}}, "scope.shedules"),
        ({"scope": "some"}, "scope"),
        ({"starts_at": "2026-03-02T20:00:00Z", "ends_at": "2026-03-02T20:00:00Z"}, "ends_at"),
        ({"subject": "two\nlines"}, "subject"),
        ({"text": ""}, "text"),
    ],
)
def test_an_announcement_to_nobody_or_about_nothing_is_refused(
    refused: Callable[..., str], fields: dict[str, Any], field: str
) -> None:
    refused("/announcements/", {"subject": "Night", "text": "No database.", **fields}, field)
