"""`make bench-generator`, or `python -m bench.generator --part small`: measures the generator beside its baselines."""

from __future__ import annotations

import argparse
import signal
import sys
from datetime import UTC, datetime

from bench import machine
from bench.generator import large, small
from bench.house import House, opened
from bench.results import keep

PARTS = ("small", *large.PARTS)


def main() -> int:
    """Measure the parts that were asked for, and print each or keep it in docs/benchmarks.md."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that nothing is left behind
    parts = options.part or PARTS
    with opened(large_rows=1_000_000 if set(parts) - {"small"} else 1_000) as house:
        for part in parts:
            figures = f"{datetime.now(UTC):%d %B %Y}, {machine.facts()}.\n\n{_measure(part, house, options)}"
            sys.stdout.write(f"\n{part}: {figures}\n")
            sys.stdout.flush()
            if options.keep:
                keep(f"generator {part}", figures)
    return 0


def _measure(part: str, house: House, options: argparse.Namespace) -> str:
    if part != "small":
        return large.PARTS[part](large.Bench(house))
    ours = small.pressroom(house, options.reports, options.lanes)
    return small.shown(ours, small.bare_worker(house, options.reports, options.lanes))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.generator", description=__doc__)
    parser.add_argument("--part", action="append", choices=PARTS, help="measure only this; may be given several times")
    parser.add_argument("--reports", type=int, default=600, help="how many small reports (default: %(default)s)")
    parser.add_argument("--lanes", type=int, default=2, help="lanes, and processes of the bare worker (%(default)s)")
    parser.add_argument("--keep", action="store_true", help="write the figures into docs/benchmarks.md")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
