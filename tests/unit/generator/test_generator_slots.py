from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from generator_world import NOON, World
from sqlalchemy import select

from libs.common.commands import NotYet
from libs.common.messages import GenerateReport, ReportStarted
from services.generator.journal import LEASE
from services.generator.slots import LONG, MOST_PAUSE_SECONDS, hold
from services.generator.tables import journal


def order(world: World, number: int, concurrency: int = 1, source: int = 2) -> GenerateReport:
    command = world.command()
    limited = msgspec.structs.replace(command.order.source, concurrency=concurrency, source_id=UUID(int=source))
    return msgspec.structs.replace(
        command, report_id=UUID(int=number), order=msgspec.structs.replace(command.order, source=limited)
    )


def during(world: World, command: GenerateReport, others: Any) -> None:
    """Make the report, and do `others` while its source is being read."""
    world.hands.before = lambda *_: others()
    try:
        world.generate(command)
    finally:
        world.hands.before = None


def is_held(world: World, command: GenerateReport) -> bool:
    with world.workshop.journal.begin() as session:
        return hold(session, command, world.now) is not None


def test_a_report_without_a_slot_is_put_back_and_uses_up_nothing(world: World) -> None:
    first, second = order(world, 1), order(world, 2)

    def meanwhile() -> None:
        with pytest.raises(NotYet, match="1 report reads from the source 'shop' already, and no more may") as held:
            world.generate(second)
        assert 0 < held.value.delay <= MOST_PAUSE_SECONDS * 1250

    during(world, first, meanwhile)
    started = [event.report_id for event in world.said() if isinstance(event, ReportStarted)]
    assert started == [first.report_id]
    world.generate(second)
    with world.store.read() as session:
        rows = session.execute(select(journal.c.report_id, journal.c.state, journal.c.attempt)).all()
    assert sorted(rows) == [(first.report_id, "finished", 1), (second.report_id, "finished", 1)]


@pytest.mark.parametrize(("concurrency", "source", "held"), [(1, 2, True), (2, 2, False), (0, 2, False), (1, 3, False)])
def test_only_reports_of_the_same_source_count(concurrency: int, source: int, held: bool, world: World) -> None:
    during(world, order(world, 1), lambda: check(is_held(world, order(world, 2, concurrency, source)) == held))


def check(fact: bool) -> None:
    assert fact


def test_the_slot_of_a_dead_generator_runs_out(world: World) -> None:
    def die_slowly() -> None:
        assert is_held(world, order(world, 2))
        world.now += LEASE + timedelta(seconds=1)
        assert not is_held(world, order(world, 2))

    during(world, order(world, 1), die_slowly)


def test_a_command_for_what_has_ended_is_not_held(world: World) -> None:
    world.generate(order(world, 2))
    during(world, order(world, 1), lambda: world.generate(order(world, 2)))  # it has nothing to do


def test_who_was_held_for_long_goes_before_those_that_come_later(world: World) -> None:
    early, late = order(world, 2), order(world, 3)
    during(world, order(world, 1), lambda: check(is_held(world, early)))
    assert not is_held(world, late)  # a free slot stays empty for nobody

    during(world, order(world, 4), lambda: check(is_held(world, early)))
    world.now = NOON + LONG + timedelta(seconds=1)
    during(world, order(world, 5, concurrency=5), lambda: check(is_held(world, early)))
    assert is_held(world, late)
    assert not is_held(world, early)
    world.generate(early)
    assert not is_held(world, late)


def test_who_never_comes_back_keeps_no_place(world: World) -> None:
    early, late = order(world, 2), order(world, 3)
    during(world, order(world, 1), lambda: check(is_held(world, early)))
    world.now = NOON + LONG + timedelta(seconds=MOST_PAUSE_SECONDS * 1.25 + 61)
    assert not is_held(world, late)


def test_the_more_wait_the_seldomer_each_asks(world: World) -> None:
    def crowd() -> None:
        pauses = []
        for number in range(2, 62):
            with world.workshop.journal.begin() as session:
                held = hold(session, order(world, number), world.now)
                assert held is not None
                pauses.append(held.seconds)
        assert max(pauses[:3]) < 2
        assert min(pauses[-3:]) > 20
        assert len(set(pauses[-3:])) == 3

    during(world, order(world, 1), crowd)
