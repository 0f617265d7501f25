"""Waits until every letter has been delivered, and says what keeps one from coming."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import msgspec

from demo.awaited import Awaited, LogOf
from demo.cast import DASHBOARD, SCHEDULED, URGENT, Commission
from demo.show import Board, Line
from demo.stage import Stage
from libs.client import Pressroom
from libs.client.answers import Occurrence, Report
from libs.common.errors import PermanentFailure, TransientFailure

LOOK_EVERY_SECONDS = 0.2


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """A commission and the report that came of it."""

    commission: Commission
    title: str
    report: Report


class Waiting:
    """Waits for the reports of the demo; `log` names the log file of a service."""

    def __init__(self, pressroom: Pressroom, stage: Stage, titles: Callable[[str], str], log: LogOf) -> None:
        self._pressroom = pressroom
        self._log = log
        self._schedule = stage.scheduled.id
        self._occurrence: Occurrence | None = None
        self._reports = [
            Awaited(URGENT, titles(URGENT.template), lambda: stage.urgent_report),
            Awaited(DASHBOARD, titles(DASHBOARD.template), lambda: stage.dashboard_report),
            Awaited(SCHEDULED, titles(SCHEDULED.template), self._scheduled_report),
        ]

    def look(self) -> bool:
        """Look once; True if everything has come. A PermanentFailure if something never will."""
        for awaited in self._reports:
            awaited.look(self._pressroom)
            if (sentence := awaited.failure(self._log)) is not None:
                raise PermanentFailure(sentence)
        if not all(awaited.done for awaited in self._reports):
            return False
        self._occurrence = self._only_occurrence()
        return self._occurrence is not None and self._occurrence.status in ("success", "partial")

    def lines(self) -> list[Line]:
        """What to show."""
        return [awaited.line() for awaited in self._reports]

    def finished(self) -> list[Finished]:
        """What has come."""
        return [
            Finished(commission=awaited.commission, title=awaited.title, report=awaited.report)
            for awaited in self._reports
            if awaited.report is not None
        ]

    def too_late(self, deadline_seconds: float) -> TransientFailure:
        """What is still missing after the deadline."""
        missing = ". ".join(awaited.standing() for awaited in self._reports if not awaited.done)
        logs = ", ".join(str(self._log(service)) for service in ("scheduler", "generator", "mailer", "api"))
        return TransientFailure(
            f"Not everything came within {deadline_seconds:g} seconds. "
            f"{missing or 'The record has not closed the occurrence'}. The logs are {logs}."
        )

    def _scheduled_report(self) -> UUID | None:
        if self._occurrence is None:
            self._occurrence = self._only_occurrence()
        return self._occurrence.report_id if self._occurrence else None

    def _only_occurrence(self) -> Occurrence | None:
        occurrences = self._pressroom.executions(self._schedule)
        if not occurrences:
            return None
        occurrence = occurrences[0]
        if len(occurrences) > 1:
            raise PermanentFailure(f"The schedule came due {len(occurrences)} times instead of once.")
        if occurrence.status == "missed":
            raise PermanentFailure(f"The schedule was missed: {occurrence.error} See {self._log('scheduler')}.")
        return occurrence


def wait_for_letters(
    waiting: Waiting,
    board: Board,
    deadline_seconds: float,
    monotonic: Callable[[], float],
    sleep: Callable[[float], None],
) -> list[Finished]:
    """Return when everything has come; a failure says what did not, and why."""
    began = monotonic()
    while not waiting.look():
        board(waiting.lines())
        if monotonic() - began > deadline_seconds:
            raise waiting.too_late(deadline_seconds)
        sleep(LOOK_EVERY_SECONDS)
    board(waiting.lines())
    return waiting.finished()
