"""Reports that are skipped or held, and what becomes of them: written down and announced in one transaction."""

from __future__ import annotations

import dataclasses
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest
from generator_world import FIRST, NOON, REPORT, World
from msgspec.structs import replace
from sqlalchemy import select

from libs.common.commands import NotYet
from libs.common.conditions import Change, Checks, Condition, Conditions
from libs.common.errors import PermanentFailure
from libs.common.handling import Drop, Keeping
from libs.common.look import Look, Widget
from libs.common.messages import (
    DeliverReport,
    GenerateReport,
    Query,
    ReleaseReport,
    ReportCancelRequested,
    ReportFailed,
    ReportGenerated,
    ReportHeld,
    ReportSkipped,
    Template,
)
from services.generator import keeping
from services.generator.generate import generate
from services.generator.job import Job
from services.generator.listener import CancelListener
from services.generator.release import EXPIRED, release_report
from services.generator.tables import held_reports, journal, precedents
from services.generator.uploaded import fetched

SCHEDULE = UUID(int=77)
UNITS = Template(
    template_id=UUID(int=1),
    slug="sales",
    title="Sales",
    queries=(Query(name="Sales", sql="SELECT sum(units) AS units FROM sales"),),
)
HOLD = replace(UNITS, checks=Checks(min_rows=2, on_failure="hold"))
MANY = Conditions(only_if=(Condition(measure="units", when=">", value=10),), crossing=True)
RELEASE = ReleaseReport(report_id=REPORT, approved_by="ann", requested_at=NOON)


def order(world: World, template: Template) -> GenerateReport:
    """Somebody asks for the report as csv."""
    return world.command(template=template, formats=("csv",))


def occurrence(world: World, hour: int, conditions: Conditions = MANY, template: Template = UNITS) -> GenerateReport:
    """The order of the schedule at that hour."""
    command = world.command(template=template, formats=("csv",), conditions=conditions)
    return replace(
        command,
        report_id=uuid5(SCHEDULE, str(hour)),
        schedule_id=SCHEDULE,
        scheduled_for=NOON + timedelta(hours=hour),
    )


def sell(world: World, units: int) -> None:
    """From now on the shop has sold so many units in all."""
    with sqlite3.connect(world.shop) as connection:
        connection.execute("DELETE FROM sales")
        connection.execute("INSERT INTO sales VALUES ('2026-05-03', ?)", (units,))
    connection.close()


def kinds(said: list[Any]) -> list[str]:
    return [type(one).__name__ for one in said if type(one).__name__ != "ReportStarted"]


def held_row(world: World) -> Any:
    with world.store.read() as session:
        return session.execute(select(held_reports)).one_or_none()


def state(world: World, report_id: UUID) -> str:
    with world.store.read() as session:
        return str(session.execute(select(journal.c.state).where(journal.c.report_id == report_id)).scalar_one())


def test_an_alert_goes_out_when_it_crosses_and_not_again_before_it_is_armed(world: World) -> None:
    sent = ["ReportGenerated", "DeliverReport", "DeliverReport"]
    story = [(7, ["ReportSkipped"]), (11, sent), (12, ["ReportSkipped"]), (9, ["ReportSkipped"]), (11, sent)]
    for hour, (units, expected) in enumerate(story):
        sell(world, units)
        command = occurrence(world, hour)
        world.generate(command)
        said = world.said()
        assert kinds(said) == expected, (hour, said)
        world.generate(command)
        assert world.said() == [], "a command that comes again finds the report ended"


def test_a_skipped_report_says_why_and_leaves_no_file(world: World) -> None:
    command = occurrence(world, 0)
    world.generate(command)
    skipped = world.said()[-1]
    assert skipped == ReportSkipped(
        at=NOON,
        report_id=command.report_id,
        attempt=1,
        rows=1,
        reason="Sales: units is 7; a report is sent if units > 10.",
    )
    assert state(world, command.report_id) == "skipped"
    assert world.leftovers() == []
    assert [path for path in (world.folder / "artifacts").rglob("*") if path.is_file()] == []


def test_a_report_is_sent_again_only_when_its_rows_have_changed(world: World) -> None:
    said = []
    for hour, units in enumerate([7, 7, 8, 8]):
        sell(world, units)
        world.generate(occurrence(world, hour, Conditions(only_if_changed=True)))
        said.append(kinds(world.said())[0])
    assert said == ["ReportGenerated", "ReportSkipped", "ReportGenerated", "ReportSkipped"]


def test_of_two_reports_that_cross_at_the_same_time_one_fires(world: World) -> None:
    sell(world, 11)
    first, second = occurrence(world, 0), occurrence(world, 1)

    def overtake(job: Job, *_: object) -> None:
        world.hands.before = None
        generate(second, FIRST, world.another("two", world.hands))

    world.hands.before = overtake
    with pytest.raises(NotYet, match="has to be judged again"):
        world.generate(first)
    world.generate(first)
    said = world.said()
    assert [one.report_id for one in said if isinstance(one, ReportGenerated)] == [second.report_id]
    assert [one.report_id for one in said if isinstance(one, ReportSkipped)] == [first.report_id]
    stored = [path for path in (world.folder / "artifacts").rglob("*") if path.is_file()]
    assert [str(second.report_id) in str(path) for path in stored] == [True], "what the first had made is gone"


def test_the_memory_of_a_schedule_changes_with_the_end_of_its_report_or_not_at_all(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sell(world, 11)

    def surprise(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("services.generator.endings.remember", surprise)
    with pytest.raises(ZeroDivisionError):
        world.generate(occurrence(world, 0))
    assert kinds(world.said()) == []
    monkeypatch.undo()
    world.now += timedelta(minutes=1)
    world.generate(occurrence(world, 0))
    assert kinds(world.said()) == ["ReportGenerated", "DeliverReport", "DeliverReport"]


def test_a_report_that_a_person_asks_for_neither_heeds_nor_changes_what_a_schedule_remembers(world: World) -> None:
    command = replace(occurrence(world, 0), schedule_id=None)
    world.generate(command)
    assert kinds(world.said())[0] == "ReportGenerated"
    with world.store.read() as session:
        assert session.execute(select(precedents)).all() == []


def test_a_change_is_checked_against_the_last_report_of_the_schedule(world: World) -> None:
    template = replace(UNITS, checks=Checks(change=(Change(measure="units", at_most=0.5),)))
    for hour, (units, is_well) in enumerate([(100, True), (140, True), (60, False), (75, True)]):
        sell(world, units)
        command = occurrence(world, hour, Conditions(), template)
        if is_well:
            world.generate(command)
            assert kinds(world.said())[0] == "ReportGenerated"
            continue
        with pytest.raises(PermanentFailure, match="did not pass its checks"):
            world.generate(command)
        failed = world.said()[-1]
        assert isinstance(failed, ReportFailed)
        assert (failed.stage, failed.error_class) == ("query", "permanent")
        assert failed.reason == (
            "The data did not pass its checks. Sales: units is 60, after 140 in the last report (-57.1%); "
            "it may differ by at most 50 %."
        )


def test_a_held_report_is_sent_once_when_it_is_approved(world: World) -> None:
    world.generate(order(world, HOLD))
    held = world.said()[-1]
    assert isinstance(held, ReportHeld)
    assert held.reasons == ("Sales: 1 row, where at least 2 are expected.",)
    assert held.notes == ("A check failed: Sales: 1 row, where at least 2 are expected.",)
    assert all(world.storage.read(artifact.key) for artifact in held.artifacts)
    world.generate(order(world, HOLD))
    assert world.said() == [], "the command comes again while the report waits"

    world.now += timedelta(hours=3)
    for _ in range(2):
        release_report(RELEASE, FIRST, world.workshop)
    generated, *deliveries = world.said()
    assert isinstance(generated, ReportGenerated)
    assert (generated.at, generated.attempt, generated.artifacts) == (world.now, 1, held.artifacts)
    assert generated.expires_at == held.expires_at
    assert [one.recipient.address for one in deliveries if isinstance(one, DeliverReport)] == [
        "ada@example.org",
        "bob@example.org",
    ]
    assert {one.notes for one in deliveries if isinstance(one, DeliverReport)} == {held.notes}
    assert (world.row().state, held_row(world)) == ("finished", None)


def test_a_held_report_that_is_cancelled_is_not_sent(world: World) -> None:
    world.generate(order(world, HOLD))
    listener = CancelListener(world.workshop.journal, clock=lambda: world.now, wake=lambda: None)
    with world.store.begin() as session:
        listener.cancel_requested(session, ReportCancelRequested(at=world.now, report_id=REPORT, requested_by="bob"))
    assert kinds(world.said())[-1] == "ReportCancelled"
    release_report(RELEASE, FIRST, world.workshop)
    assert (world.said(), world.row().state, held_row(world)) == ([], "cancelled", None)


def test_a_held_report_whose_files_have_expired_fails_when_it_is_approved(world: World) -> None:
    world.generate(order(world, replace(HOLD, keeping=Keeping(days=1))))
    world.now += timedelta(days=2)
    world.said()
    with world.store.begin() as session:
        keeping.due(session, world.now, 10)  # somebody is just deleting them
    release_report(RELEASE, FIRST, world.workshop)
    (failed,) = world.said()
    assert isinstance(failed, ReportFailed)
    assert (failed.reason, world.row().state) == (EXPIRED, "failed")


def test_the_copies_of_a_held_report_are_dropped_when_it_is_approved(world: World, tmp_path: Path) -> None:
    world.workshop = dataclasses.replace(world.workshop, drop_folder=str(tmp_path / "drop"))
    drop = Drop(sealed_url=world.sealer.seal("copies"), shown="copies", pattern="{filename}")
    world.generate(order(world, replace(HOLD, drop=drop)))
    assert kinds(world.said()) == ["ReportHeld"]
    assert not (tmp_path / "drop" / "copies").exists()
    release_report(RELEASE, FIRST, world.workshop)
    generated = world.said()[0]
    assert isinstance(generated, ReportGenerated)
    assert generated.dropped_to == "copies"
    assert [path.name for path in (tmp_path / "drop" / "copies").iterdir()] == ["sales-2026-05-05.csv"]


def test_a_held_report_whose_copies_nobody_takes_fails_when_it_is_approved(world: World, tmp_path: Path) -> None:
    world.workshop = dataclasses.replace(world.workshop, drop_folder=str(tmp_path / "drop"))
    drop = Drop(sealed_url=world.sealer.seal("copies"), shown="copies", pattern="{slug}")
    world.generate(order(world, replace(HOLD, drop=drop)))
    world.said()
    with pytest.raises(PermanentFailure, match=r"pattern of the drop"):
        release_report(RELEASE, FIRST, world.workshop)
    (failed,) = world.said()
    assert isinstance(failed, ReportFailed)
    assert (failed.stage, world.row().state, held_row(world)) == ("store", "failed", None)
    release_report(RELEASE, FIRST, world.workshop)
    assert world.said() == []


def test_an_alert_that_is_held_does_not_fire_at_every_occurrence(world: World) -> None:
    sell(world, 11)
    world.generate(occurrence(world, 0, MANY, HOLD))
    world.generate(occurrence(world, 1, MANY, HOLD))
    assert kinds(world.said()) == ["ReportHeld", "ReportSkipped"]
    release_report(replace(RELEASE, report_id=uuid5(SCHEDULE, "0")), FIRST, world.workshop)
    with world.store.read() as session:
        row = session.execute(select(precedents)).one()
    assert (row.sent_for, row.is_armed) == (NOON, False)


def test_a_warning_goes_with_the_report(world: World) -> None:
    world.generate(order(world, replace(UNITS, checks=Checks(min_rows=2, on_failure="warn"))))
    generated, *deliveries = [one for one in world.said() if isinstance(one, ReportGenerated | DeliverReport)]
    note = "A check failed: Sales: 1 row, where at least 2 are expected."
    assert [one.notes for one in (generated, *deliveries)] == [(note,)] * 3


BOTH = replace(
    UNITS,
    queries=(
        Query(name="Bad", sql="SELECT * FROM nowhere"),
        Query(name="Good", sql="SELECT units FROM sales"),
        Query(name="None", sql="SELECT units FROM sales WHERE 0"),
    ),
)
WIDGETS = (
    Widget(kind="figure", query="Bad", title="Worst"),
    Widget(query="Good"),
    Widget(kind="figure", query="None", title="Nothing"),
)


@pytest.mark.parametrize("widgets", [(), WIDGETS])
def test_a_query_that_fails_does_not_take_the_others_with_it(world: World, widgets: tuple[Widget, ...]) -> None:
    world.generate(world.command(template=replace(BOTH, widgets=widgets), formats=("csv", "xlsx", "pdf")))
    generated = next(one for one in world.said() if isinstance(one, ReportGenerated))
    title = "Worst" if widgets else "Bad"
    assert len(generated.shortfalls) == 1
    assert generated.shortfalls[0].startswith(f"{title}: The query 'Bad' failed in the source 'shop'")
    assert "nowhere" in generated.shortfalls[0]
    assert set(generated.notes) >= {generated.shortfalls[0], "None: the query gave no rows."}
    assert generated.rows == 2


def test_if_nothing_can_be_read_or_drawn_the_report_fails(world: World) -> None:
    nothing = replace(UNITS, queries=(BOTH.queries[0], Query(name="Worse", sql="SELECT * FROM elsewhere")))
    with pytest.raises(PermanentFailure, match=r"(?s)nowhere.*elsewhere"):
        world.generate(order(world, nothing))


def test_if_every_widget_is_of_a_query_that_failed_the_report_fails(world: World) -> None:
    with pytest.raises(PermanentFailure, match="nowhere"):
        world.generate(order(world, replace(BOTH, widgets=WIDGETS[:1])))


def test_an_uploaded_file_is_fetched_or_the_report_fails(world: World, tmp_path: Path) -> None:
    world.storage.put("looks/abc.png", b"a picture")
    logo = fetched("looks/abc.png", world.storage.url, tmp_path)
    assert logo is not None
    assert (logo.name, logo.read_bytes()) == ("abc.png", b"a picture")
    assert fetched("", world.storage.url, tmp_path) is None
    with pytest.raises(PermanentFailure, match=r"looks/none\.png"):
        world.generate(order(world, replace(UNITS, look=Look(logo_key="looks/none.png"))))
