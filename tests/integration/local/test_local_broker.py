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

LOOPBACK = "0100007F"  # as /proc/net/tcp writes 127.0.0.1
LISTENS = "0A"


@pytest.fixture
def odd_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "somebody's “reports” #1" / ("long " * 20)
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def other(odd_folder: Path) -> Iterator[PrivateBroker]:
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
    assert depth(urls[1], "letters") == 1


@pytest.mark.parametrize("kind", ["quorum", "classic"])
def test_a_confirmed_message_survives_a_restart(broker_node, kind):
    url = broker_node.new_vhost()
    declare(url, "letters", kind)
    publish(url, "letters", "dear reader")
    broker_node.restart()
    assert depth(url, "letters") == 1


@pytest.mark.parametrize("kind", ["quorum", "classic"])
def test_a_confirmed_message_survives_the_death_of_the_node(broker_node, kind):
    url = broker_node.new_vhost()
    declare(url, "letters", kind)
    publish(url, "letters", "dear reader")
    broker_node.kill()
    broker_node.start()
    assert depth(url, "letters") == 1


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


def test_there_are_as_many_vhosts_as_tests_ask_for(broker_node):
    urls = {broker_node.new_vhost() for _ in range(45)}
    assert len(urls) == 45
    declare(max(urls), "letters")


def test_vhosts_that_were_added_later_survive_a_restart(broker_node):
    urls = [broker_node.new_vhost() for _ in range(45)]
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


def test_settings_of_another_rabbitmq_in_the_environment_change_nothing(monkeypatch, tmp_path):
    for name, value in {"NODENAME": "rabbit@elsewhere", "MNESIA_BASE": "/nowhere", "CONFIG_FILE": "/nowhere/x"}.items():
        monkeypatch.setenv(f"RABBITMQ_{name}", value)
    monkeypatch.setenv("ERL_EPMD_PORT", "1")
    broker = PrivateBroker(tmp_path)
    try:
        broker.start()
        declare(broker.url, "letters")
    finally:
        broker.close()
