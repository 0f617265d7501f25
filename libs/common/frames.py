"""A published message as AMQP 0-9-1 writes it: a method, a header and body frames (sections 2.3.5 and 4.2.6).

py-amqp makes and sends them one by one, which costs three times what all the rest of publishing does when ten
thousand reports fall due at once. Made here, many of them leave in one write.
"""

from __future__ import annotations

from struct import pack

from amqp.serialization import dumps

from libs.common.envelope import Parcel

_METHOD, _HEADER, _BODY, _END = 1, 2, 3, b"\xce"
_BASIC, _PUBLISH = 60, 40
_MANDATORY = 1
_FLAGS = 1 << 15 | 1 << 14 | 1 << 13 | 1 << 12 | 1 << 7 | 1 << 6 | 1 << 5
"""The properties that follow: content type and encoding, headers, delivery mode, message id, timestamp, type."""

_PERSISTENT = 2
_NO_HEADERS = pack(">I", 0)


def publish_frames(
    parcel: Parcel,
    headers: dict[str, object] | None,
    *,
    channel: int,
    frame_max: int,
    timestamp: int,
    mandatory: bool,
) -> bytes:
    """The frames that publish `parcel` on `channel`."""
    method = pack(">HHH", _BASIC, _PUBLISH, 0) + _short(parcel.exchange) + _short(parcel.routing_key)
    properties = b"".join(
        (
            pack(">HHQH", _BASIC, 0, len(parcel.body), _FLAGS),
            _short("application/json"),
            _short("utf-8"),
            dumps("F", [headers]) if headers else _NO_HEADERS,
            pack(">B", _PERSISTENT),
            _short(parcel.message_id),
            pack(">Q", timestamp),
            _short(parcel.wire_name),
        )
    )
    room = frame_max - 8
    bodies = (parcel.body[begin : begin + room] for begin in range(0, len(parcel.body), room))
    return b"".join(
        (
            _frame(_METHOD, channel, method + pack(">B", _MANDATORY if mandatory else 0)),
            _frame(_HEADER, channel, properties),
            *(_frame(_BODY, channel, body) for body in bodies),
        )
    )


def _frame(kind: int, channel: int, payload: bytes) -> bytes:
    return pack(">BHI", kind, channel, len(payload)) + payload + _END


def _short(text: str) -> bytes:
    encoded = text.encode()
    return pack(">B", len(encoded)) + encoded
