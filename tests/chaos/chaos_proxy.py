"""A TCP proxy between a service and what it talks to: it cuts, swallows and delays what passes."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from libs.local.ports import LOOPBACK, free_port

_CHUNK = 65_536


class Proxy:
    """Listens on a free port and passes everything on to `target_port`, until told otherwise. Thread-safe."""

    def __init__(self, target_port: int) -> None:
        self.port = free_port()
        self._target_port = target_port
        self._loop = asyncio.new_event_loop()
        self._pipes: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._passing = asyncio.Event()
        self._passing.set()
        self._swallowing = False
        self._delay_seconds = 0.0
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    def start(self) -> None:
        """Listen, and return when a client can connect."""
        self._thread.start()
        self._do(asyncio.start_server(self._serve, LOOPBACK, self.port))

    def close(self) -> None:
        """Cut everything and end."""
        self.reset()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def reset(self) -> None:
        """Cut every connection with a reset, as a firewall does that forgot them."""
        self._do(self._reset())

    def swallow(self, on: bool) -> None:
        """Let bytes vanish without a word while `on`: nobody learns that the connection is dead."""
        self._swallowing = on

    def delay(self, seconds: float) -> None:
        """Every piece of data takes so much longer from now on."""
        self._delay_seconds = seconds

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection(LOOPBACK, self._target_port)
        except OSError:
            writer.close()
            return
        self._writers |= {writer, back}
        pipes = [asyncio.ensure_future(self._pipe(reader, back)), asyncio.ensure_future(self._pipe(there, writer))]
        self._pipes.update(pipes)
        await asyncio.wait(pipes, return_when=asyncio.FIRST_COMPLETED)
        for pipe in pipes:
            pipe.cancel()
            self._pipes.discard(pipe)
        for end in (writer, back):
            self._writers.discard(end)
            end.close()

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(_CHUNK):
                if self._delay_seconds:
                    await asyncio.sleep(self._delay_seconds)
                if not self._swallowing:
                    writer.write(data)
                    await writer.drain()

    async def _reset(self) -> None:
        for writer in list(self._writers):
            end: Any = writer.get_extra_info("socket")
            if end is not None:
                with suppress(OSError):
                    # Linger with no time: the kernel sends RST instead of FIN.
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            writer.transport.abort()

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)
