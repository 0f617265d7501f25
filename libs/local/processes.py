"""Which processes belong to an instance. They carry its mark in their environment, wherever they were born.

The supervisor knows its own children only while it lives; the mark also finds what a killed supervisor left behind,
and the children of children. It is read from /proc; elsewhere (macOS) only the supervisor's own word counts.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from libs.common.errors import TransientFailure
from libs.local.waiting import wait_until

MARK = "PRESSROOM_INSTANCE"

PROC = Path("/proc")


def marked(root: Path) -> list[int]:
    """The ids of the living processes of the instance in `root`."""
    mark = f"{MARK}={root}".encode()
    candidates = (int(entry.name) for entry in PROC.iterdir() if entry.name.isdecimal()) if PROC.is_dir() else ()
    return [pid for pid in candidates if pid != os.getpid() and mark in _environment(pid) and alive(pid)]


def belongs(pid: int, root: Path) -> bool:
    """Whether the process `pid` lives and is of the instance in `root`: ids are used again after a reboot."""
    if not alive(pid):
        return False
    return not PROC.is_dir() or f"{MARK}={root}".encode() in _environment(pid)


def alive(pid: int) -> bool:
    """Whether the process is there and has not ended; one that only waits for its parent to notice has ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return _state(pid) not in ("Z", "X")


def end(pids: Iterable[int], patience_seconds: float) -> None:
    """End these processes: politely, then by force; a TransientFailure if one still lives."""
    pids = list(pids)
    _signal(pids, signal.SIGTERM)
    with suppress(TransientFailure):
        _wait_for_end(pids, patience_seconds)
    _signal(pids, signal.SIGKILL)
    _wait_for_end(pids, 10)


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _wait_for_end(pids: list[int], timeout_seconds: float) -> None:
    wait_until(
        lambda: not any(alive(pid) for pid in pids),
        timeout_seconds,
        lambda: f"These processes do not end: {', '.join(str(pid) for pid in pids if alive(pid))}.",
    )


def _environment(pid: int) -> list[bytes]:
    try:
        return (PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return []  # it has just ended, or belongs to another account


def _state(pid: int) -> str:
    try:
        return (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return "?"
