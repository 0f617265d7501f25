"""Receives commands: `generate_report` from the queues of all priorities, each with lanes of its own."""

from __future__ import annotations

from collections.abc import Mapping

from libs.common.commands import CommandBroker
from libs.common.handlers import Attempt, handle
from libs.common.messages import GenerateReport
from libs.common.topology import MAINTENANCE_QUEUE, REPORT_QUEUES
from services.generator.generate import generate
from services.generator.settings import GeneratorSettings
from services.generator.workshop import Workshop

DEFAULT_MAX_RETRIES = 3
"""For a command without its own limit; each order brings one."""


def receive(broker: CommandBroker, settings: GeneratorSettings, workshop: Workshop) -> None:
    """Make `generate` the owner of its command. It is registered once: a command knows which queue it is in."""

    def run(command: GenerateReport, attempt: Attempt) -> None:
        generate(command, attempt, workshop)

    handle(
        broker,
        GenerateReport,
        run,
        queue=REPORT_QUEUES["normal"],
        max_retries=DEFAULT_MAX_RETRIES,
        min_backoff_ms=int(settings.generator_min_backoff_seconds * 1000),
        max_backoff_ms=int(settings.generator_max_backoff_seconds * 1000),
    )


def lanes(settings: GeneratorSettings) -> Mapping[str, int]:
    """How many commands of each queue are done at the same time."""
    return {**report_lanes(settings), MAINTENANCE_QUEUE: settings.generator_lanes_maintenance}


def report_lanes(settings: GeneratorSettings) -> Mapping[str, int]:
    """How many reports of each queue are made at the same time."""
    return {
        REPORT_QUEUES["urgent"]: settings.generator_lanes_urgent,
        REPORT_QUEUES["high"]: settings.generator_lanes_high,
        REPORT_QUEUES["normal"]: settings.generator_lanes_normal,
        REPORT_QUEUES["low"]: settings.generator_lanes_low,
    }
