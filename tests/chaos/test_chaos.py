"""Whatever dies: every accepted report ends in exactly one recorded outcome, and no letter is sent twice."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest
from chaos_faults import FAULTS
from chaos_run import run, tell
from chaos_world import opened

SHORT = (
    "kill -9 the mailer",
    "kill -9 the generator",
    "the mail server cuts connections",
    "connections to the broker are reset",
    "everything comes twice",
    "kill -9 the scheduler",
)


def test_a_short_storm_loses_and_doubles_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as chaos:
        verdict = run(chaos, 1, SHORT)
        assert verdict.findings == [], f"{tell(1, verdict)}\n{chaos.last_words()}"
        assert verdict.counts["letters"] > 0
        assert verdict.counts["occurrences"] > 0


@pytest.mark.long
@pytest.mark.parametrize("seed", [11, 22, 33])
@pytest.mark.parametrize("stores", ["sqlite", "postgresql"])
def test_every_fault_in_a_random_order(tmp_path: Path, seed: int, stores: str, request: pytest.FixtureRequest) -> None:
    names = list(FAULTS)
    random.Random(seed).shuffle(names)
    postgres = request.getfixturevalue("own_postgres") if stores == "postgresql" else None
    with opened(tmp_path, postgres=postgres) as chaos:
        verdict = run(chaos, seed, names)
        line = tell(seed, verdict, Path("var/chaos.txt") if Path("var").is_dir() else None)
        sys.stdout.write(line + "\n")
        assert verdict.findings == [], f"{line}\n{chaos.last_words()}"


@pytest.mark.long
@pytest.mark.parametrize(
    ("service", "sabotage", "faults"),
    [
        ("mailer", "sabotage_mailer_forgets", ["everything comes twice"] * 3),
        ("mailer", "sabotage_unknown_is_sent_again", ["the mail server cuts connections"] * 3),
        ("generator", "sabotage_relay_hopes", ["kill -9 the broker", "the broker is behind a black hole"] * 2),
        ("api", "sabotage_listener_acks_first", ["kill -9 the api"] * 5),
    ],
)
def test_the_suite_notices_when_a_protection_is_switched_off(
    tmp_path: Path, service: str, sabotage: str, faults: list[str]
) -> None:
    with opened(tmp_path, prepare=lambda chaos: chaos.sabotage(service, sabotage)) as chaos:
        verdict = run(chaos, 5, faults, patience_seconds=30)
    assert verdict.findings != []
