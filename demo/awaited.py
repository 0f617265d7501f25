"""One report on its way to its readers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from demo.cast import Commission
from demo.show import Line
from libs.client import Pressroom
from libs.client.answers import Delivery, Progress, Report

ARRIVED = ("sent", "unknown")
"""A letter whose fate is unknown may have arrived: whether it has is seen in the mail folder."""

LogOf = Callable[[str], object]
"""Where the log of a service lies."""


class Awaited:
    """One report on its way."""

    def __init__(self, commission: Commission, title: str, find: Callable[[], UUID | None]) -> None:
        self.commission = commission
        self.title = title
        self.report: Report | None = None
        self._find = find
        self._progress: Progress | None = None

    def look(self, pressroom: Pressroom) -> None:
        """See how far it is."""
        report_id = self._find()
        if report_id is None or self.done:
            return
        self._progress = pressroom.progress(report_id)
        if self._progress.ended or self._progress.status == "delivering":
            self.report = pressroom.report(report_id)

    @property
    def done(self) -> bool:
        """True once each reader's letter was handed over and the report will not change any more."""
        return self.report is not None and self.report.ended and len(self.arrived) == len(self.commission.readers)

    @property
    def arrived(self) -> Sequence[Delivery]:
        """The deliveries that the mail server has taken."""
        deliveries = self.report.deliveries if self.report else ()
        return [delivery for delivery in deliveries if delivery.state in ARRIVED]

    def line(self) -> Line:
        """What to show of it."""
        expected = len(self.commission.readers)
        return Line(title=self.title, words=self._words(), letters=len(self.arrived), expected=expected)

    def failure(self, log: LogOf) -> str | None:
        """Why it will never be done; None as long as it can be."""
        if self.report is None or not self.report.ended or self.done:
            return None
        for delivery in self.report.deliveries:
            if delivery.state not in ARRIVED:
                return (
                    f"The letter to {delivery.address} with “{self.title}” was {delivery.state}: {delivery.reason} "
                    f"(report {self.report.id}). The mailer's log is {log('mailer')}."
                )
        return (
            f"The report “{self.title}” has {self.report.status}: {self.report.reason} "
            f"(report {self.report.id}). The generator's log is {log('generator')}."
        )

    def standing(self) -> str:
        """Where it was when time ran out."""
        late = [one for one in self.report.deliveries if one.state not in ARRIVED] if self.report else []
        reasons = [f"{one.address} is {one.state}{f' ({one.reason})' if one.reason else ''}" for one in late]
        return "; ".join([f"“{self.title}”: {self._words()}", *reasons])

    def _words(self) -> str:
        if self._progress is None:
            return "waiting for its moment"
        return words(self._progress, len(self.arrived), len(self.commission.readers))


def words(progress: Progress, letters: int, expected: int) -> str:
    """How far a report is, for people."""
    rows = f", {progress.rows:,} rows" if progress.rows else ""
    match progress.status:
        case "queued":
            return "waiting in the queue"
        case "running":
            return {"render": f"drawing the files{rows}", "store": "storing the files"}.get(
                progress.stage or "", f"running the query{rows}"
            )
        case "retrying":
            return f"attempt {progress.attempt} failed, it is tried again: {progress.reason}"
        case "delivering":
            return f"{letters} of {expected} letters delivered"
        case "completed":
            return f"delivered{rows}, {expected} letter{'' if expected == 1 else 's'}"
        case other:
            return f"{other}: {progress.reason}"
