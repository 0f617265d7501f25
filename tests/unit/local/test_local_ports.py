from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from libs.local.ports import LOOPBACK, RANGE, choose, free_port, is_free, is_open

OUTGOING = Path("/proc/sys/net/ipv4/ip_local_port_range")


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    return tmp_path / "ports.json"


@pytest.fixture
def somebody_else() -> Iterator[socket.socket]:
    with socket.create_server((LOOPBACK, free_port())) as server:
        yield server


def port_of(server: socket.socket) -> int:
    return server.getsockname()[1]


def test_a_port_is_remembered(memory):
    assert choose(["API", "BROKER"], memory) == choose(["API", "BROKER"], memory)


def test_a_remembered_port_that_somebody_took_is_chosen_again(memory, somebody_else):
    memory.write_text(json.dumps({"API": port_of(somebody_else)}))
    chosen = choose(["API"], memory)["API"]
    assert chosen != port_of(somebody_else)
    assert json.loads(memory.read_text())["API"] == chosen


def test_a_preferred_port_is_taken_if_it_is_free(memory):
    wish = free_port()
    assert choose(["API"], memory, {"API": wish}) == {"API": wish}


def test_a_preferred_port_that_somebody_has_is_not_insisted_on(memory, somebody_else):
    assert choose(["API"], memory, {"API": port_of(somebody_else)})["API"] != port_of(somebody_else)


def test_the_port_of_last_time_goes_before_the_preferred_one(memory):
    first = choose(["API"], memory)
    assert choose(["API"], memory, {"API": free_port(taken=first.values())}) == first


def test_two_names_never_share_a_port(memory):
    wish = free_port()
    ports = choose(["A", "B", "C"], memory, {"A": wish, "B": wish, "C": wish})
    assert len(set(ports.values())) == 3


@pytest.mark.parametrize("spoilt", ["", "{", "[1]", '{"API": "eight"}', '{"API": null}'])
def test_a_spoilt_memory_is_as_good_as_none(memory, spoilt):
    memory.write_text(spoilt)
    assert choose(["API"], memory)["API"] in RANGE


def test_a_port_that_is_not_wanted_this_time_stays_remembered(memory):
    both = choose(["API", "MAIL"], memory)
    choose(["API"], memory)
    assert choose(["API", "MAIL"], memory) == both


def test_a_port_with_a_listener_is_open_and_not_free(somebody_else):
    assert is_open(port_of(somebody_else))
    assert not is_free(port_of(somebody_else))


def test_a_port_is_free_right_after_its_server_has_gone():
    with socket.create_server((LOOPBACK, free_port())) as server:
        port = port_of(server)
        with socket.create_connection((LOOPBACK, port)):
            server.accept()[0].close()  # the server's end closes first and lingers in TIME_WAIT
    assert is_free(port)


@pytest.mark.skipif(not OUTGOING.exists(), reason="this system does not say from where it takes outgoing ports")
def test_ports_are_not_those_of_outgoing_connections():
    first, _ = (int(port) for port in OUTGOING.read_text().split())
    if first < RANGE.stop:
        pytest.skip(f"this system uses {first} and above for outgoing connections")
    assert free_port() < first
