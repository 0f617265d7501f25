"""A program that is to be kept running, whoever keeps it running."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """One process in the foreground: what to execute, where, and with which environment."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    directory: Path
    inherits: bool = False
    """Whether `environment` comes on top of the caller's, or is the whole of it."""
    stop_seconds: int = 30
    """How long a polite stop may take before the process is killed."""
