"""Orders the reports of a burst, some at a time, so that neither memory nor the queue fills up.

Each step is one transaction: some reports are ordered, what was done about each recipient is told, and how far the
burst has come is written. Whoever dies before the commit has ordered nothing, and after it there is nothing left to do.
Several generators may do this beside each other: of two that begin at the same line, one commits.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from libs.common.clock import Clock
from libs.common.delivering import BurstState
from libs.common.errors import PermanentFailure
from libs.common.loop import Loop
from libs.common.messages import BurstAdvanced
from libs.common.metrics import BURST_REPORTS
from libs.common.outbox import Outbox
from libs.common.storage import ArtifactStorage
from services.generator.burst import bursts
from services.generator.burst.bursts import Burst
from services.generator.burst.commands_of import part_command, told
from services.generator.burst.line import PIECE_LINES, Line, read_piece
from services.generator.journal import Journal

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 1.0
BURSTS_AT_ONCE = 20

STALLED = timedelta(hours=1)
"""Reports of which nothing was heard for so long do not keep the others from being ordered."""


class Spreader(Loop):
    """One thread per generator. `window`: so many reports of a burst are under way at a time."""

    def __init__(self, journal: Journal, storage: ArtifactStorage, window: int, clock: Clock) -> None:
        super().__init__("spreader", self.step, every_seconds=LOOK_EVERY_SECONDS)
        self._journal = journal
        self._storage = storage
        self._window = window
        self._clock = clock

    def step(self) -> bool:
        """Order some reports of each burst; True if there may be more to order at once."""
        with self._journal.read() as session:
            found = [(burst, self._room(session, burst)) for burst in bursts.spreading(session, BURSTS_AT_ONCE)]
        goes_on = [self._order(burst, room) for burst, room in found if room]
        return any(goes_on)

    def _room(self, session: Session, burst: Burst) -> int:
        room = self._window - bursts.under_way(session, burst)
        if room <= 0 and self._clock() - burst.changed_at > STALLED:
            return 1
        return max(0, room)

    def _order(self, burst: Burst, room: int) -> bool:
        report_id = burst.command.report_id
        try:
            lines = self._next(burst, room)
            with self._journal.begin() as session:
                return self._write(session, burst, lines, self._clock())
        except PermanentFailure as failure:
            log.error("a burst cannot go on", extra={"report_id": str(report_id), "reason": str(failure)})
            with self._journal.begin() as session:
                bursts.stop(session, report_id, self._clock(), reason=str(failure), by="generator")
            return False

    def _next(self, burst: Burst, room: int) -> Sequence[Line]:
        """The next lines: to the end of a piece of the list, as far as there is room, and not beyond the canary."""
        number, begin = divmod(burst.position, PIECE_LINES)
        if burst.pause_at is not None:
            room = min(room, burst.pause_at - burst.ordered)
        chosen: list[Line] = []
        for line in read_piece(self._storage, burst.prefix, number)[begin:]:
            room -= not line.refusal
            if room < 0:
                break
            chosen.append(line)
        return chosen

    def _write(self, session: Session, burst: Burst, lines: Sequence[Line], now: datetime) -> bool:
        parent, position = burst.command, burst.position + len(lines)
        ordered = burst.ordered + sum(not line.refusal for line in lines)
        if not bursts.advance(session, burst, position, ordered, now):
            return True  # somebody was faster: look again
        outbox = Outbox(session, now)
        recipients = tuple(told(burst.position + offset, line, parent.report_id) for offset, line in enumerate(lines))
        outbox.add(BurstAdvanced(at=now, report_id=parent.report_id, recipients=recipients))
        for line in lines:
            if not line.refusal:
                outbox.add(part_command(parent, line, burst.prefix, now))
        BURST_REPORTS.inc(ordered - burst.ordered)
        self._end(session, burst, position, ordered, now)
        return True

    def _end(self, session: Session, burst: Burst, position: int, ordered: int, now: datetime) -> None:
        """The list may be at its end, or the canary over."""
        state: BurstState | None = None
        reason = ""
        if position == burst.lines:
            state = "spread"
        elif ordered == burst.pause_at and ordered < burst.orderable:
            state = "paused"
            first = "The first report is" if ordered == 1 else f"The first {ordered:,} reports are"
            reason = f"{first} ordered; the other {burst.orderable - ordered:,} wait until somebody lets them go on."
        if state is not None:
            bursts.change(session, burst.command.report_id, bursts.AT_WORK, state, now, reason=reason)
            log.info("a burst has come to a stand", extra={"report_id": str(burst.command.report_id), "state": state})
