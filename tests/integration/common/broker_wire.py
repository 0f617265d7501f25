"""A wire to a server that can be cut, left dangling and mended, so that a test decides when the network fails."""

from __future__ import annotations

import contextlib
import socket
import threading
from urllib.parse import urlsplit, urlunsplit


class Wire:
    """Carries bytes between a port of its own and the server of `url`; `url` of the wire leads to the same server."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        self._server = (parts.hostname, parts.port)
        self._ends: list[socket.socket] = []
        self._flows = threading.Event()
        self._flows.set()
        self._lock = threading.Lock()
        self._entrance = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._entrance.getsockname()[1])
        login = parts.netloc.rpartition("@")[0]
        self.url = urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{self.port}"))
        self._listen(self._entrance)

    def cut(self) -> None:
        """Break all connections, and refuse new ones until `mend`."""
        # Without the shutdown, the thread that waits in accept would take one more.
        with contextlib.suppress(OSError):
            self._entrance.shutdown(socket.SHUT_RDWR)
        self._entrance.close()
        self.drop()

    def drop(self) -> None:
        """Break all connections; new ones are welcome."""
        with self._lock:
            ends, self._ends = self._ends, []
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._flows.set()

    def mend(self) -> None:
        """Take new connections again."""
        self._entrance = socket.create_server(("127.0.0.1", self.port))
        self._listen(self._entrance)

    def hold(self) -> None:
        """Keep the connections but carry nothing, like a firewall that has forgotten them."""
        self._flows.clear()

    def _listen(self, entrance: socket.socket) -> None:
        threading.Thread(target=self._accept, args=(entrance,), daemon=True).start()

    def _accept(self, entrance: socket.socket) -> None:
        while True:
            try:
                client, _ = entrance.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._server)
            except OSError:
                client.close()
                continue
            with self._lock:
                self._ends += [client, server]
            for source, target in ((client, server), (server, client)):
                threading.Thread(target=self._carry, args=(source, target), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._flows.wait()
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
