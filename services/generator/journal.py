"""The journal: which reports were begun, by whom, and how they ended. It lets one generator at a time make a report.

    waiting ──> running ──> finished
       ^           ├──────> failed ──> (replayed: running)
       └───────────┘  a transient failure, or given back

A report is claimed by a conditional write together with a lease, which `Leases` renews while the work goes on. When
the owner dies the lease runs out and the next one to come takes over under the next attempt number. Every later
write names that number, so an owner that was only asleep finds that it may not publish any more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import and_, case, or_, select, tuple_, update
from sqlalchemy.orm import Session

from libs.common.store import Store, upsert
from services.generator.tables import journal

LEASE = timedelta(seconds=15)

State = Literal["waiting", "finished", "failed"]
Standing = Literal["claimed", "busy", "finished"]


@dataclass(frozen=True)
class Claim:
    """What came of trying to claim a report; `attempt` and `deaths` count only if it was `claimed`."""

    standing: Standing
    attempt: int = 0
    deaths: int = 0


class Journal:
    """All reports of this installation, seen by the generator `owner`. Several generators may share one journal."""

    def __init__(self, store: Store, owner: str) -> None:
        self._store = store
        self._owner = owner

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """A transaction that ends with the block: what it changes and announces goes together."""
        with self._store.begin() as session:
            yield session

    def claim(self, session: Session, report_id: UUID, now: datetime) -> Claim:
        """Begin the next attempt at the report, unless it is finished or somebody's lease on it is live."""
        new = {
            "report_id": report_id,
            "state": "waiting",
            "attempt": 0,
            "deaths": 0,
            "owner": "",
            "first_seen_at": now,
            "reason": "",
        }
        upsert(session, journal, new, key=["report_id"], update=[])
        died = and_(journal.c.state == "running", journal.c.lease_until < now)
        claimed = session.execute(
            update(journal)
            .where(journal.c.report_id == report_id, or_(journal.c.state.in_(("waiting", "failed")), died))
            .values(
                state="running",
                attempt=journal.c.attempt + 1,
                # A failed report is begun afresh when a person replays it.
                deaths=case((died, journal.c.deaths + 1), (journal.c.state == "failed", 0), else_=journal.c.deaths),
                owner=self._owner,
                lease_until=now + LEASE,
                started_at=now,
                ended_at=None,
            )
            .returning(journal.c.attempt, journal.c.deaths)
        ).one_or_none()
        if claimed is not None:
            return Claim("claimed", claimed.attempt, claimed.deaths)
        state = session.execute(select(journal.c.state).where(journal.c.report_id == report_id)).scalar_one()
        return Claim("finished" if state == "finished" else "busy")

    def renew(self, held: Collection[tuple[UUID, int]], now: datetime) -> set[tuple[UUID, int]]:
        """Prolong the leases of `held` (report and attempt); returns those that are still ours."""
        with self.begin() as session:
            ours = session.execute(
                update(journal)
                .where(
                    journal.c.owner == self._owner,
                    journal.c.state == "running",
                    tuple_(journal.c.report_id, journal.c.attempt).in_(list(held)),
                )
                .values(lease_until=now + LEASE)
                .returning(journal.c.report_id, journal.c.attempt)
            ).all()
        return {(row.report_id, row.attempt) for row in ours}

    def end(
        self,
        session: Session,
        report_id: UUID,
        attempt: int,
        state: State,
        now: datetime,
        *,
        reason: str = "",
        result: list[dict[str, Any]] | None = None,
    ) -> bool:
        """Write down how the attempt ended; False if a newer one has begun meanwhile."""
        ended: Any = session.execute(
            update(journal)
            .where(
                journal.c.report_id == report_id,
                journal.c.attempt == attempt,
                journal.c.owner == self._owner,
                journal.c.state == "running",
            )
            .values(
                state=state,
                owner="",
                lease_until=None,
                ended_at=None if state == "waiting" else now,
                reason=reason,
                result=result,
            )
        )
        return bool(ended.rowcount)
