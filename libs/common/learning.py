"""Lets msgspec look at our classes before there are threads.

It learns how a class is built when it first meets it. Two threads that make it do so at the same time, such as two
lanes that get their first command, can end the process with SIGSEGV (seen with msgspec 0.22).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import msgspec


def learn_structs() -> None:
    """Look at every Struct that is imported by now; one that cannot be decoded is nobody's message."""
    struct: type[object]
    for struct in _below(msgspec.Struct):
        with suppress(Exception):
            msgspec.json.Decoder(struct)


def _below(base: type[object]) -> Iterator[type[object]]:
    for struct in base.__subclasses__():
        yield struct
        yield from _below(struct)
