"""An alert goes out once, whoever is killed when; then it stays quiet until it is armed again."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import msgspec
import pytest
from generator_process import REPOSITORY, Installation
from msgspec.structs import replace

from libs.common.clock import utc_now
from libs.common.conditions import Checks, Condition, Conditions
from libs.common.messages import Event, GenerateReport, ReleaseReport, ReportGenerated, ReportHeld, ReportSkipped

SCHEDULE = UUID(int=77)
DUE = datetime(2026, 5, 5, 12, 0, tzinfo=UTC)
MANY = Conditions(only_if=(Condition(measure="units", when=">", value=10),), crossing=True)


def occurrence(installation: Installation, hour: int, checks: Checks = Checks()) -> GenerateReport:  # noqa: B008
    """The order of the schedule at that hour."""
    command = installation.command("SELECT sum(units) AS units FROM sales", scheduled_for=DUE + timedelta(hours=hour))
    template = replace(command.order.template, checks=checks)
    return replace(
        command,
        report_id=uuid5(SCHEDULE, str(hour)),
        schedule_id=SCHEDULE,
        order=replace(command.order, conditions=MANY, template=template),
    )


def sell(installation: Installation, units: int) -> None:
    """From now on the shop has sold so many units in all."""
    with sqlite3.connect(installation.shop) as connection:
        connection.execute("DELETE FROM sales")
        connection.execute("INSERT INTO sales VALUES ('2026-05-03', ?)", (units,))
    connection.close()


def ends_as(installation: Installation, command: GenerateReport, kind: type[Event]) -> Any:
    """Order the report and wait for its end of this kind."""

    def found() -> list[Any]:
        return [one for one in installation.events(kind) if one.report_id == command.report_id]

    installation.order(command)
    installation.wait_for(lambda: bool(found()), f"{kind.__name__} of {command.scheduled_for}")
    return found()[0]


def killed(installation: Installation, command: GenerateReport, when: str) -> None:
    """Let a generator make the report and die at its end."""
    (installation.folder / "command.json").write_bytes(msgspec.json.encode(command))
    (installation.folder / "keys").write_text(installation.keys)
    script = Path(__file__).with_name("dies_at_the_end.py")
    done = subprocess.run(
        [sys.executable, str(script), str(installation.folder), when],
        cwd=REPOSITORY,
        env={"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


LATE = ("the report does not wait for an approval any more", "the report was sent or cancelled in between")


def tells_of_a_late_approval(line: dict[str, Any]) -> bool:
    return line["message"] in LATE


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_alert_fires_once_though_its_generator_is_killed_then_stays_quiet_and_is_armed_again(
    installation: Installation, when: str
) -> None:
    sell(installation, 11)
    first = occurrence(installation, 0)
    killed(installation, first, when)
    installation.start()
    generated = ends_as(installation, first, ReportGenerated)
    assert generated.attempt == (2 if when == "before" else 1)

    quiet = ends_as(installation, occurrence(installation, 1), ReportSkipped)
    assert "held ever since the last report sent for 2026-05-05 12:00 (UTC)" in quiet.reason
    sell(installation, 5)
    ends_as(installation, occurrence(installation, 2), ReportSkipped)
    sell(installation, 12)
    ends_as(installation, occurrence(installation, 3), ReportGenerated)

    sent = [one.report_id for one in installation.events(ReportGenerated)]
    assert sent == [uuid5(SCHEDULE, "0"), uuid5(SCHEDULE, "3")]
    installation.wait_for(lambda: len(installation.deliveries()) >= 2, "the deliveries")
    assert sorted(one.report_id for one in installation.deliveries()) == sorted(sent)


def test_a_held_report_is_sent_once_however_often_it_is_approved(
    installation: Installation,
) -> None:
    sell(installation, 11)
    generator = installation.start()
    command = occurrence(installation, 0, Checks(min_rows=2, on_failure="hold"))
    held = ends_as(installation, command, ReportHeld)
    assert held.reasons == ("All: 1 row, where at least 2 are expected.",)
    assert installation.deliveries() == []
    approval = ReleaseReport(report_id=command.report_id, approved_by="ann", requested_at=utc_now())
    installation.order(*[approval] * 3)
    installation.wait_for(lambda: bool(installation.events(ReportGenerated)), "the approved report")
    installation.wait_for(lambda: sum(map(tells_of_a_late_approval, generator.lines())) == 2, "the other approvals")
    ends_as(installation, occurrence(installation, 1), ReportSkipped)
    assert len(installation.events(ReportGenerated)) == 1
    assert [one.artifacts for one in installation.deliveries()] == [held.artifacts]
