from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
import pytest

from libs.common.errors import PermanentFailure
from libs.common.messages import (
    MAX_MESSAGE_BYTES,
    GenerateReport,
    OccurrenceMissed,
    ReportStarted,
    decode_event,
    encode,
    read_command,
)


def missed(now: datetime, reason: str) -> OccurrenceMissed:
    some = UUID(int=1)
    return OccurrenceMissed(
        at=now, occurrence_id=some, schedule_id=some, schedule_version=1, scheduled_for=now, reason=reason
    )


def test_a_message_of_the_largest_size_may_travel_and_one_byte_more_may_not(now: datetime) -> None:
    room = MAX_MESSAGE_BYTES - len(encode(missed(now, "")))
    assert len(encode(missed(now, "x" * room))) == MAX_MESSAGE_BYTES
    with pytest.raises(PermanentFailure, match=r"occurrence\.missed\.v1 has 1,000,001 bytes; at most 1,000,000"):
        encode(missed(now, "x" * (room + 1)))


def test_an_event_of_an_unknown_kind_is_nothing_to_us() -> None:
    assert decode_event(b'{"type": "report.framed.v1"}', "report.framed.v1") is None


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        (b"", "truncated"),
        (b"\xff", "malformed"),
        (b"[]", "Expected `object`"),
        (b'{"type": "report.failed.v1"}', "Invalid value 'report.failed.v1'"),
        (b'{"type": "report.started.v1", "at": "2026-03-02T07:00:00Z", "attempt": 1}', "`report_id`"),
        (b'{"type": "report.started.v1", "at": "soon", "attempt": 1}', r"`\$\.at`"),
    ],
)
def test_an_event_that_does_not_fit_is_refused_with_the_place(body: bytes, cause: str) -> None:
    with pytest.raises(PermanentFailure, match=rf"The event report\.started\.v1 cannot be read: .*{cause}"):
        decode_event(body, "report.started.v1")


def test_an_event_survives_its_journey(now: datetime) -> None:
    event = ReportStarted(at=now, report_id=UUID(int=1), attempt=1)
    assert decode_event(encode(event), event.wire_name()) == event


def test_a_command_survives_its_journey_as_plain_fields(generate_report: GenerateReport) -> None:
    assert read_command(GenerateReport, msgspec.to_builtins(generate_report)) == generate_report


def test_a_command_that_does_not_fit_is_refused_with_the_field(generate_report: GenerateReport) -> None:
    fields = msgspec.to_builtins(generate_report) | {"report_id": 7}
    with pytest.raises(PermanentFailure, match=r"generate_report\.v1 cannot be read: .*`\$\.report_id`"):
        read_command(GenerateReport, fields)
