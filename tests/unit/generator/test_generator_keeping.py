"""How long files live, whom they may serve meanwhile, and where copies of them go."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from generator_world import NOON, World
from msgspec.structs import replace

from libs.common.commands import NotYet
from libs.common.conditions import Checks, Conditions
from libs.common.errors import PermanentFailure
from libs.common.handlers import Attempt
from libs.common.handling import Drop, Keeping, Limits
from libs.common.messages import (
    ArtifactsExpired,
    DeleteExpired,
    GenerateReport,
    Query,
    ReleaseReport,
    ReportFailed,
    ReportGenerated,
    ReportHeld,
    Source,
    Template,
)
from libs.common.metrics import REPORT_ROWS
from libs.common.storage import ArtifactStorage
from services.generator import keeping
from services.generator.expiry import clean, delete_expired
from services.generator.journal import REMEMBERED
from services.generator.release import EXPIRED, release_report

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TEMPLATE = Template(
    template_id=UUID(int=1), slug="sales", title="Sales", queries=(Query(name="All", sql="SELECT * FROM sales"),)
)


def source(world: World) -> Source:
    """The shop, sealed once as the api does: sealing again would make another text of the same URL."""
    sealed = world.folder / "sealed"
    if not sealed.exists():
        sealed.write_text(world.sealer.seal(f"sqlite:///{world.shop}"))
    return Source(source_id=UUID(int=2), name="shop", sealed_url=sealed.read_text())


def ordered(world: World, kept: Keeping = Keeping(), **changes: Any) -> GenerateReport:  # noqa: B008 - frozen
    """An order for a csv; `changes` are for the order, and `template` ones for the template."""
    template = replace(TEMPLATE, keeping=kept, **changes.pop("template", {}))
    command = world.command(**{"template": template, "formats": ("csv",), "source": source(world), **changes})
    return replace(command, report_id=uuid4(), requested_at=world.now, scheduled_for=None)


def made(world: World, command: GenerateReport) -> ReportGenerated:
    world.generate(command)
    return next(message for message in world.said() if isinstance(message, ReportGenerated))


def tidy(world: World) -> list[ArtifactsExpired]:
    delete_expired(DeleteExpired(requested_at=world.now), Attempt(1, 1), world.workshop)
    return [message for message in world.said() if isinstance(message, ArtifactsExpired)]


def test_files_live_as_long_as_their_template_says(world: World) -> None:
    short, long = made(world, ordered(world, Keeping(days=2))), made(world, ordered(world))
    assert (short.expires_at, long.expires_at) == (NOON + 2 * DAY, NOON + 30 * DAY)
    assert tidy(world) == []
    world.now = NOON + 2 * DAY
    leftover = world.folder / "artifacts" / Path(short.artifacts[0].key).parent.parent / "9" / "half.csv"
    leftover.parent.mkdir()
    leftover.write_text("of an attempt that died")
    keys = tuple(artifact.key for artifact in short.artifacts)
    assert tidy(world) == [ArtifactsExpired(at=world.now, report_id=short.report_id, keys=keys)]
    assert not leftover.exists()
    assert [world.storage.has(one.artifacts[0].key) for one in (short, long)] == [False, True]
    assert tidy(world) == []


def test_whoever_dies_while_deleting_has_told_nothing_and_the_next_one_goes_on(world: World) -> None:
    report = made(world, ordered(world, Keeping(days=1)))
    world.now += DAY

    class Broken:
        def delete_under(self, folder: str) -> None:
            raise SystemExit

    with pytest.raises(SystemExit):
        clean(world.workshop.journal, Broken(), lambda: world.now)  # type: ignore[arg-type]
    assert world.said() == []
    (expired,) = tidy(world)
    assert expired.report_id == report.report_id


def test_what_ended_long_ago_is_forgotten_once_its_files_are_gone(world: World) -> None:
    made(world, world.command(template=replace(TEMPLATE, keeping=Keeping(days=100)), formats=("csv",)))
    world.now = NOON + REMEMBERED + DAY
    tidy(world)
    assert world.row().state == "finished"
    world.now = NOON + 101 * DAY
    tidy(world)
    tidy(world)
    assert world.row() is None


def test_a_report_that_nobody_approves_fails_when_its_files_go(world: World) -> None:
    command = ordered(world, Keeping(days=1), template={"checks": Checks(min_rows=5, on_failure="hold")})
    world.generate(command)
    assert isinstance(world.said()[-1], ReportHeld)
    world.now += DAY
    delete_expired(DeleteExpired(requested_at=world.now), Attempt(1, 1), world.workshop)
    expired, failed = world.said()
    assert isinstance(expired, ArtifactsExpired)
    assert isinstance(failed, ReportFailed)
    assert (failed.attempt, failed.reason) == (1, EXPIRED)
    approval = ReleaseReport(report_id=command.report_id, approved_by="ann", requested_at=world.now)
    release_report(approval, Attempt(1, 1), world.workshop)
    assert world.said() == []


REUSE = Keeping(days=10, reuse_seconds=3600)


def test_the_same_request_gets_the_same_files_for_a_while(world: World) -> None:
    first = made(world, ordered(world, REUSE))
    world.now += HOUR
    read = REPORT_ROWS._value.get()
    second = made(world, ordered(world, REUSE))
    assert REPORT_ROWS._value.get() == read
    assert (second.artifacts, second.rows, second.reused_from) == (first.artifacts, 2, first.report_id)
    assert second.notes == ("Made at 14:00 for another report.",)  # in the zone of its people
    assert (second.query_seconds, second.expires_at) == (0, NOON + HOUR + 10 * DAY)
    assert len(world.hands.jobs) == 1
    world.now += timedelta(seconds=1)  # the age counts from the reading, not from the last use
    assert made(world, ordered(world, REUSE)).reused_from is None


@pytest.mark.parametrize(
    "changes",
    [
        {"template": {"title": "Other"}},
        {"timezone": "Europe/London"},
        {"conditions": Conditions(send_empty=False)},
        {"kept": Keeping(days=10)},
    ],
    ids=["template", "zone", "conditions", "no reuse"],
)
def test_another_request_reads_its_source(world: World, changes: dict[str, Any]) -> None:
    made(world, ordered(world, REUSE))
    assert made(world, ordered(world, **{"kept": REUSE, **changes})).reused_from is None


def test_files_that_have_vanished_are_made_anew(world: World) -> None:
    first = made(world, ordered(world, REUSE))
    world.storage.delete(first.artifacts[0].key)
    assert made(world, ordered(world, REUSE)).reused_from is None


def test_files_live_on_for_a_younger_report_that_has_them_too(world: World) -> None:
    first = made(world, ordered(world, REUSE))
    world.now += HOUR
    second = made(world, ordered(world, REUSE))
    world.now = NOON + 10 * DAY
    assert tidy(world) == []
    assert world.storage.has(first.artifacts[0].key)
    world.now += HOUR
    assert {one.report_id for one in tidy(world)} == {first.report_id, second.report_id}
    assert not world.storage.has(first.artifacts[0].key)


def test_files_that_expire_just_before_they_are_reused_are_made_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(world, ordered(world, REUSE))
    command = ordered(world, REUSE)
    look = keeping.alike

    def look_and_lose(*given: Any) -> Any:
        found = look(*given)
        world.now += 11 * DAY
        tidy(world)
        world.now -= 11 * DAY
        return found

    monkeypatch.setattr(keeping, "alike", look_and_lose)
    monkeypatch.setattr(ArtifactStorage, "has", lambda *_: True)
    with pytest.raises(NotYet, match="have just been deleted"):
        world.generate(command)
    monkeypatch.undo()
    assert made(world, command).reused_from is None


def test_copies_are_dropped_under_the_pattern_and_overwritten_by_the_next(world: World) -> None:
    drop = Drop(sealed_url=world.sealer.seal("sales/daily"), shown="sales/daily", pattern="{slug}/{year}/{filename}")
    object.__setattr__(world.workshop, "drop_folder", str(world.folder / "drop"))
    for reused in (False, True):
        report = made(world, ordered(world, REUSE, template={"drop": drop}))
        assert (report.dropped_to, report.reused_from is not None) == ("sales/daily", reused)
        copy = world.folder / "drop/sales/daily/sales/2026/sales-2026-05-05.csv"
        assert copy.read_bytes() == world.storage.read(report.artifacts[0].key)
        copy.write_text("stale")


@pytest.mark.parametrize(
    ("url", "pattern", "words"),
    [
        ("/etc", "{filename}", "the generator drops only in folders under"),
        ("sales", "../{filename}", "must be a relative path"),
        ("sales", "{secret}/{filename}", "may name slug"),
    ],
)
def test_a_drop_that_leads_elsewhere_is_refused(world: World, url: str, pattern: str, words: str) -> None:
    drop = Drop(sealed_url=world.sealer.seal(url), shown=url, pattern=pattern)
    object.__setattr__(world.workshop, "drop_folder", str(world.folder / "drop"))
    with pytest.raises(PermanentFailure, match=words):
        world.generate(ordered(world, template={"drop": drop}))
    assert not [path for path in (world.folder / "artifacts").rglob("*") if path.is_file()]


def test_what_a_template_allows_is_never_above_what_the_generator_does(world: World) -> None:
    limits = Limits(soft_seconds=5, max_rows=1)
    world.generate(ordered(world, template={"limits": limits}))
    world.generate(ordered(world, template={"limits": Limits(soft_seconds=500, max_rows=2_000_000)}))
    assert [(job.soft_limit_seconds, job.limits.max_rows) for job in world.hands.jobs] == [(5, 1), (60, 1_000_000)]
