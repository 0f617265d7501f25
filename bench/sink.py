"""A mail server that only counts: `python -m bench.sink --port PORT`. For each letter a line: when, and its Message-ID.

The mail sink of the tests keeps letters and can be told to fail; this one costs so little that it measures nothing
but the mailer.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import time

_MESSAGE_ID = re.compile(rb"^message-id:\s*<?([^>\r\n]*)", re.IGNORECASE | re.MULTILINE)
_END = b"\r\n.\r\n"
_GREETING = b"220 sink\r\n"
_EHLO = b"250-sink\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-PIPELINING\r\n250 SIZE 67108864\r\n"
_OK = b"250 OK\r\n"
_GO_ON = b"354 Go on\r\n"
_BYE = b"221 Bye\r\n"


class Conversation(asyncio.Protocol):
    """One client: commands until DATA, then a letter until the dot."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._commands = b""
        self._letter: bytearray | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(_GREETING)

    def data_received(self, data: bytes) -> None:
        while data:
            data = self._take_command(data) if self._letter is None else self._take_content(data)

    def _take_command(self, data: bytes) -> bytes:
        line, end, rest = (self._commands + data).partition(b"\r\n")
        if not end:
            self._commands = line
            return b""
        self._commands = b""
        self._answer(line)
        return rest

    def _take_content(self, data: bytes) -> bytes:
        assert self._letter is not None
        # The end may be cut in two: look again at the last few bytes of before.
        start = max(0, len(self._letter) - len(_END))
        self._letter += data
        found = self._letter.find(_END, start)
        if found < 0:
            return b""
        rest = bytes(self._letter[found + len(_END) :])
        said = _MESSAGE_ID.search(self._letter, 0, 8_192)
        sys.stdout.write(f"{time.monotonic():.6f} {said[1].decode() if said else '-'} {found}\n")
        sys.stdout.flush()
        self._letter = None
        self._write(_OK)
        return rest

    def _answer(self, line: bytes) -> None:
        verb = line[:4].upper()
        if verb in (b"EHLO", b"HELO"):
            self._write(_EHLO)
        elif verb == b"DATA":
            self._letter = bytearray(b"\r\n")  # so that a letter without a line ends like any other
            self._write(_GO_ON)
        elif verb == b"QUIT":
            self._write(_BYE)
            if self._transport is not None:
                self._transport.close()
        else:
            self._write(_OK)

    def _write(self, answer: bytes) -> None:
        if self._transport is not None:
            self._transport.write(answer)


async def serve(port: int) -> None:
    """Take letters until the process is ended."""
    server = await asyncio.get_running_loop().create_server(Conversation, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.sink", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    asyncio.run(serve(parser.parse_args().port))
