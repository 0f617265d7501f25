"""Reads what lies in a dead-letter queue, whoever put it there: our workers with a reason, or the broker without."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

import msgspec

from libs.common.ids import NAMESPACE
from libs.common.messages import COMMANDS, EVENTS

NOT_OURS = "The message is none of ours: it cannot be read."
KILLED = "The message was given to workers again and again and never finished: it may kill whoever takes it."
REJECTED = "A worker refused the message without saying why."
UNHEARD = "No queue listens to this event."


class Dead(msgspec.Struct, frozen=True, kw_only=True):
    """A message that nobody will try again by itself, as far as it can be read."""

    id: UUID
    message_id: str
    queue: str
    wire_name: str
    stage: str
    exception: str
    reason: str
    traceback: str
    attempts: int
    failed_at: datetime
    body: bytes
    payload: dict[str, Any] | None
    replay_of: UUID | None
    replays: int


def read_dead(
    queue: str, body: bytes, headers: Mapping[str, Any], message_id: str, type_name: str, now: datetime
) -> Dead:
    """The dead letter of `queue` with this body; it never fails, because what cannot be read is what it is for."""
    letter = _json(body)
    options = letter.get("options") if letter is not None else None
    options = options if isinstance(options, dict) else {}
    payload = letter.get("kwargs") if letter is not None and "actor_name" in letter else letter
    payload = payload if isinstance(payload, dict) else None
    wire_name = _text(letter.get("actor_name") if letter is not None else None) or type_name
    failed_at = _failed_at(headers, now)
    return Dead(
        id=uuid5(NAMESPACE, f"dead:{queue}:{message_id}:{failed_at.isoformat()}:{len(body)}"),
        message_id=message_id,
        queue=queue,
        wire_name=wire_name,
        stage=_text(headers.get("x-stage")),
        exception=_text(headers.get("x-exception")),
        reason=_text(headers.get("x-reason")) or _broker_reason(headers, wire_name, payload),
        traceback=_text(headers.get("x-traceback")),
        attempts=_number(headers.get("x-attempts")),
        failed_at=failed_at,
        body=body,
        payload=payload,
        replay_of=_uuid(options.get("replay_of")),
        replays=_number(options.get("replays")),
    )


def uuid_in(payload: Mapping[str, Any] | None, name: str) -> UUID | None:
    """The id that the payload has under `name`."""
    return _uuid(payload.get(name)) if payload is not None else None


def _broker_reason(headers: Mapping[str, Any], wire_name: str, payload: object) -> str:
    """Why the broker moved it here by itself (https://www.rabbitmq.com/docs/dlx#effects)."""
    if payload is None or wire_name not in {**COMMANDS, **EVENTS}:
        return NOT_OURS
    why = _deaths(headers).get("reason") or headers.get("x-first-death-reason")
    return {"delivery_limit": KILLED, "rejected": REJECTED}.get(_text(why), UNHEARD if why is None else REJECTED)


def _failed_at(headers: Mapping[str, Any], now: datetime) -> datetime:
    told = headers.get("x-failed-at")
    if isinstance(told, int) and 0 < told < 1 << 43:  # milliseconds
        return datetime.fromtimestamp(told / 1000, UTC)
    died = _deaths(headers).get("time")
    if isinstance(died, datetime):
        return died if died.tzinfo is not None else died.replace(tzinfo=UTC)
    return now


def _deaths(headers: Mapping[str, Any]) -> Mapping[str, Any]:
    deaths = headers.get("x-death")
    return deaths[0] if isinstance(deaths, list) and deaths and isinstance(deaths[0], dict) else {}


def _json(body: bytes) -> dict[str, Any] | None:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    return found if isinstance(found, dict) else None


def _text(value: object) -> str:
    # PostgreSQL cannot keep a NUL in a text.
    return value.replace("\x00", "\ufffd") if isinstance(value, str) else ""


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 31 else 0


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
