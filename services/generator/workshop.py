"""What the making of a report needs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from libs.common.addresses import EVERYWHERE, AllowedDomains
from libs.common.clock import Clock
from libs.common.sealing import Sealer
from services.generator.job import Job, Outcome
from services.generator.journal import Journal
from services.generator.leases import Leases
from services.generator.progress import Progress
from services.generator.questions import DIRECTLY, Inquiry
from services.generator.scratch import Scratch


class Hands(Protocol):
    """Whoever does a job: children.Children in the service."""

    def run(self, job: Job, heard: Callable[[Progress], None], ended: Callable[[], str]) -> Outcome:
        """Do the job; tell how far it is; break it off when `ended` says why."""


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
    max_rows: int = sys.maxsize
    """Of each query, whatever its source and template allow."""
    questions: Inquiry = DIRECTLY
    """Who asks a source what people want to know of it."""
    drop_folder: str = "var/drop"
    """All folders in which copies are dropped are in it."""
    allowed: AllowedDomains = EVERYWHERE
    """Domains to which the reports of a burst may go."""
