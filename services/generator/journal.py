"""The journal: which reports were begun, by whom, and how they ended. It lets one generator at a time make a report.

    waiting ──> running ──> finished
       ^           ├──────> held ──> (approved: finished)
       │           ├──────> skipped
       │           ├──────> failed ──> (replayed: running)
       │           ├──────> cancelled
       └───────────┘  a transient failure, or given back

A report is claimed by a conditional write together with a lease, which `Leases` renews while the work goes on. When
the owner dies the lease runs out and the next one to come takes over under the next attempt number. Every later
write names that number, so an owner that was only asleep finds that it may not publish any more.

A report that somebody cancels ends at once if nobody is at work on it, even one that is not known yet; otherwise it is
marked, and from then on whoever is at work on it can end it in no other way.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Executable, and_, bindparam, case, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from libs.common.store import Store, upsert
from services.generator.tables import journal

LEASE = timedelta(seconds=15)

REMEMBERED = timedelta(days=90)
"""How long a report that has ended, and whose files are gone, stays in the journal. A command that is older than that
when the journal first hears of it is refused: its report may have been made and forgotten."""

State = Literal["waiting", "finished", "held", "skipped", "failed", "cancelled"]
Standing = Literal["claimed", "busy", "finished", "cancelled"]


@dataclass(frozen=True)
class Cancellation:
    """Who does not want a report, and why."""

    requested_by: str
    reason: str = ""

    @property
    def sentence(self) -> str:
        """For the journal and the log."""
        return f"Cancelled by {self.requested_by}" + (f": {self.reason}" if self.reason else ".")


@dataclass(frozen=True)
class Claim:
    """What came of trying to claim a report; `attempt` and `deaths` count only if it was `claimed`.

    `cancelled`: its maker died before it could stop, so it ends here and now; that is to be announced.
    """

    standing: Standing
    attempt: int = 0
    deaths: int = 0
    first_seen_at: datetime | None = field(default=None, compare=False)
    cancellation: Cancellation | None = None


@dataclass(frozen=True)
class Released:
    """What came of the approval of a held report; without `expires_at` its files are gone, and it has failed."""

    expires_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What the journal knows of the files of a report that has ended; see `tables.journal`."""

    expires_at: datetime
    fingerprint: str | None = None
    reused_from: UUID | None = None
    summary: dict[str, Any] | None = None


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

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A look that holds up nobody."""
        with self._store.read() as session:
            yield session

    def claim(
        self,
        session: Session,
        report_id: UUID,
        now: datetime,
        source_id: UUID | None = None,
        parent_id: UUID | None = None,
    ) -> Claim:
        """Begin the next attempt at the report, unless it is finished or somebody's lease on it is live.

        `source_id` is the source of which it takes a slot (see slots.py), `parent_id` the burst that it is a part of.
        """
        row = _unheard_of(report_id, now) | {
            "state": "running",
            "attempt": 1,
            "owner": self._owner,
            "lease_until": now + LEASE,
            "started_at": now,
            "source_id": source_id,
            "parent_id": parent_id,
        }
        statement = _CLAIM[session.get_bind().dialect.name]
        claimed = session.connection().execute(statement, row).one_or_none()
        if claimed is not None:
            return Claim("claimed", claimed.attempt, claimed.deaths, claimed.first_seen_at)
        return self._refused(session, report_id, now)

    def _refused(self, session: Session, report_id: UUID, now: datetime) -> Claim:
        """Why there is no attempt to make. One that was cancelled while its maker died ends now."""
        died = and_(journal.c.state == "running", journal.c.lease_until < now)
        ended = session.execute(
            update(journal)
            .where(journal.c.report_id == report_id, journal.c.cancelled_at.is_not(None), died)
            .values(state="cancelled", owner="", lease_until=None, ended_at=now)
            .returning(journal.c.attempt, journal.c.cancelled_by, journal.c.cancel_reason)
        ).one_or_none()
        if ended is not None:
            cancellation = Cancellation(ended.cancelled_by, ended.cancel_reason)
            return Claim("cancelled", ended.attempt, cancellation=cancellation)
        state = session.execute(select(journal.c.state).where(journal.c.report_id == report_id)).scalar_one()
        return Claim("busy" if state == "running" else "finished")

    def cancel(self, session: Session, report_id: UUID, cancellation: Cancellation, now: datetime) -> int | None:
        """Write down that somebody does not want the report.

        The number of its last attempt (0: none) if the report has ended with that; None if whoever is at work on it
        has to stop first, or if it had ended before.
        """
        know(session, report_id, now)
        this = journal.c.report_id == report_id
        row = session.execute(
            select(journal.c.state, journal.c.attempt, journal.c.lease_until, journal.c.cancelled_at)
            .where(this)
            .with_for_update()
        ).one()
        at_work = row.state == "running" and row.lease_until >= now
        if row.cancelled_at is not None or not (at_work or row.state in ("waiting", "running", "held")):
            return None
        noted = {
            "cancelled_at": now,
            "cancelled_by": cancellation.requested_by,
            "cancel_reason": cancellation.reason,
            "reason": cancellation.sentence,
        }
        over = {} if at_work else {"state": "cancelled", "owner": "", "lease_until": None, "ended_at": now}
        session.execute(update(journal).where(this).values(**noted, **over))
        return None if at_work else int(row.attempt)

    def release(self, session: Session, report_id: UUID, now: datetime, if_expired: str) -> Released | None:
        """Let a held report be finished, or failed for the reason `if_expired`; None if it is not held any more."""
        there = journal.c.files == "kept"
        released = session.execute(
            update(journal)
            .where(journal.c.report_id == report_id, journal.c.state == "held", journal.c.cancelled_at.is_(None))
            .values(
                state=case((there, "finished"), else_="failed"),
                reason=case((there, ""), else_=if_expired),
                ended_at=now,
            )
            .returning(journal.c.state, journal.c.expires_at)
        ).one_or_none()
        if released is None:
            return None
        return Released(released.expires_at if released.state == "finished" else None)

    def cancellations(self, held: Collection[tuple[UUID, int]]) -> dict[tuple[UUID, int], Cancellation]:
        """Those of `held` (report and attempt) that are ours and that somebody does not want any more."""
        query = select(journal.c.report_id, journal.c.attempt, journal.c.cancelled_by, journal.c.cancel_reason).where(
            journal.c.report_id.in_([report_id for report_id, _ in held]),  # by the primary key: this is asked often
            journal.c.owner == self._owner,
            journal.c.state == "running",
            journal.c.cancelled_at.is_not(None),
        )
        with self._store.read() as session:
            rows = session.execute(query).all()
        return {(row.report_id, row.attempt): Cancellation(row.cancelled_by, row.cancel_reason) for row in rows}

    def cancellation(self, session: Session, report_id: UUID, attempt: int) -> Cancellation | None:
        """Why our attempt cannot end in another way than as cancelled; None if that is not so."""
        row = session.execute(
            select(journal.c.cancelled_by, journal.c.cancel_reason).where(
                *self._ours(report_id, attempt), journal.c.cancelled_at.is_not(None)
            )
        ).one_or_none()
        return None if row is None else Cancellation(row.cancelled_by, row.cancel_reason)

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
        kept: Kept | None = None,
    ) -> bool:
        """Write down how the attempt ended; False if a newer one has begun meanwhile, or if it was cancelled.

        `result` are the files, which are there as long as `kept` says.
        """
        values = {
            "this_report": report_id,
            "this_attempt": attempt,
            "this_owner": self._owner,
            "new_state": state,
            "ended": None if state == "waiting" else now,
            "why": reason,
            "new_result": result,
            "new_files": "none" if kept is None else "kept",
            "expires": None if kept is None else kept.expires_at,
            "print": None if kept is None else kept.fingerprint,
            "reused": None if kept is None else kept.reused_from,
            "told": None if kept is None else kept.summary,
        }
        statement = _END if state == "cancelled" else _END_UNLESS_CANCELLED
        ended: Any = session.connection().execute(statement, values)
        return bool(ended.rowcount)

    def _ours(self, report_id: UUID, attempt: int) -> tuple[ColumnElement[bool], ...]:
        return (
            journal.c.report_id == report_id,
            journal.c.attempt == attempt,
            journal.c.owner == self._owner,
            journal.c.state == "running",
        )


def know(session: Session, report_id: UUID, now: datetime) -> None:
    """Let there be a row for the report."""
    upsert(session, journal, _unheard_of(report_id, now), key=["report_id"], update=[])


def _unheard_of(report_id: UUID, now: datetime) -> dict[str, Any]:
    return {
        "report_id": report_id,
        "state": "waiting",
        "attempt": 0,
        "deaths": 0,
        "owner": "",
        "first_seen_at": now,
        "reason": "",
    }


def _claiming(insert: Any) -> Executable:
    """A first attempt inserts the row; a later one takes it over, if there is one to make."""
    statement = insert(journal)
    new = statement.excluded
    died = and_(journal.c.state == "running", journal.c.lease_until < new.started_at)
    claiming: Executable = statement.on_conflict_do_update(
        index_elements=["report_id"],
        set_={
            "state": new.state,
            "attempt": journal.c.attempt + 1,
            # A failed report is begun afresh when a person replays it.
            "deaths": case((died, journal.c.deaths + 1), (journal.c.state == "failed", 0), else_=journal.c.deaths),
            "owner": new.owner,
            "lease_until": new.lease_until,
            "started_at": new.started_at,
            "ended_at": None,
            "source_id": new.source_id,
            "parent_id": new.parent_id,
            "held_since": None,
            "held_until": None,
        },
        where=and_(journal.c.cancelled_at.is_(None), or_(journal.c.state.in_(("waiting", "failed")), died)),
    ).returning(journal.c.attempt, journal.c.deaths, journal.c.first_seen_at)
    return claiming


# Built once: to build a statement costs more than to execute it, and each report needs these.
_CLAIM = {"sqlite": _claiming(sqlite.insert), "postgresql": _claiming(postgresql.insert)}
_END = (
    update(journal)
    .where(
        journal.c.report_id == bindparam("this_report"),
        journal.c.attempt == bindparam("this_attempt"),
        journal.c.owner == bindparam("this_owner"),
        journal.c.state == "running",
    )
    .values(
        state=bindparam("new_state"),
        owner="",
        lease_until=None,
        ended_at=bindparam("ended"),
        reason=bindparam("why"),
        result=bindparam("new_result"),
        files=bindparam("new_files"),
        expires_at=bindparam("expires"),
        fingerprint=bindparam("print"),
        reused_from=bindparam("reused"),
        summary=bindparam("told"),
    )
)
_END_UNLESS_CANCELLED = _END.where(journal.c.cancelled_at.is_(None))
