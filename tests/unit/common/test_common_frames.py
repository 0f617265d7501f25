"""The frames that we write are those that py-amqp writes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import amqp
import pytest
from amqp.method_framing import frame_writer
from amqp.serialization import dumps

from libs.common.envelope import Parcel
from libs.common.frames import publish_frames

FRAME_MAX = 4096


def by_amqp(parcel: Parcel, headers: dict[str, object] | None, mandatory: bool) -> bytes:
    written = bytearray()
    transport = SimpleNamespace(write=lambda part: written.extend(bytes(part)))
    connection: Any = SimpleNamespace(frame_max=FRAME_MAX, bytes_sent=0)
    message = amqp.Message(
        parcel.body,
        content_type="application/json",
        content_encoding="utf-8",
        application_headers=headers or {},
        delivery_mode=2,
        message_id=parcel.message_id,
        timestamp=1_772_434_801,
        type=parcel.wire_name,
    )
    arguments = dumps("Bssbb", [0, parcel.exchange, parcel.routing_key, mandatory, False])
    frame_writer(connection, transport)(1, 3, (60, 40), arguments, message)
    return bytes(written)


@pytest.mark.parametrize("size", [0, 1, 500, FRAME_MAX - 8, FRAME_MAX - 7, 3 * FRAME_MAX])
@pytest.mark.parametrize("headers", [None, {"x-reason": "Ünreadable", "x-count": 3}])
@pytest.mark.parametrize("mandatory", [True, False])
def test_a_message_is_the_same_bytes(size: int, headers: dict[str, object] | None, mandatory: bool) -> None:
    parcel = Parcel(
        message_id="0d6b1d9e-0000-4000-8000-000000000000",
        wire_name="report.generated.v1",
        exchange="pressroom.events",
        routing_key="report.generated.v1",
        body=b"x" * size,
    )
    ours = publish_frames(parcel, headers, channel=3, frame_max=FRAME_MAX, timestamp=1_772_434_801, mandatory=mandatory)

    assert ours == by_amqp(parcel, headers, mandatory)
