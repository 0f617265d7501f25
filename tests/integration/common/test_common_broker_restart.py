from __future__ import annotations

import pytest
from broker_tools import NOW, Broker, Run, order, say, soon, started, unsent

from libs.common import loop
from libs.common.commands import CommandBroker
from libs.common.events import EventListener
from libs.common.handlers import handle
from libs.common.messages import GenerateReport, ReportStarted
from libs.common.relay import Relay
from libs.common.store import Store
from libs.common.topology import Topology
from libs.common.worker import CommandWorker
from libs.local.private_broker import PrivateBroker


def test_a_broker_that_is_killed_and_comes_back_costs_nothing(
    run: Run, store: Store, broker_node: PrivateBroker, topology: Topology, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "MAX_PAUSE_SECONDS", 0.5)  # only to see it sooner
    url = broker_node.new_vhost()
    commands = CommandBroker(url, topology)
    heard: list[int] = []
    made: list[GenerateReport] = []
    handle(
        commands,
        GenerateReport,
        lambda command, _attempt: made.append(command),
        queue="reports.normal",
        max_retries=0,
        min_backoff_ms=1,
        max_backoff_ms=1,
    )
    worker = CommandWorker(commands, {"reports.normal": 1})
    handlers = {ReportStarted: lambda _session, event: heard.append(event.attempt)}
    run(Relay("press", store, url, topology))
    run(EventListener("api", url, topology, store, handlers, clock=lambda: NOW))
    run(worker)
    before, meanwhile, after = order(), order(), order()
    say(store, before, started(1))
    soon(lambda: heard == [1] and made == [before])
    broker_node.kill()
    say(store, meanwhile, started(2))
    broker_node.start()
    say(store, after, started(3))
    soon(lambda: unsent(store) == 0 and heard == [1, 2, 3])
    # The acknowledgement of the first may have died with the broker: it is done again then, as any command may be.
    soon(lambda: made[-2:] == [meanwhile, after])
    assert made[:-2] in ([before], [before, before])
    assert worker.alive()
    broker = Broker(url)
    soon(lambda: broker.ready("reports.normal") == broker.ready("pressroom.events.api") == 0)
    assert broker.ready("reports.normal.XQ") == broker.ready("pressroom.events.api.XQ") == 0
    broker.close()
