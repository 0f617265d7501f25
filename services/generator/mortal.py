"""A process that does not outlive the one that made it, even if that is killed."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing.connection import wait

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """End this process as soon as its parent has ended.

    On Linux the system does it, even while this process is stuck in a library. Elsewhere a thread waits for it.
    """
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it ended before the system knew
            os._exit(1)
    else:
        threading.Thread(target=_watch, daemon=True, name="parent watch").start()


def _watch() -> None:
    service = multiprocessing.parent_process()
    if service is not None:
        wait([service.sentinel])
        os._exit(1)
