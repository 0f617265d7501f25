"""What the scheduler must know."""

from __future__ import annotations

from typing import Annotated

import msgspec

from libs.common.settings import CommonSettings


class SchedulerSettings(CommonSettings, frozen=True, kw_only=True):
    """What the scheduler must know besides the broker."""

    scheduler_store_url: Annotated[
        str,
        msgspec.Meta(min_length=1, description="The timetable: sqlite:///path or postgresql://user:password@host/db."),
    ] = "sqlite:///var/timetable.sqlite"
    scheduler_operations_port: Annotated[
        int,
        msgspec.Meta(ge=0, le=65535, description="Port of the scheduler's /health and /metrics; 0 takes a free one."),
    ] = 9101
    scheduler_catch_up_seconds: Annotated[
        int,
        msgspec.Meta(
            ge=0,
            le=31_536_000,
            description="After an outage: the latest moment of a schedule is made up for if it is not older than this.",
        ),
    ] = 3600
