"""A private RabbitMQ beside another one that already runs."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import amqp
import pytest
from kombu import Connection

from libs.local.ports import is_open
from libs.local.private_broker import PrivateBroker
from libs.local.processes import PROC
from libs.local.waiting import wait_until

LOOPBACK = "0100007F"  # as /proc/net/tcp writes 127.0.0.1
LISTENS = "0A"


@pytest.fixture
def odd_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "somebody's “reports” #1" / ("long " * 20)
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def settings_of_another_rabbitmq(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"NODENAME": "rabbit@elsewhere", "MNESIA_BASE": "/nowhere", "CONFIG_FILE": "/nowhere/x"}.items():
        monkeypatch.setenv(f"RABBITMQ_{name}", value)
    monkeypatch.setenv("ERL_EPMD_PORT", "1")


@pytest.fixture
def other(odd_folder: Path, settings_of_another_rabbitmq: None) -> Iterator[PrivateBroker]:
    """A second node, under circumstances that must not matter to it."""
    broker = PrivateBroker(odd_folder)
    broker.start()
    yield broker
    broker.close()


def declare(url: str, queue: str, kind: str = "quorum") -> None:
    with Connection(url) as connection:
        connection.channel().queue_declare(queue, durable=True, auto_delete=False, arguments={"x-queue-type": kind})


def publish(url: str, queue: str, body: str) -> None:
    with Connection(url, transport_options={"confirm_publish": True}) as connection:
        connection.Producer(routing_key=queue, serializer="raw").publish(body, delivery_mode=2)


def depth(url: str, queue: str) -> int:
    with Connection(url) as connection:
        return connection.channel().queue_declare(queue, passive=True).message_count


def wait_for_depth(expected: int, url: str, queue: str) -> None:
    # A quorum queue counts its messages a moment after it has them.
    wait_until(lambda: depth(url, queue) == expected, 20, lambda: f"{queue} holds {depth(url, queue)} messages")


def wait_until_written_down(broker: PrivateBroker, url: str, queue: str) -> None:
    # Until half a second after a quorum queue was declared, RabbitMQ before 3.13.3 forgets it when it is killed, and
    # all that it holds (rabbitmq/ra#443).
    name = f"{url.rpartition('/')[2]}_{queue}".encode()
    files = list(broker.node.folder.glob("data/*/quorum/*/names.dets"))
    wait_until(lambda: any(name in file.read_bytes() for file in files), 10, lambda: f"{name!r} is not in {files}")


def processes_of(broker: PrivateBroker) -> list[int]:
    """Everything that runs with this node's files."""
    home = f"HOME={broker.node.folder}/home".encode()
    found = []
    for entry in PROC.iterdir():
        try:
            if entry.name.isdecimal() and home in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def test_two_nodes_live_beside_each_other_and_one_stops_without_the_other(broker_node, other):
    urls = [broker_node.new_vhost(), other.new_vhost()]
    for url in urls:
        declare(url, "letters")
    other_processes = processes_of(other)
    broker_node.stop()
    assert processes_of(other) == other_processes
    publish(urls[1], "letters", "still here")
    wait_for_depth(1, urls[1], "letters")


@pytest.mark.parametrize("interrupt", ["stop", "kill"])
def test_a_confirmed_message_survives_the_end_of_the_node(broker_node, interrupt):
    url = broker_node.new_vhost()
    for kind in ("quorum", "classic"):
        declare(url, kind, kind)
        publish(url, kind, "dear reader")
    wait_until_written_down(broker_node, url, "quorum")
    getattr(broker_node, interrupt)()
    broker_node.start()
    for queue in ("quorum", "classic"):
        wait_for_depth(1, url, queue)


@pytest.mark.skipif(not PROC.is_dir(), reason="processes are found in /proc")
def test_no_process_is_left_behind(other):
    assert len(processes_of(other)) >= 3  # epmd, the node and its helper for child processes
    other.close()
    assert processes_of(other) == []
    assert not is_open(other.node.ports.epmd)


@pytest.mark.skipif(not PROC.is_dir(), reason="processes are found in /proc")
def test_a_killed_node_leaves_no_helpers_behind(broker_node):
    broker_node.kill()
    assert [pid for pid in processes_of(broker_node) if pid != broker_node._epmd.pid] == []


@pytest.mark.skipif(not PROC.is_dir(), reason="sockets are listed in /proc")
def test_a_node_listens_on_the_loopback_interface_only(broker_node):
    ports = broker_node.node.ports
    listening = {}
    for line in (PROC / "net" / "tcp").read_text().splitlines()[1:]:
        _, local, _, state, *_ = line.split()
        address, port = local.split(":")
        if state == LISTENS:
            listening[int(port, 16)] = address
    assert {listening[port] for port in (ports.amqp, ports.distribution, ports.epmd)} == {LOOPBACK}


def test_a_stranger_cannot_log_in(broker_node):
    host = f"127.0.0.1:{broker_node.node.ports.amqp}"
    for user, password in (("guest", "guest"), (broker_node.node.user, "wrong")):
        with pytest.raises(amqp.AccessRefused), amqp.Connection(host, user, password, connect_timeout=5):
            pass


def test_one_vhost_sees_nothing_of_another(broker_node):
    one, two = broker_node.new_vhost(), broker_node.new_vhost()
    declare(one, "letters")
    with pytest.raises(amqp.NotFound):
        depth(two, "letters")


def test_there_are_as_many_vhosts_as_tests_ask_for_and_a_restart_keeps_them(broker_node):
    urls = [broker_node.new_vhost() for _ in range(10)]
    assert len(set(urls)) == 10
    declare(urls[-1], "letters")
    broker_node.restart()
    assert depth(urls[-1], "letters") == 0


def test_a_vhost_that_does_not_exist_is_refused(broker_node):
    with pytest.raises((amqp.NotAllowed, OSError)):
        declare(broker_node.node.url("nowhere"), "letters")


def test_ctrl_c_in_the_terminal_is_not_for_the_node(broker_node):
    url = broker_node.new_vhost()
    os.kill(broker_node.pid, signal.SIGINT)
    declare(url, "letters")
    assert broker_node.running()


def test_a_node_whose_very_first_start_was_interrupted_begins_afresh(tmp_path):
    broker = PrivateBroker(tmp_path, vhosts=1)
    tables = broker.node.folder / "data"
    try:
        broker.begin_to_start()
        wait_until(lambda: any(tables.glob("*/*.DCD")), 60, lambda: "no table was made", every_seconds=0.001)
        broker.kill()
        assert not any(tables.glob("*/msg_stores/vhosts/*"))
        broker.start()
        declare(broker.new_vhost(), "letters")
    finally:
        broker.close()
