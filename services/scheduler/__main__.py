"""Starts the scheduler: `python -m services.scheduler`."""

from __future__ import annotations

import os
from datetime import timedelta

from libs.common.clock import utc_now
from libs.common.events import EventListener
from libs.common.logs import configure
from libs.common.migrations import migrate
from libs.common.relay import Relay
from libs.common.service import Service, main
from libs.common.settings import load
from libs.common.store import Store
from libs.common.topology import Topology
from services.scheduler.backlog import Backlog
from services.scheduler.listener import ScheduleListener
from services.scheduler.settings import SchedulerSettings
from services.scheduler.ticker import Ticker
from services.scheduler.timetable import Timetable


def run() -> int:
    """Run until asked to stop; the exit code of the process."""
    settings = load(SchedulerSettings, os.environ)
    configure("scheduler", settings.log_level)
    store = Store(settings.scheduler_store_url)
    migrate(store, "services.scheduler.migrations")

    broker, topology = settings.broker_url, Topology(settings.queue_type)
    timetable, catch_up = Timetable(store), timedelta(seconds=settings.scheduler_catch_up_seconds)
    ticker = Ticker(timetable, Backlog(broker).is_heard, catch_up=catch_up)
    changes = ScheduleListener(timetable, catch_up=catch_up, clock=utc_now, wake=ticker.wake)

    port = settings.scheduler_operations_port
    service = Service("scheduler", settings, operations_port=port, ready={"store": store.ping})
    return service.run(
        [
            Relay("scheduler", store, broker, topology),
            EventListener("scheduler", broker, topology, store, changes.handlers()),
            ticker,
        ]
    )


if __name__ == "__main__":
    main(run)
