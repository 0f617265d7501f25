"""A report that somebody does not want: at whatever moment that is heard, there is one end, and it is told once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from generator_world import FIRST, NOON, REPORT, OwnHands, World

from libs.common.commands import NotYet
from libs.common.errors import PermanentFailure, TransientFailure
from libs.common.messages import (
    DeliverReport,
    ReportCancelled,
    ReportCancelRequested,
    ReportFailed,
    ReportStarted,
)
from services.generator.expiry import clean
from services.generator.generate import generate
from services.generator.job import Failed, GivenBack, Job
from services.generator.journal import LEASE, REMEMBERED
from services.generator.listener import CancelListener


def cancel(world: World, by: str = "ann", reason: str = "Wrong month.") -> None:
    """What the listener does with one request."""
    woken: list[int] = []
    listener = CancelListener(world.workshop.journal, clock=lambda: world.now, wake=lambda: woken.append(1))
    request = ReportCancelRequested(at=world.now, report_id=REPORT, requested_by=by, reason=reason)
    with world.store.begin() as session:
        listener.handlers()[ReportCancelRequested](session, request)
        assert woken == []
    assert woken == [1]


def cancelled(world: World, attempt: int, by: str = "ann") -> ReportCancelled:
    return ReportCancelled(at=world.now, report_id=REPORT, attempt=attempt, requested_by=by, reason="Wrong month.")


def test_a_report_that_is_not_known_yet_never_begins(world: World) -> None:
    cancel(world)
    cancel(world, by="bob")
    world.generate()  # the command is acknowledged
    assert world.said() == [cancelled(world, attempt=0)]
    assert world.hands.jobs == []
    assert (world.row().state, world.row().reason) == ("cancelled", "Cancelled by ann: Wrong month.")


def test_a_report_that_waits_for_its_next_attempt_ends_at_once(world: World) -> None:
    world.hands.instead = lambda job: Failed(stage="query", error_class="transient", reason="Away.")
    with pytest.raises(TransientFailure):
        world.generate()
    world.said()
    cancel(world)
    assert world.said() == [cancelled(world, attempt=1)]
    world.generate()
    assert (world.said(), len(world.hands.jobs)) == ([], 1)


def test_whoever_is_at_work_is_told_to_stop(world: World) -> None:
    seen: list[str] = []

    def be_interrupted(_job: Job, _heard: object, ended: Callable[[], str]) -> None:
        world.workshop.leases._look()
        seen.append(ended())
        cancel(world)
        world.workshop.leases._look()
        seen.append(ended())

    world.hands.before = be_interrupted
    world.hands.instead = lambda job: GivenBack(reason="the report was cancelled")
    world.generate()
    assert seen == ["", "the report was cancelled"]
    assert world.said()[1:] == [cancelled(world, attempt=1)]
    assert world.row().state == "cancelled"
    assert world.leftovers() == []


@pytest.mark.parametrize(
    "instead",
    [
        None,
        lambda job: Failed(stage="query", error_class="permanent", reason="No."),
        lambda job: Failed(stage="query", error_class="transient", reason="Away."),
        lambda job: GivenBack(reason="the service is stopping"),
    ],
    ids=["made", "failed", "to be retried", "given back"],
)
def test_until_the_end_is_written_down_a_cancel_wins(world: World, instead: Any) -> None:
    world.hands.before = lambda *_: cancel(world)
    world.hands.instead = instead
    world.generate()
    started, *told = world.said()
    assert isinstance(started, ReportStarted)
    assert told == [cancelled(world, attempt=1)]
    assert world.row().state == "cancelled"


def test_files_of_a_cancelled_report_go_with_the_next_cleaning(world: World) -> None:
    world.hands.before = lambda *_: cancel(world)
    world.generate()
    files = [path for path in (world.folder / "artifacts").rglob("*") if path.is_file()]
    assert len(files) == 3
    clean(world.workshop.journal, world.storage, lambda: world.now)
    assert not any(path.exists() for path in files)


def test_after_the_end_it_is_too_late(world: World) -> None:
    world.generate()
    told = world.said()
    assert sum(isinstance(message, DeliverReport) for message in told) == 2
    cancel(world)
    world.generate()
    assert (world.said(), world.row().state) == ([], "finished")


def test_a_failed_report_stays_failed(world: World) -> None:
    world.hands.instead = lambda job: Failed(stage="query", error_class="permanent", reason="No.")
    with pytest.raises(PermanentFailure):
        world.generate()
    world.said()
    cancel(world)
    assert (world.said(), world.row().state) == ([], "failed")


def test_a_cancelled_report_whose_maker_died_ends_with_the_next_command(world: World) -> None:
    def die(*_: object) -> None:
        cancel(world)
        raise SystemExit

    world.hands.before = die
    with pytest.raises(SystemExit):
        world.generate()
    other = world.another("two", OwnHands())
    with pytest.raises(NotYet):
        generate(world.command(), FIRST, other)
    world.said()
    world.now += LEASE + timedelta(seconds=1)
    generate(world.command(), FIRST, other)
    generate(world.command(), FIRST, other)
    assert world.said() == [cancelled(world, attempt=1)]


def test_a_cancel_for_a_report_whose_maker_died_ends_it_at_once(world: World) -> None:
    def die(*_: object) -> None:
        raise SystemExit

    world.hands.before = die
    with pytest.raises(SystemExit):
        world.generate()
    world.said()
    world.now += LEASE + timedelta(seconds=1)
    cancel(world)
    assert world.said() == [cancelled(world, attempt=1)]


def test_only_the_generator_at_work_is_told(world: World) -> None:
    other = world.another("two", OwnHands())

    def be_interrupted(*_: object) -> None:
        cancel(world)
        other.leases._hear()

    world.hands.before = be_interrupted
    with other.leases.held(REPORT, 1) as lease:
        world.generate()
        assert lease.ended() == ""


def test_a_command_that_is_older_than_what_the_journal_remembers_is_refused(world: World) -> None:
    world.now = NOON + REMEMBERED + timedelta(days=1)
    for _ in range(2):
        with pytest.raises(PermanentFailure, match="ordered more than 90 days ago"):
            world.generate()
    assert world.hands.jobs == []
    assert [type(message) for message in world.said()] == [ReportStarted, ReportFailed] * 2
