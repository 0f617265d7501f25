"""What the making of a report needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from libs.common.clock import Clock
from libs.common.sealing import Sealer
from services.generator.job import Job, Outcome
from services.generator.journal import Journal
from services.generator.leases import Leases
from services.generator.progress import Progress
from services.generator.scratch import Scratch


class Hands(Protocol):
    """Whoever does a job: children.Children in the service."""

    def run(self, job: Job, heard: Callable[[Progress], None], is_lost: Callable[[], bool]) -> Outcome:
        """Do the job; tell how far it is; break it off when it is lost."""


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """Where to write, whose lease, who works, and in which room."""

    journal: Journal
    leases: Leases
    hands: Hands
    scratch: Scratch
    sealer: Sealer
    artifacts_url: str
    soft_limit_seconds: float
    clock: Clock
