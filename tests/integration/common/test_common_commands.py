from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from broker_tools import Broker, Run, order, soon
from broker_wire import Wire
from dramatiq.middleware import CurrentMessage

from libs.common import commands
from libs.common.commands import CommandBroker, NotYet
from libs.common.envelope import pack
from libs.common.errors import PermanentFailure, TransientFailure
from libs.common.handlers import Attempt, handle
from libs.common.messages import GenerateReport
from libs.common.topology import Topology
from libs.common.worker import CommandWorker
from libs.local.private_broker import PrivateBroker

QUEUE = "reports.normal"
DEAD = "reports.normal.XQ"

Handler = Callable[[GenerateReport, Attempt], Any]
Work = Callable[..., CommandWorker]


@pytest.fixture
def work(run: Run, broker_url: str, topology: Topology) -> Work:
    """Starts a worker with one handler for reports, on one queue."""

    def work(handler: Handler, *, url: str = broker_url, threads: int = 1, backoff_ms: int = 1) -> CommandWorker:
        dramatiq_broker = CommandBroker(url, topology)
        handle(
            dramatiq_broker,
            GenerateReport,
            handler,
            queue=QUEUE,
            max_retries=0,
            min_backoff_ms=backoff_ms,
            max_backoff_ms=backoff_ms * 100,
        )
        worker = CommandWorker(dramatiq_broker, {QUEUE: threads})
        run(worker)
        return worker

    return work


def ask(broker: Broker, *requests: GenerateReport) -> None:
    """Put commands into the queue, as the relay would."""
    for command in requests:
        parcel = pack(command, message_id=str(command.report_id), now=command.requested_at)
        broker.publish("pressroom.work", QUEUE, parcel.body, message_id=parcel.message_id)


def headers(dead: Any) -> dict[str, Any]:
    found: dict[str, Any] = dead.headers
    return found


class Gate:
    """A handler that says what it works on and waits to be let through."""

    def __init__(self) -> None:
        self.begun: list[GenerateReport] = []
        self.done: list[GenerateReport] = []
        self._free: list[GenerateReport] = []
        self._open = False
        self._changed = threading.Condition()

    def __call__(self, command: GenerateReport, _attempt: Attempt) -> None:
        self.begun.append(command)
        with self._changed:
            assert self._changed.wait_for(lambda: self._open or command in self._free, timeout=60)
        self.done.append(command)

    def let(self, command: GenerateReport) -> None:
        """Let this command through."""
        with self._changed:
            self._free.append(command)
            self._changed.notify_all()

    def open(self) -> None:
        """Let everybody through, from now on."""
        with self._changed:
            self._open = True
            self._changed.notify_all()


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open()


def test_a_retry_comes_after_its_pause_into_the_same_queue(work: Work, broker: Broker) -> None:
    seen: list[tuple[int, int, float, str]] = []

    def handler(_command: GenerateReport, attempt: Attempt) -> None:
        message = CurrentMessage.get_current_message()
        assert message is not None
        seen.append((attempt.number, attempt.limit, time.monotonic(), message.queue_name))
        if not attempt.is_last:
            raise TransientFailure("The database does not answer.")

    ask(broker, order(max_retries=2))
    work(handler, backoff_ms=400)
    soon(lambda: len(seen) == 3)
    assert [(number, limit, queue) for number, limit, _, queue in seen] == [(n, 3, QUEUE) for n in (1, 2, 3)]
    pauses = [after[2] - before[2] for before, after in pairwise(seen)]
    assert pauses[0] >= 0.2, "half of the backoff at least; the other half is jitter"
    assert pauses[1] >= 0.4, "and twice as long the next time"
    soon(lambda: broker.ready(QUEUE) == 0)
    assert broker.ready(DEAD) == 0


def test_a_permanent_failure_is_a_dead_letter_at_once_and_says_why(work: Work, broker: Broker) -> None:
    tries: list[int] = []

    def handler(_command: GenerateReport, attempt: Attempt) -> None:
        tries.append(attempt.number)
        raise PermanentFailure("The table sales does not exist.")

    command = order(max_retries=3)
    ask(broker, command)
    work(handler)
    soon(lambda: broker.ready(DEAD) == 1)
    dead = broker.take(DEAD)
    told = headers(dead)
    assert tries == [1]
    assert (told["x-exception"], told["x-reason"]) == ("PermanentFailure", "The table sales does not exist.")
    assert (told["x-attempts"], told["x-source-queue"]) == (1, QUEUE)
    assert 'raise PermanentFailure("The table sales does not exist.")' in told["x-traceback"]
    assert dead.properties["message_id"] == str(command.report_id)
    assert json.loads(dead.body)["kwargs"]["report_id"] == str(command.report_id)


def test_the_last_attempt_is_a_dead_letter_with_the_cause_of_the_last_failure(work: Work, broker: Broker) -> None:
    def handler(_command: GenerateReport, attempt: Attempt) -> None:
        raise TransientFailure(f"The database does not answer ({attempt.number}).")

    ask(broker, order(max_retries=2))
    work(handler)
    soon(lambda: broker.ready(DEAD) == 1)
    told = headers(broker.take(DEAD))
    assert (told["x-exception"], told["x-reason"]) == ("TransientFailure", "The database does not answer (3).")
    assert told["x-attempts"] == 3


def test_somebody_elses_work_is_put_back_without_using_up_an_attempt(work: Work, broker: Broker) -> None:
    seen: list[int] = []

    def handler(_command: GenerateReport, attempt: Attempt) -> None:
        seen.append(attempt.number)
        if len(seen) < 4:
            raise NotYet(0.01, "another generator is at work on this report")

    ask(broker, order(max_retries=1))
    work(handler)
    soon(lambda: len(seen) == 4)
    assert seen == [1, 1, 1, 1]
    assert broker.ready(DEAD) == 0


def letter(**changes: Any) -> bytes:
    """A command as dramatiq writes it, with something wrong."""
    right = {"queue_name": QUEUE, "actor_name": "generate_report.v1", "args": [], "kwargs": {}, "options": {}}
    return json.dumps({**right, "message_id": "1", "message_timestamp": 1, **changes}).encode()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"no json", None),
        (b"[]", None),
        (b'{"queue_name": "reports.normal", "args": []}', None),
        (letter(kwargs=[], options=None), None),
        (letter(actor_name="print_report.v1"), "print_report.v1"),
        (letter(), "The command generate_report.v1 cannot be read: Object missing required field `report_id`."),
    ],
    ids=["no JSON", "no object", "incomplete", "wrong types", "unknown actor", "wrong fields"],
)
def test_what_is_no_command_is_a_dead_letter_and_harms_nobody(
    work: Work, broker: Broker, body: bytes, reason: str | None
) -> None:
    done: list[GenerateReport] = []
    command = order()
    broker.publish("pressroom.work", QUEUE, body)
    ask(broker, command)
    worker = work(lambda command, _attempt: done.append(command))
    soon(lambda: broker.ready(DEAD) == 1 and done == [command])
    assert worker.alive()
    dead = broker.take(DEAD)
    if reason is None:
        assert dead.body == body
        assert headers(dead)["x-death"][0]["reason"] == "rejected"
    else:
        assert headers(dead)["x-reason"] == reason


def test_a_command_that_names_another_queue_does_not_end_the_worker(work: Work, broker: Broker) -> None:
    stray, next_one = order("low"), order("normal")
    done: list[GenerateReport] = []
    ask(broker, stray, next_one)  # the body of the first says reports.low
    worker = work(lambda command, _attempt: done.append(command))
    soon(lambda: done == [stray, next_one])
    assert worker.alive()
    soon(lambda: broker.ready(QUEUE) == 0)


def test_an_asynchronous_handler_keeps_the_same_promises(work: Work, broker: Broker) -> None:
    seen: list[int] = []

    async def handler(_command: GenerateReport, attempt: Attempt) -> None:
        await asyncio.sleep(0.01)
        seen.append(attempt.number)
        raise TransientFailure("451 Greylisted")

    ask(broker, order(max_retries=1))
    work(handler)
    soon(lambda: broker.ready(DEAD) == 1)
    assert seen == [1, 2]
    assert headers(broker.take(DEAD))["x-reason"] == "451 Greylisted"


def test_asynchronous_handlers_run_beside_each_other(work: Work, broker: Broker) -> None:
    together = 0
    most = 0

    async def handler(_command: GenerateReport, _attempt: Attempt) -> None:
        nonlocal together, most
        together += 1
        most = max(most, together)
        while most < 4:
            await asyncio.sleep(0.01)
        together -= 1

    ask(broker, *(order() for _ in range(4)))
    work(handler, threads=4)
    soon(lambda: most == 4)


def test_a_lane_takes_no_more_than_it_has_hands(work: Work, broker: Broker, gate: Gate) -> None:
    ask(broker, *(order() for _ in range(5)))
    work(gate, threads=2)
    soon(lambda: len(gate.begun) == 2)
    assert broker.ready(QUEUE) == 3, "another process can take these"


def test_an_old_acknowledgement_settles_nobody_elses_message(
    work: Work, wire: Wire, broker: Broker, gate: Gate
) -> None:
    """The delivery tags of a new connection start again at 1: stock dramatiq would lose the second command here."""
    first, second, third = order(), order(), order()
    worker = work(gate, url=wire.url)
    ask(broker, first)
    soon(lambda: gate.begun == [first])
    wire.cut()
    soon(lambda: broker.ready(QUEUE) == 1)
    broker.take(QUEUE)  # somebody else has done it meanwhile
    wire.mend()
    soon(lambda: broker.consumers(QUEUE) == 1, "the worker listens again")
    ask(broker, second)
    [lane] = worker._lanes
    soon(lambda: lane.work_queue.qsize() == 1, "the worker has the second command, under the tag of the first")
    gate.let(first)
    soon(lambda: gate.begun == [first, second], "the first has been acknowledged, to no effect")
    ask(broker, third)
    soon(lambda: broker.ready(QUEUE) == 1, "the worker's one hand still holds the second")
    wire.cut()
    soon(lambda: broker.ready(QUEUE) == 2, "the second command was not done and is still there")


def test_a_connection_cut_in_mid_job_may_do_it_twice_but_loses_nothing(
    work: Work, wire: Wire, broker: Broker, gate: Gate
) -> None:
    first, second = order(), order()
    work(gate, url=wire.url)
    ask(broker, first, second)
    soon(lambda: gate.begun == [first])
    wire.cut()
    gate.open()
    soon(lambda: gate.done == [first])
    wire.mend()
    soon(lambda: len(gate.done) == 3 and broker.ready(QUEUE) == 0)
    assert gate.done in ([first, first, second], [first, second, first])
    wire.cut()
    soon(lambda: broker.consumers(QUEUE) == 0)
    assert broker.ready(QUEUE) == 0, "everything has been acknowledged"


def test_stopping_finishes_what_is_in_hand(work: Work, broker: Broker, gate: Gate) -> None:
    first, second = order(), order()
    ask(broker, first, second)
    worker = work(gate)
    soon(lambda: gate.begun == [first])
    stopping = threading.Thread(target=worker.stop, args=(20,))
    stopping.start()
    [hand] = worker._lanes[0].workers
    soon(lambda: not hand.running)
    gate.open()
    stopping.join()
    assert gate.done == [first]
    soon(lambda: broker.ready(QUEUE) == 1, "the second one was not begun")


def test_stopping_gives_back_what_takes_too_long(work: Work, broker: Broker, gate: Gate) -> None:
    ask(broker, order(), order())
    worker = work(gate)
    soon(lambda: len(gate.begun) == 1)
    started = time.monotonic()
    worker.stop(0.5)
    assert time.monotonic() - started < 4
    soon(lambda: broker.ready(QUEUE) == 2)


def test_stopping_is_quick_while_the_broker_is_away(work: Work, wire: Wire, broker: Broker) -> None:
    worker = work(lambda _command, _attempt: None, url=wire.url)
    soon(lambda: broker.consumers(QUEUE) == 1)
    wire.cut()
    soon(lambda: broker.consumers(QUEUE) == 0)
    started = time.monotonic()
    worker.stop(10)
    assert time.monotonic() - started < 3


def test_a_retry_that_cannot_be_published_becomes_a_dead_letter(
    work: Work, broker_node: PrivateBroker, topology: Topology, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stock dramatiq would acknowledge the command and forget it."""
    monkeypatch.setattr(commands, "PUBLISH_ATTEMPTS", 2)
    url = broker_node.new_vhost()
    broker = Broker(url)
    topology.declare(broker._channel)
    vhost = url.rpartition("/")[2]
    full = json.dumps({"max-length": 1, "overflow": "reject-publish"})
    broker_node.control("set_policy", "--vhost", vhost, "--apply-to", "queues", "full", r"^pressroom\.wait\.", full)
    for _ in range(3):  # one more than the queue may hold, and one that tells the broker so
        broker.publish("pressroom.wait.10s", "reports.low", b"")
    soon(lambda: broker.ready("pressroom.wait.10s") >= 1)

    def handler(_command: GenerateReport, _attempt: Attempt) -> None:
        raise TransientFailure("The database does not answer.")

    ask(broker, order(max_retries=3))
    work(handler, url=url)
    soon(lambda: broker.ready(DEAD) == 1)
    told = headers(broker.take(DEAD))
    assert (told["x-reason"], told["x-attempts"]) == ("The database does not answer.", 1)
    broker.close()
