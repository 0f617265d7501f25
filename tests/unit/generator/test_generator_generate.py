from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from generator_world import FIRST, NOON, REPORT, OwnHands, World

from libs.common.commands import NotYet
from libs.common.errors import PermanentFailure, TransientFailure
from libs.common.handlers import Attempt
from libs.common.ids import delivery_id
from libs.common.messages import (
    DeliverReport,
    DeliveryPlan,
    Parameter,
    Query,
    Recipient,
    ReportFailed,
    ReportGenerated,
    ReportProgressed,
    ReportRetrying,
    ReportStarted,
    Source,
    Template,
)
from libs.common.metrics import REPORT_ROWS, REPORTS
from libs.common.store import Store
from services.generator import generate as verb
from services.generator.generate import generate
from services.generator.job import Failed, GivenBack, Job, Outcome
from services.generator.journal import LEASE
from services.generator.progress import Progress

SECOND = timedelta(seconds=1)


def failing(reason: str, error_class: Any = "transient", stage: Any = "query") -> Callable[[Job], Outcome]:
    return lambda job: Failed(stage=stage, error_class=error_class, reason=reason)


def test_a_report_is_made_stored_announced_and_its_deliveries_ordered(world: World) -> None:
    world.generate()
    started, generated, to_ada, to_bob = world.said()

    assert started == ReportStarted(at=NOON, report_id=REPORT, attempt=1)
    assert isinstance(generated, ReportGenerated)
    assert [artifact.filename for artifact in generated.artifacts] == [
        "sales-2026-05-05.xlsx",
        "sales-2026-05-05.csv",
        "sales-2026-05-05.pdf",
    ]
    for artifact in generated.artifacts:
        assert artifact.key == f"reports/2026/05/05/{REPORT}/1/{artifact.filename}"
        content = world.storage.read(artifact.key)
        assert (artifact.size_bytes, artifact.sha256) == (len(content), hashlib.sha256(content).hexdigest())
        assert artifact.rows == 2
    assert world.storage.read(generated.artifacts[1].key).endswith(b"2026-05-01,3\r\n2026-05-02,4\r\n")
    assert (generated.rows, generated.attempt, generated.notes) == (2, 1, ())

    assert [planned.delivery_id for planned in generated.deliveries] == [
        delivery_id(REPORT, "email", "ada@example.org"),
        delivery_id(REPORT, "email", "bob@example.org"),
    ]
    for command, planned in zip((to_ada, to_bob), generated.deliveries, strict=True):
        assert isinstance(command, DeliverReport)
        assert (command.delivery_id, command.recipient) == (planned.delivery_id, planned.recipient)
        assert (command.artifacts, command.title, command.subject) == (generated.artifacts, "Sales", "Your sales")
        assert (command.priority, command.generated_at) == ("urgent", NOON)
    assert world.row().state == "finished"
    assert world.leftovers() == []


def test_a_second_command_for_a_finished_report_does_nothing(world: World) -> None:
    world.generate()
    world.said()
    world.generate()
    assert world.said() == []
    assert len(world.hands.jobs) == 1


def test_an_address_that_is_named_twice_gets_one_delivery(world: World) -> None:
    twice = DeliveryPlan(recipients=(Recipient(address="ada@example.org"), Recipient(address="ada@example.org")))
    world.generate(world.command(delivery=twice))
    assert sum(isinstance(message, DeliverReport) for message in world.said()) == 1


def test_a_cut_is_told_to_the_record_and_to_the_reader(world: World) -> None:
    source = Source(source_id=REPORT, name="shop", sealed_url=world.sealer.seal(f"sqlite:///{world.shop}"), max_rows=1)
    world.generate(world.command(source=source, formats=("csv",)))
    _, generated, delivery, _ = world.said()
    note = "All sales: 1 of 2 rows are shown; the limit is 1."
    assert isinstance(generated, ReportGenerated)
    assert isinstance(delivery, DeliverReport)
    assert (generated.notes, delivery.notes) == ((note,), (note,))


def test_parameters_reach_the_query_and_the_reader(world: World) -> None:
    template = Template(
        template_id=REPORT, slug="s", title="S", queries=(Query(name="Q", sql="SELECT :least AS least"),)
    )
    world.generate(
        world.command(
            template=template, parameters=(Parameter(name="least", type="integer", value=5),), formats=("csv", "csv")
        )
    )
    _, generated, *_ = world.said()
    assert isinstance(generated, ReportGenerated)
    (artifact,) = generated.artifacts
    assert world.storage.read(artifact.key).endswith(b"least\r\n5\r\n")


def test_a_transient_failure_is_announced_and_tried_again(world: World) -> None:
    world.hands.instead = failing("The source 'shop' is away.")
    with pytest.raises(TransientFailure, match="'shop' is away"):
        world.generate(attempt=Attempt(2, 4))
    assert world.said()[1:] == [
        ReportRetrying(
            at=NOON, report_id=REPORT, attempt=1, max_attempts=3, stage="query", reason="The source 'shop' is away."
        )
    ]
    assert (world.row().state, world.row().lease_until) == ("waiting", None)

    world.hands.instead = None
    world.generate(attempt=Attempt(3, 4))
    assert isinstance(world.said()[1], ReportGenerated)
    assert world.row().attempt == 2


@pytest.mark.parametrize(
    ("error_class", "attempt", "raised"),
    [
        ("permanent", FIRST, PermanentFailure),
        ("transient", Attempt(4, 4), TransientFailure),
        ("unknown", Attempt(4, 4), TransientFailure),
    ],
)
def test_a_final_failure_is_announced_as_such(
    error_class: Any, attempt: Attempt, raised: type[Exception], world: World
) -> None:
    world.hands.instead = failing("No.", error_class, "render")
    before = REPORTS.labels("failed")._value.get()
    with pytest.raises(raised, match=r"No\."):
        world.generate(attempt=attempt)
    assert world.said()[1:] == [
        ReportFailed(at=NOON, report_id=REPORT, attempt=1, stage="render", error_class=error_class, reason="No.")
    ]
    assert (world.row().state, world.row().reason) == ("failed", "No.")
    assert REPORTS.labels("failed")._value.get() == before + 1


def test_a_failed_report_can_be_replayed(world: World) -> None:
    world.hands.instead = failing("No.", "permanent")
    with pytest.raises(PermanentFailure):
        world.generate()
    world.hands.instead = None
    world.generate()
    assert isinstance(world.said()[-1], DeliverReport)
    assert (world.row().state, world.row().attempt, world.row().reason) == ("finished", 2, "")


def test_an_error_in_the_sql_is_permanent_and_in_words(world: World) -> None:
    template = Template(template_id=REPORT, slug="s", title="S", queries=(Query(name="Q", sql="SELECT nope"),))
    with pytest.raises(PermanentFailure, match="The query 'Q' failed in the source 'shop': no such column: nope"):
        world.generate(world.command(template=template))
    assert world.leftovers() == []


def test_a_url_sealed_with_another_key_is_a_permanent_failure(world: World) -> None:
    source = Source(source_id=REPORT, name="shop", sealed_url="gAAAA-not-ours")
    with pytest.raises(PermanentFailure, match="PRESSROOM_SEAL_KEYS"):
        world.generate(world.command(source=source))
    assert isinstance(world.said()[-1], ReportFailed)


def test_while_somebody_makes_the_report_a_second_command_waits(world: World) -> None:
    other = world.another("two", OwnHands())

    def ask_again(*_: object) -> None:
        world.now += LEASE - SECOND
        with pytest.raises(NotYet, match="another generator is making this report"):
            generate(world.command(), FIRST, other)

    world.hands.before = ask_again
    world.generate()
    assert sum(isinstance(message, ReportGenerated) for message in world.said()) == 1


def test_a_report_whose_maker_died_is_taken_over(world: World) -> None:
    def die(*_: object) -> None:
        raise SystemExit("killed")

    world.hands.before = die
    with pytest.raises(SystemExit):
        world.generate()
    assert world.row().state == "running"

    world.now += LEASE + SECOND
    hands = OwnHands()
    generate(world.command(), FIRST, world.another("two", hands))
    generated = next(message for message in world.said() if isinstance(message, ReportGenerated))
    assert generated.attempt == 2
    assert generated.artifacts[0].key.startswith(f"reports/2026/05/05/{REPORT}/2/")
    assert world.row().deaths == 1


def test_a_maker_that_was_asleep_may_not_publish(world: World) -> None:
    other = world.another("two", OwnHands())

    def sleep_too_long(*_: object) -> None:
        world.now += LEASE + SECOND
        generate(world.command(), FIRST, other)

    world.hands.before = sleep_too_long
    with pytest.raises(NotYet, match="a newer attempt"):
        world.generate()
    generated = [message for message in world.said() if isinstance(message, ReportGenerated)]
    assert [message.attempt for message in generated] == [2]


def test_a_maker_that_was_asleep_may_not_fail_it_either(world: World) -> None:
    other = world.another("two", OwnHands())

    def sleep_too_long(*_: object) -> None:
        world.now += LEASE + SECOND
        generate(world.command(), FIRST, other)

    world.hands.before = sleep_too_long
    world.hands.instead = failing("No.", "permanent")
    with pytest.raises(NotYet):
        world.generate()
    assert not any(isinstance(message, ReportFailed) for message in world.said())
    assert world.row().state == "finished"


def test_a_report_that_kills_its_makers_fails_in_the_end(world: World) -> None:
    def die(*_: object) -> None:
        raise SystemExit("killed")

    world.hands.before = die
    for _ in range(verb.MAX_DEATHS):
        with pytest.raises(SystemExit):
            world.generate()
        world.now += LEASE + SECOND
    with pytest.raises(PermanentFailure, match="died 5 times"):
        world.generate()
    last = world.said()[-1]
    assert isinstance(last, ReportFailed)
    assert (last.error_class, world.row().state) == ("permanent", "failed")


def test_a_report_that_is_given_back_can_begin_at_once(world: World) -> None:
    world.hands.instead = lambda job: GivenBack(reason="the service is stopping")
    with pytest.raises(NotYet, match="the service is stopping") as postponed:
        world.generate()
    assert postponed.value.delay == 1000
    assert world.row().state == "waiting"
    assert not any(isinstance(message, ReportRetrying | ReportFailed) for message in world.said())

    world.hands.instead = None
    world.generate()
    assert world.row().state == "finished"


def test_a_lost_lease_is_seen_while_the_work_goes_on(world: World) -> None:
    seen: list[str] = []
    other = world.another("two", OwnHands())

    def lose(_job: object, _heard: object, ended: Callable[[], str]) -> None:
        world.workshop.leases._renew()
        seen.append(ended())
        world.now += LEASE + SECOND
        generate(world.command(), FIRST, other)
        world.workshop.leases._renew()
        seen.append(ended())

    world.hands.before = lose
    with pytest.raises(NotYet):
        world.generate()
    assert seen == ["", "another generator has taken the report over"]


def test_a_renewed_lease_keeps_others_away(world: World) -> None:
    other = world.another("two", OwnHands())

    def renew(*_: object) -> None:
        for _ in range(5):
            world.now += LEASE - SECOND
            world.workshop.leases._renew()
        with pytest.raises(NotYet):
            generate(world.command(), FIRST, other)

    world.hands.before = renew
    world.generate()
    assert world.row().attempt == 1


def test_a_journal_that_is_away_costs_no_attempt(world: World, tmp_path: Path) -> None:
    store = Store("postgresql://nobody@127.0.0.1:1/nothing")
    away = world.another("one", world.hands)
    object.__setattr__(away.journal, "_store", store)
    with pytest.raises(NotYet, match="store is away"):
        generate(world.command(), Attempt(4, 4), away)
    store.dispose()


def test_progress_is_told_after_a_second_and_then_ever_more_rarely(world: World) -> None:
    def work(_job: object, heard: Callable[[Progress], None], _ended: object) -> None:
        for half_seconds in range(1200):
            world.now = NOON + half_seconds * SECOND / 2
            heard(Progress(1, "query", rows=half_seconds))

    world.hands.before = work
    world.generate()
    told = [message for message in world.said() if isinstance(message, ReportProgressed)]
    pauses = [(later.at - earlier.at) / SECOND for earlier, later in pairwise(told)]
    assert told[0].at == NOON + SECOND
    assert (min(pauses), max(pauses)) == (0.5, 15.0)
    assert 60 < len(told) < 120
    assert (told[-1].stage, told[-1].attempt) == ("query", 1)


def test_progress_that_is_no_news_is_not_told(world: World) -> None:
    def work(_job: object, heard: Callable[[Progress], None], _ended: object) -> None:
        for seconds in range(60):
            world.now = NOON + seconds * SECOND
            heard(Progress(1, "query", rows=5))

    world.hands.before = work
    world.generate()
    assert sum(isinstance(message, ReportProgressed) for message in world.said()) == 1


def test_a_small_report_costs_two_transactions(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[int] = []
    begin = Store.begin

    def count(store: Store) -> Any:
        begun.append(1)
        return begin(store)

    monkeypatch.setattr(Store, "begin", count)
    world.generate()
    assert len(begun) == 2


def test_rows_are_counted(world: World) -> None:
    before = REPORT_ROWS._value.get()
    world.generate()
    assert REPORT_ROWS._value.get() == before + 2


def test_a_secret_never_shows_in_a_job(world: World) -> None:
    world.generate()
    assert "sqlite" not in repr(world.hands.jobs[0])
