"""What breaks, each by a name of its own. A fault begins, holds for a while and is over when its function returns."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

import amqp
from chaos_world import SERVICES, Chaos

from libs.common.connection import open_connection
from libs.common.topology import EVENTS, WORK, dead_queue

Fault = Callable[[Chaos, random.Random], None]


def _kill(name: str) -> Fault:
    return lambda chaos, rng: chaos.services[name].kill()


def _suspend(name: str) -> Fault:
    def fault(chaos: Chaos, rng: random.Random) -> None:
        service = chaos.services[name]
        service.suspend()
        time.sleep(rng.uniform(2, 5))
        service.resume()

    return fault


def _terminate(name: str) -> Fault:
    return lambda chaos, rng: chaos.services[name].terminate()


def _kill_children(chaos: Chaos, rng: random.Random) -> None:
    """Every process that renders dies at once, as when memory runs out."""
    listed = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True)
    for line in listed.stdout.splitlines():
        pid, _, arguments = line.split(maxsplit=2)
        if "forkserver" in arguments and _is_of(int(pid), str(chaos.folder)):
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)


def _is_of(pid: int, folder: str) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:  # noqa: PTH123 - /proc is no folder of ours
            return folder.encode() in file.read()
    except OSError:
        return False


def _broker_stopped(chaos: Chaos, rng: random.Random) -> None:
    chaos.broker.stop()
    time.sleep(rng.uniform(0, 3))
    chaos.broker.start()


def _broker_killed(chaos: Chaos, rng: random.Random) -> None:
    chaos.broker.kill()
    time.sleep(rng.uniform(0, 2))
    chaos.broker.start()


def _broker_alarm(chaos: Chaos, rng: random.Random) -> None:
    """The broker holds back everybody who publishes, as it does when its memory is short."""
    chaos.broker.control("set_vm_memory_high_watermark", "0.000001")
    time.sleep(rng.uniform(3, 6))
    chaos.broker.control("set_vm_memory_high_watermark", "0.6")


def _connections_reset(chaos: Chaos, rng: random.Random) -> None:
    for _ in range(3):
        chaos.to_broker.reset()
        time.sleep(rng.uniform(0.1, 1))


def _black_hole(chaos: Chaos, rng: random.Random) -> None:
    """What is sent to the broker vanishes, and so do its answers; then the connections are cut."""
    chaos.to_broker.swallow(True)
    time.sleep(rng.uniform(2, 5))
    chaos.to_broker.swallow(False)
    chaos.to_broker.reset()


def _slow_network(chaos: Chaos, rng: random.Random) -> None:
    chaos.to_broker.delay(0.05)
    time.sleep(rng.uniform(3, 6))
    chaos.to_broker.delay(0)


def _queue_deleted(chaos: Chaos, rng: random.Random) -> None:
    """An empty queue and a dead-letter queue are gone, as by an operator's mistake."""
    with open_connection(chaos.broker_url) as connection:
        channel = connection.default_channel
        for queue in ("reports.high", dead_queue("mail.normal"), dead_queue("reports.normal")):
            with suppress(amqp.exceptions.AMQPError):
                channel.queue_delete(queue, if_empty=True)


def _postgres_restarted(chaos: Chaos, rng: random.Random) -> None:
    if chaos.postgres is not None:
        chaos.postgres.stop()
        time.sleep(rng.uniform(0, 3))
        chaos.postgres.start_again()


def _ledger_locked(chaos: Chaos, rng: random.Random) -> None:
    """Somebody else holds the mailer's store, such as a backup or a person with a shell."""
    path = chaos.ledger()
    if path is None:
        return
    connection = sqlite3.connect(path, timeout=60, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        time.sleep(rng.uniform(4, 8))
        connection.execute("ROLLBACK")
    finally:
        connection.close()


def _artifacts_away(chaos: Chaos, rng: random.Random) -> None:
    """The folder of files cannot be written: something else has its name."""
    away = chaos.artifacts.with_name("artifacts-away")
    chaos.artifacts.rename(away)
    chaos.artifacts.touch()
    time.sleep(rng.uniform(1, 3))
    chaos.artifacts.unlink()
    away.rename(chaos.artifacts)


def _mail_server_away(chaos: Chaos, rng: random.Random) -> None:
    chaos.sink.stop()
    time.sleep(rng.uniform(2, 5))
    chaos.sink.start()


def _mail_server_cuts(chaos: Chaos, rng: random.Random) -> None:
    """Connections break at every step of a letter, after the final dot too: nobody can know about those."""
    for step in ("connect", "rcpt", "data", "body", "dot", "kept"):
        chaos.sink.faults.drop(step, times=2)  # type: ignore[arg-type]
    chaos.sink.faults.refuse("451 4.7.1 Greylisted", times=5)
    time.sleep(rng.uniform(2, 4))
    chaos.sink.faults.clear()


def _everything_twice(chaos: Chaos, rng: random.Random) -> None:
    """Commands and events arrive once more, late and in another order."""
    with open_connection(chaos.broker_url) as connection:
        channel = connection.default_channel
        name = channel.queue_declare(exclusive=True).queue
        for queue in ("reports.urgent", "reports.normal", "reports.low", "mail.urgent", "mail.normal"):
            channel.queue_bind(name, WORK, queue)
        channel.queue_bind(name, EVENTS, "#")
        time.sleep(rng.uniform(2, 4))
        copies = []
        while (message := channel.basic_get(name, no_ack=True)) is not None:
            copies.append(message)
        rng.shuffle(copies)
        for message in copies[:200]:
            again = amqp.Message(message.body, **message.properties)
            channel.basic_publish(again, message.delivery_info["exchange"], message.delivery_info["routing_key"])


FAULTS: Mapping[str, Fault] = {
    **{f"kill -9 the {name}": _kill(name) for name in SERVICES},
    **{f"suspend the {name}": _suspend(name) for name in SERVICES},
    **{f"restart the {name}": _terminate(name) for name in SERVICES},
    "kill -9 all that renders": _kill_children,
    "the broker is stopped": _broker_stopped,
    "kill -9 the broker": _broker_killed,
    "the broker's memory is short": _broker_alarm,
    "connections to the broker are reset": _connections_reset,
    "the broker is behind a black hole": _black_hole,
    "the network is slow": _slow_network,
    "queues are deleted": _queue_deleted,
    "PostgreSQL is restarted": _postgres_restarted,
    "the ledger is locked": _ledger_locked,
    "the artifact folder is away": _artifacts_away,
    "the mail server is away": _mail_server_away,
    "the mail server cuts connections": _mail_server_cuts,
    "everything comes twice": _everything_twice,
}
