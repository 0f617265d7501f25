"""What processes cost: their processor time and the most memory they ever held, as Linux counts them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """One process: whose child it is, and the seconds of processor time of itself and of the children it has buried."""

    pid: int
    parent: int
    cpu_seconds: float


def cpu_seconds(pid: int) -> float:
    """Processor time of the process and of everything below it, whether it still runs or has ended."""
    usages = list(_usages())
    return sum(usage.cpu_seconds for usage in usages if usage.pid in _tree(pid, usages))


def peak_megabytes(pid: int) -> float:
    """The most memory (resident set) that the process has held since it began; 0 if it is gone."""
    with suppress(OSError):
        for line in (PROC / str(pid) / "status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0


def descendants(pid: int) -> list[int]:
    """The processes below `pid`, which run at this moment."""
    return sorted(_tree(pid, list(_usages())) - {pid})


def parse_stat(text: str) -> Usage:
    """A line of /proc/PID/stat; the name in it may hold blanks and brackets."""
    pid, _, rest = text.partition(" (")
    fields = rest.rpartition(") ")[2].split()
    ticks = sum(int(field) for field in fields[11:15])
    return Usage(pid=int(pid), parent=int(fields[1]), cpu_seconds=ticks / _TICKS)


def _usages() -> Iterator[Usage]:
    for folder in PROC.iterdir():
        if folder.name.isdigit():
            with suppress(OSError):  # it has ended just now
                yield parse_stat((folder / "stat").read_text())


def _tree(root: int, usages: Sequence[Usage]) -> set[int]:
    found, size = {root}, 0
    while size < len(found):
        size = len(found)
        found |= {usage.pid for usage in usages if usage.parent in found}
    return found
