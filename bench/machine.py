"""The machine that was measured, as far as it matters for the figures."""

from __future__ import annotations

import os
import platform


def facts() -> str:
    """One line for the reader of the figures; nothing in it names the machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cores} cores, {memory:.0f} GB of memory, Python {platform.python_version()}, {platform.system()}"
