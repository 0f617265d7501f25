"""A small service, which test_common_service.py runs as a process of its own: `press_service.py well|ill`."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from uuid import UUID

from libs.common.errors import SettingsError
from libs.common.inbox import inbox
from libs.common.logs import configure
from libs.common.loop import Loop
from libs.common.messages import ReportStarted
from libs.common.outbox import Outbox, outbox
from libs.common.relay import Relay
from libs.common.service import Service, main
from libs.common.settings import CommonSettings, load
from libs.common.store import Store
from libs.common.topology import Topology


class Talker(Loop):
    """Records a message when it is stopped, as a worker does that finishes what it has in hand."""

    def __init__(self, store: Store, healthy: bool) -> None:
        super().__init__("talker", self.step, every_seconds=0.1)
        self._store = store
        self._healthy = healthy

    def step(self) -> bool:
        if not self._healthy:
            raise SettingsError("This part cannot go on.")
        return False

    def stop(self, timeout_seconds: float) -> None:
        super().stop(timeout_seconds)
        now = datetime.now(UTC)
        with self._store.begin() as session:
            Outbox(session, now).add(ReportStarted(at=now, report_id=UUID(int=1), attempt=1))


def body() -> int:
    settings = load(CommonSettings, os.environ)
    configure("press", settings.log_level)
    store = Store(os.environ["PRESS_STORE_URL"])
    for table in (outbox, inbox):
        table.create(store.engine)
    service = Service("press", settings, operations_port=int(os.environ["PRESS_PORT"]), ready={"store": store.ping})
    relay = Relay("press", store, settings.broker_url, Topology(settings.queue_type))
    return service.run([relay, Talker(store, healthy=sys.argv[1] == "well")])


main(body)
