"""`make sample-members`, or `python -m samples.members --url … --token …`."""

from __future__ import annotations

from pathlib import Path

from samples.command import run
from samples.members.data import build

if __name__ == "__main__":
    raise SystemExit(run(Path(__file__).parent, build))
