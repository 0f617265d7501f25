"""What all parts of messages have in common."""

from __future__ import annotations

import msgspec


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a message; it has no wire name of its own."""


class Choice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of a message in which most people leave most things as they are: only what differs travels."""
