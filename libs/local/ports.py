"""Free ports on the loopback interface, chosen once per instance and remembered."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from libs.common.errors import TransientFailure
from libs.local.files import write

LOOPBACK = "127.0.0.1"

# Below the range from which operating systems take the local ports of outgoing connections: there, a client
# that keeps trying a server which is down can end up connected to itself, and then the server cannot come back.
RANGE = range(20_000, 30_000)
TRIES = 200


def choose(names: Iterable[str], memory: Path, preferred: Mapping[str, int] = MappingProxyType({})) -> dict[str, int]:
    """A port for each name, remembered in `memory`, a JSON file.

    The one from last time if nobody took it meanwhile, else the preferred one, else any that is free.
    """
    remembered = _read(memory)
    ports: dict[str, int] = {}
    for name in names:
        wishes = (remembered.get(name), preferred.get(name))
        granted = (port for port in wishes if port and port not in ports.values() and is_free(port))
        ports[name] = next(granted, 0) or free_port(taken={*ports.values(), *remembered.values()})
    write(memory, json.dumps(remembered | ports, indent=2, sort_keys=True) + "\n")
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


def is_open(port: int, host: str = LOOPBACK) -> bool:
    """Whether somebody answers on `port` of this machine."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def _read(memory: Path) -> dict[str, int]:
    try:
        ports = json.loads(memory.read_text())
        return {str(name): int(port) for name, port in ports.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}  # never written, or spoilt: choosing again is always right
