"""A generator that is killed at the very moment at which a report ends: `python dies_at_the_end.py FOLDER when`.

It makes the report of `FOLDER/command.json` in the journal and artifact storage of the Installation there. `when` is
`before` the transaction that ends the report is committed, or `after` it. Its clock is slow by a minute, so that nobody
has to wait for its lease to run out.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from sqlalchemy import event
from sqlalchemy.orm import Session

from libs.common.clock import utc_now
from libs.common.handlers import Attempt
from libs.common.messages import GenerateReport
from libs.common.migrations import migrate
from libs.common.sealing import Sealer
from libs.common.store import Store
from services.generator import endings
from services.generator.generate import generate
from services.generator.job import Job, Outcome
from services.generator.journal import Journal
from services.generator.leases import Leases
from services.generator.produce import produce
from services.generator.progress import Progress
from services.generator.scratch import Scratch
from services.generator.workshop import Workshop


class Hands:
    """Does the job in this process."""

    def run(self, job: Job, _heard: Callable[[Progress], None], _ended: Callable[[], str]) -> Outcome:
        return produce(job)


def clock() -> datetime:
    return utc_now() - timedelta(minutes=1)


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(folder: Path, when: str) -> None:
    command = msgspec.json.decode((folder / "command.json").read_bytes(), type=GenerateReport)
    store = Store(f"sqlite:///{folder}/journal.sqlite")
    migrate(store, "services.generator.migrations")
    journal = Journal(store, "dies")
    workshop = Workshop(
        journal=journal,
        leases=Leases(journal, clock),
        hands=Hands(),
        scratch=Scratch(str(folder / "scratch")),
        sealer=Sealer((folder / "keys").read_text()),
        artifacts_url=str(folder / "artifacts"),
        soft_limit_seconds=60,
        clock=clock,
    )
    remember = endings.remember_after

    def last_act(session: Session, *rest: object) -> None:
        remember(session, *rest)  # type: ignore[arg-type]
        session.flush()
        event.listen(session, f"{when}_commit", die)

    endings.remember_after = last_act
    generate(command, Attempt(1, 4), workshop)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
