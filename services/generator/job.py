"""What a child process is asked to do, and what it answers. Both travel through a pipe."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

from libs.common.messages import Artifact, ErrorClass, Format, Parameter, Stage, Template
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

    def __repr__(self) -> str:
        return f"Job({self.report_id}, attempt {self.attempt})"


@dataclass(frozen=True, kw_only=True)
class Produced:
    """The files are stored."""

    artifacts: tuple[Artifact, ...]
    rows: int
    notes: tuple[str, ...]
    query_seconds: float
    render_seconds: float
    store_seconds: float


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


Outcome = Produced | Failed | GivenBack
