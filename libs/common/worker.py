"""Receives commands: one lane per queue, so that urgent work waits for nothing but urgent work."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping

import dramatiq.worker
from dramatiq import Worker
from dramatiq.asyncio import EventLoopThread, set_event_loop_thread

from libs.common.commands import CommandBroker

log = logging.getLogger(__name__)

dramatiq.worker.CONSUMER_RESTART_DELAY_SECS = 1.0
"""How long a consumer that lost the broker waits before it tries again; dramatiq takes this from an environment
variable of its own, with three seconds to begin with."""


class _Lane(Worker):
    """A dramatiq worker for one queue, which holds no more messages than it has threads.

    Dramatiq prefetches twice as many; a report waiting behind a long one could then not be taken by another process.
    """

    def __init__(self, broker: CommandBroker, queue: str, threads: int) -> None:
        super().__init__(broker, queues={queue}, worker_threads=threads, worker_timeout=500)
        self.queue = queue
        self.queue_prefetch = threads

    def start(self) -> None:
        self._add_consumer(self.queue)
        for _ in range(self.worker_threads):
            self._add_worker()

    def alive(self) -> bool:
        return all(thread.is_alive() for thread in (*self.workers, *self.consumers.values()))


class CommandWorker:
    """All lanes of a service, and the event loop for its asynchronous handlers. `lanes`: queue → threads."""

    name = "worker"

    def __init__(self, broker: CommandBroker, lanes: Mapping[str, int]) -> None:
        self._broker = broker
        self._lanes = [_Lane(broker, queue, threads) for queue, threads in lanes.items() if threads > 0]
        self._loop: EventLoopThread | None = None

    def start(self) -> None:
        """Begin to take commands."""
        self._loop = EventLoopThread(log)
        self._loop.daemon = True
        self._loop.start(timeout=10)
        set_event_loop_thread(self._loop)
        for lane in self._lanes:
            self._broker.declare_queue(lane.queue)
            lane.start()

    def stop(self, timeout_seconds: float) -> None:
        """Finish what is in hand; what is not finished in time goes back to its queue."""
        stoppers = [
            threading.Thread(target=lane.stop, args=(int(timeout_seconds * 1000),), daemon=True) for lane in self._lanes
        ]
        for stopper in stoppers:
            stopper.start()
        for stopper in stoppers:
            stopper.join(timeout_seconds + 5)
        if self._loop is not None and self._loop.is_alive():
            self._loop.loop.call_soon_threadsafe(self._loop.loop.stop)
            self._loop.join(timeout=5)
        set_event_loop_thread(None)
        self._broker.close()

    def alive(self) -> bool:
        """False if any thread has ended: dramatiq does not replace it."""
        return all(lane.alive() for lane in self._lanes)
