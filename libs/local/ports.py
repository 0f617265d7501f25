"""Free ports on the loopback interface, chosen once per instance and remembered."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Iterable
from pathlib import Path

from libs.common.errors import TransientFailure

LOOPBACK = "127.0.0.1"

# Below the range from which operating systems take the local ports of outgoing connections: there, a client
# that keeps trying a server which is down can end up connected to itself, and then the server cannot come back.
RANGE = range(20_000, 30_000)
TRIES = 200


def choose(names: Iterable[str], memory: Path) -> dict[str, int]:
    """A port for each name: the one in `memory` (a JSON file) if nobody took it meanwhile, else a new one, remembered."""
    remembered = _read(memory)
    ports: dict[str, int] = {}
    for name in names:
        port = remembered.get(name)
        if port is None or port in ports.values() or not is_free(port):
            port = free_port(taken={*ports.values(), *remembered.values()})
        ports[name] = port
    _write(memory, remembered | ports)
    return ports


def free_port(taken: Iterable[int] = ()) -> int:
    """A port on which nobody listens at this moment and which is not among `taken`."""
    avoided = set(taken)
    for port in random.sample(RANGE, TRIES):
        if port not in avoided and is_free(port):
            return port
    raise TransientFailure(f"No free port was found between {RANGE.start} and {RANGE.stop - 1} on {LOOPBACK}.")


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` of the loopback interface."""
    with socket.socket() as probe:
        # As servers do: a port whose last connections are still winding down is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return not is_open(port)


def is_open(port: int) -> bool:
    """Whether somebody answers on `port` of the loopback interface."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0


def _read(memory: Path) -> dict[str, int]:
    try:
        ports = json.loads(memory.read_text())
        return {str(name): int(port) for name, port in ports.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}  # never written, or spoilt: choosing again is always right


def _write(memory: Path, ports: dict[str, int]) -> None:
    memory.write_text(json.dumps(ports, indent=2, sort_keys=True) + "\n")
