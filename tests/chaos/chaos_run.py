"""One run: a load, faults one after the other, a verdict."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from pathlib import Path

from chaos_faults import FAULTS
from chaos_load import Load
from chaos_oracle import Verdict, judge, look, wait_until_settled
from chaos_world import Chaos

QUIET_SECONDS = (0.5, 2.0)
"""Between two faults, at random."""


def run(chaos: Chaos, seed: int, faults: Sequence[str], *, patience_seconds: float = 150.0) -> Verdict:
    """Let `faults` happen, in this order, while people work; then wait until all has ended, and judge."""
    rng = random.Random(seed)
    load = Load(chaos, seed)
    load.prepare()
    load.start()
    time.sleep(2)
    for name in faults:
        FAULTS[name](chaos, rng)
        time.sleep(rng.uniform(*QUIET_SECONDS))
    accepted = load.stop()
    chaos.wait_ready()
    wait_until_settled(chaos, accepted, patience_seconds)
    verdict = judge(look(chaos, accepted), accepted)
    verdict.counts["faults"] = len(faults)
    return verdict


def tell(seed: int, verdict: Verdict, file: Path | None = None) -> str:
    """The counts of a run, as a line for docs/reliability.md."""
    line = f"seed {seed}: " + ", ".join(f"{name} {count}" for name, count in verdict.counts.items())
    if file is not None:
        with file.open("a") as log:
            log.write(line + "\n")
    return line
