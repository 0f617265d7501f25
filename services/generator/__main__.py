"""Starts the generator: `python -m services.generator`."""

from __future__ import annotations

import os
import socket
import uuid

from libs.common.addresses import parse_allowed
from libs.common.clock import utc_now
from libs.common.commands import make_broker
from libs.common.events import EventListener
from libs.common.logs import configure
from libs.common.migrations import migrate
from libs.common.relay import Relay
from libs.common.sealing import Sealer
from libs.common.service import Service, main
from libs.common.settings import load
from libs.common.storage import ArtifactStorage
from libs.common.store import Store
from libs.common.topology import Topology
from libs.common.worker import CommandWorker
from services.generator.burst.spreader import Spreader
from services.generator.children import Bounds, Children
from services.generator.expiry import Cleaning
from services.generator.journal import Journal
from services.generator.leases import Leases
from services.generator.listener import CancelListener
from services.generator.maintenance import maintain
from services.generator.patience import Patience
from services.generator.questions import Questions
from services.generator.scratch import Scratch
from services.generator.settings import GeneratorSettings
from services.generator.worker import lanes, receive, report_lanes
from services.generator.workshop import Workshop


def run() -> int:
    """Run until asked to stop; the exit code of the process."""
    settings = load(GeneratorSettings, os.environ)
    configure("generator", settings.log_level)
    storage = ArtifactStorage(settings.artifacts_url)
    store = Store(settings.generator_store_url)
    migrate(store, "services.generator.migrations")

    journal = Journal(store, owner=f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4()}")
    leases = Leases(journal, utc_now)
    children = Children(sum(report_lanes(settings).values()), _bounds(settings))
    questions = Questions(settings.generator_lanes_maintenance, settings.generator_memory_megabytes)
    scratch = Scratch(settings.generator_scratch_folder)
    broker, topology = make_broker(settings), Topology(settings.queue_type)
    workshop = Workshop(
        journal=journal,
        leases=leases,
        hands=children,
        scratch=scratch,
        sealer=Sealer(settings.seal_keys),
        artifacts_url=settings.artifacts_url,
        soft_limit_seconds=settings.generator_soft_limit_seconds,
        max_rows=settings.generator_max_rows,
        questions=questions,
        drop_folder=settings.generator_drop_folder,
        allowed=parse_allowed(settings.allowed_domains),
        clock=utc_now,
    )
    requests = CancelListener(journal, clock=utc_now, wake=leases.wake)
    receive(broker, settings, workshop)
    maintain(broker, workshop)

    port = settings.generator_operations_port
    ready = {"store": store.ping, "artifacts": storage.ping}
    service = Service("generator", settings, operations_port=port, ready=ready)
    try:
        return service.run(
            [
                Relay("generator", store, settings.broker_url, topology),
                leases,
                EventListener("generator", settings.broker_url, topology, store, requests.handlers()),
                Cleaning(journal, storage, utc_now),
                Spreader(journal, storage, settings.generator_burst_window, utc_now),
                children,
                questions,
                CommandWorker(broker, lanes(settings)),
                Patience(children),
            ]
        )
    finally:
        scratch.close()


def _bounds(settings: GeneratorSettings) -> Bounds:
    return Bounds(
        hard_limit_seconds=settings.generator_hard_limit_seconds,
        memory_megabytes=settings.generator_memory_megabytes,
        file_megabytes=settings.generator_file_megabytes,
        reports_per_child=settings.generator_reports_per_child,
    )


if __name__ == "__main__":
    main(run)
