"""How large a file of a report may grow, as the system enforces it in a child."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager

from libs.common.handling import least

_MEGABYTE = 1 << 20
_ENDLESS_MEGABYTES = 1 << 40


def bound_files(megabytes: int) -> None:
    """For the whole life of this process, and for those it starts."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (megabytes * _MEGABYTE, megabytes * _MEGABYTE))


def largest_allowed(megabytes: int | None) -> int:
    """The megabytes that a file may have if a template allows so many (None: says nothing)."""
    now, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    return least(_ENDLESS_MEGABYTES if now == resource.RLIM_INFINITY else now // _MEGABYTE, megabytes)


@contextmanager
def tightened(megabytes: int | None) -> Iterator[None]:
    """No more than a template allows, for the length of the block: the process goes on to other reports."""
    if megabytes is None:
        yield
        return
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest_allowed(megabytes) * _MEGABYTE, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))
