"""The misfire policy of a schedule: whether it makes sense, and what it says."""

from __future__ import annotations

from datetime import timedelta

from libs.common.messages import Misfire
from libs.common.timing.errors import TimingError

SKIP_LATENESS = timedelta(minutes=5)
"""A moment that is served so late is still on time for the policy `skip`."""

MAX_CATCH_UP = 1000
MAX_LATENESS_SECONDS = 31_536_000


def check_misfire(misfire: Misfire) -> Misfire:
    """`misfire` itself, or a TimingError that names the field and what would be right."""
    if misfire.policy not in ("skip", "once", "all"):
        raise TimingError("misfire", f"misfire is {misfire.policy!r}; it must be one of skip, once and all.")
    if not 1 <= misfire.max_catch_up <= MAX_CATCH_UP:
        raise TimingError(
            "max_catch_up",
            f"max_catch_up is {misfire.max_catch_up}; it must be a whole number from 1 to {MAX_CATCH_UP:,}.",
        )
    late = misfire.max_lateness_seconds
    if late is not None and not 0 <= late <= MAX_LATENESS_SECONDS:
        raise TimingError(
            "max_lateness_seconds",
            f"max_lateness_seconds is {late}; it must be a whole number from 0 to {MAX_LATENESS_SECONDS:,} (a year).",
        )
    return misfire


def lateness_allowed(misfire: Misfire, by_default: timedelta) -> timedelta | None:
    """How late a moment may start; None: any time. `by_default` is the scheduler's setting for the policy `once`."""
    if misfire.max_lateness_seconds is not None:
        return timedelta(seconds=misfire.max_lateness_seconds)
    return {"skip": SKIP_LATENESS, "once": by_default, "all": None}[misfire.policy]
