"""What the reports of a schedule leave for the next one to compare with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class Precedent:
    """`version` counts the changes; 0: there was no report yet.

    `sent_for` is the moment of the last report that was sent, `digest` and `measures` are what it had. `is_armed`:
    the condition has ceased to hold since, so that it counts when it begins to hold again.
    """

    version: int = 0
    template_id: UUID | None = None
    is_armed: bool = True
    sent_for: datetime | None = None
    digest: str = ""
    measures: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
