"""Dead letters as people see them, and what they decide about them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from libs.common.messages import ErrorClass
from services.api.dead_letters.causes import DeadStage
from services.api.schemas.common import LINE

DeadState = Literal["open", "replayed", "failed_again", "discarded"]
How = Annotated[
    Literal["again", "afresh"],
    msgspec.Meta(
        description=(
            "again: as it was, a delivery from the stored files. afresh: with the template, source and recipients as "
            "they are now."
        )
    ),
]
Reason = Annotated[
    str,
    msgspec.Meta(
        pattern=LINE,
        max_length=500,
        description="Why nobody has to do anything about it any more.",
        extra={"right": "one line of 1 to 500 characters that says why"},
    ),
]


class Replay(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Try a dead letter again."""

    how: How = "again"
    changes: Annotated[
        dict[str, Any],
        msgspec.Meta(description="A JSON merge patch (RFC 7396) for its payload; what is hidden there stays."),
    ] = {}


class Discard(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Let a dead letter be: it stays in the record, and nobody has to do anything about it any more."""

    reason: Reason


class Matching(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """Which open dead letters are meant; at least one of these is needed."""

    cause: Annotated[str, msgspec.Meta(max_length=40, description="The id of a cause.")] | None = None
    stage: DeadStage | None = None
    error_class: ErrorClass | None = None
    message: Annotated[str, msgspec.Meta(max_length=100, description="A wire name.")] | None = None
    report: UUID | None = None
    schedule: UUID | None = None


class ReplayAll(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Try all dead letters again that match."""

    matching: Matching
    how: How = "again"


class DiscardAll(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Let all dead letters be that match."""

    matching: Matching
    reason: Reason


class Settled(msgspec.Struct, kw_only=True):
    """What became of those that matched."""

    settled: Annotated[int, msgspec.Meta(description="So many were replayed or discarded.")]
    left: Annotated[int, msgspec.Meta(description="So many match still: send the request again.")]
    refused: Annotated[list[str], msgspec.Meta(description="Those that could not be replayed, each with its reason.")]


class DeadLetterView(msgspec.Struct, kw_only=True):
    """Something that nobody will try again by itself."""

    id: UUID
    state: DeadState
    failed_at: datetime
    stage: DeadStage
    error_class: ErrorClass
    cause: Annotated[str, msgspec.Meta(description="What happened, in words.")]
    cause_id: Annotated[str, msgspec.Meta(description="The same for all that failed for the same reason.")]
    next_step: Annotated[str, msgspec.Meta(description="What a person does about it.")]
    message: Annotated[str, msgspec.Meta(description="The wire name of the message.")]
    queue: str
    attempts: int
    replays: Annotated[int, msgspec.Meta(description="How often it had been replayed before it failed this time.")]
    report_id: UUID | None
    delivery_id: UUID | None
    schedule_id: UUID | None
    schedule: Annotated[str | None, msgspec.Meta(description="The name of the schedule.")]
    owner: Annotated[str | None, msgspec.Meta(description="Who answers for the schedule.")]
    settled_at: datetime | None
    settled_by: str
    settled_reason: str


class DeadLetterAttempt(msgspec.Struct, kw_only=True):
    """One try before it was given up."""

    attempt: int
    at: datetime | None
    outcome: str
    reason: str


class DeadLetterDetails(msgspec.Struct, kw_only=True):
    """A dead letter with all that is known of it."""

    letter: DeadLetterView
    history: Annotated[list[DeadLetterAttempt], msgspec.Meta(description="The attempts that the record knows of.")]
    exception: str
    traceback: str
    message_id: str
    replay_of: Annotated[UUID | None, msgspec.Meta(description="The dead letter that was replayed as this one.")]
    payload: Annotated[
        dict[str, Any] | None, msgspec.Meta(description="The message, its secrets hidden; null if it cannot be read.")
    ]


class DeadLetterList(msgspec.Struct):
    """Dead letters, the latest first."""

    items: list[DeadLetterView]
    next: str | None


class CauseView(msgspec.Struct, kw_only=True):
    """Open dead letters that have failed for the same reason."""

    cause_id: str
    cause: Annotated[str, msgspec.Meta(description="In the words of one of them.")]
    stage: DeadStage
    error_class: ErrorClass
    message: str
    next_step: str
    count: int
    first_at: datetime
    last_at: datetime


class CauseList(msgspec.Struct):
    """The causes of all open dead letters, the most frequent first."""

    items: list[CauseView]
