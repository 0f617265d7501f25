"""What a child process is asked to do, and what it answers. Both travel through a pipe."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

from libs.common.conditions import Conditions
from libs.common.delivering import Part
from libs.common.messages import Artifact, ErrorClass, Format, Parameter, Stage, Template
from services.generator.burst.assignment import Assignment, Listed
from services.generator.drop import Place
from services.generator.judging.precedent import Precedent
from services.generator.previews import NOTHING, Glimpse
from services.generator.sources import Limits


@dataclass(frozen=True, kw_only=True)
class Job:
    """One attempt at a report. `source_url` is open text here, which is why a Job is never logged."""

    report_id: UUID
    attempt: int
    template: Template
    parameters: tuple[Parameter, ...]
    formats: tuple[Format, ...]
    source_name: str
    source_url: str
    limits: Limits
    made_at: datetime
    day: date
    """The day in the files' names."""
    folder: Path
    """Private to this attempt; whoever made it removes it."""
    artifacts_url: str
    soft_limit_seconds: float
    password: str = ""
    """Protects the files, in the open."""
    drop: Place | None = None
    ready: Produced | None = None
    """What an earlier report has made of the same: only copies of it are still to be dropped."""
    conditions: Conditions = field(default_factory=Conditions)
    precedent: Precedent | None = None
    """What the schedule's earlier reports were like; None if nothing is to be compared with them."""
    scheduled_for: datetime | None = None
    timezone: str = "UTC"
    preview_rows: int | None = None
    """How many rows letters may show; None: nothing of the report."""
    assignment: Assignment | None = None
    """The recipients of a burst are to be listed, and nothing else is to be made."""
    part: Part | None = None
    """The rows are a share of what was read before, and the source is not asked."""

    @property
    def prefix(self) -> str:
        """Where in the artifact storage the files of this attempt are, and no others."""
        return f"reports/{self.made_at:%Y/%m/%d}/{self.report_id}/{self.attempt}"

    def __repr__(self) -> str:
        return f"Job({self.report_id}, attempt {self.attempt})"


@dataclass(frozen=True, kw_only=True)
class Produced:
    """The files are stored. `shortfalls` are parts that should be there and are not; `held` are the checks for which
    the files wait for an approval."""

    artifacts: tuple[Artifact, ...]
    rows: int
    notes: tuple[str, ...]
    query_seconds: float
    render_seconds: float
    store_seconds: float
    dropped_to: str = ""
    """Where copies are, in words."""
    reused_from: UUID | None = None
    """The report whose files these are, if it was made before."""
    shortfalls: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    after: Precedent | None = None
    """What the schedule remembers from now on; None: as before."""
    if_released: Precedent | None = None
    """The same once a report that is held has been approved."""
    glimpse: Glimpse = NOTHING
    """What letters may show."""


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """The source was read, and nobody is to get a report."""

    reason: str
    rows: int
    after: Precedent | None = None


@dataclass(frozen=True, kw_only=True)
class Failed:
    """There are no files. `trace` is for the log, and only where we did not expect the failure."""

    stage: Stage
    error_class: ErrorClass
    reason: str
    trace: str = ""


@dataclass(frozen=True, kw_only=True)
class GivenBack:
    """The work was broken off by us: it has neither failed nor succeeded, and somebody may begin it again."""

    reason: str


Outcome = Produced | Skipped | Listed | Failed | GivenBack
