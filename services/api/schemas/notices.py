"""Notices and announcements, as people see them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from services.api.schemas.common import Name
from services.api.schemas.schedules import Moment

NoticeCause = Literal[
    "failed",
    "partial",
    "missed",
    "held",
    "paused",
    "dead_letter",
    "changed",
    "success",
    "digest",
    "announcement",
]
NoticeState = Literal["pending", "sent", "rejected", "unknown", "suppressed", "no_address"]


class NoticeView(msgspec.Struct, kw_only=True):
    """What somebody who answers for a schedule was told."""

    id: UUID
    cause: NoticeCause
    state: NoticeState
    owner: Annotated[str | None, msgspec.Meta(description="The user who was told.")]
    destination: Annotated[str | None, msgspec.Meta(description="The destination that was told, instead of a user.")]
    address: Annotated[str, msgspec.Meta(description="Where it went; empty if there was no address.")]
    schedule_id: UUID | None
    schedule_name: str
    report_id: UUID | None
    announcement_id: UUID | None
    subject: str
    sentence: Annotated[str, msgspec.Meta(description="What happened.")]
    more: Annotated[int, msgspec.Meta(description="So many others of the same cause are told with it.")]
    reason: Annotated[str, msgspec.Meta(description="Why it was not sent.")]
    answer: Annotated[str, msgspec.Meta(description="What the remote server said.")]
    created_at: datetime
    ended_at: datetime | None


class NoticeList(msgspec.Struct):
    """A page of notices."""

    items: list[NoticeView]
    next: Annotated[str | None, msgspec.Meta(description="The URL of the next page.")]


class Scope(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """Which schedules are affected: those that fit everything given here. Without a word: all active ones."""

    source: Annotated[str | None, msgspec.Meta(description="Those that read from the source of this name.")] = None
    template: Annotated[str | None, msgspec.Meta(description="Those of the template with this slug.")] = None
    schedules: Annotated[
        Annotated[list[UUID], msgspec.Meta(min_length=1, max_length=500)] | None,
        msgspec.Meta(description="Those with these ids."),
    ] = None


class NewAnnouncement(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Something that the owners of schedules have to know beforehand."""

    subject: Annotated[Name, msgspec.Meta(description="The subject of the letters.")]
    text: Annotated[
        str,
        msgspec.Meta(
            min_length=1,
            max_length=10_000,
            description="What they have to know. An empty line begins a new paragraph.",
            extra={"right": "a text of 1 to 10,000 characters"},
        ),
    ]
    scope: Annotated[
        Literal["all"] | Scope,
        msgspec.Meta(description="`all`, or which schedules are affected.", extra={"right": "all or an object"}),
    ] = "all"
    starts_at: Annotated[Moment | None, msgspec.Meta(description="When what is announced begins.")] = None
    ends_at: Annotated[Moment | None, msgspec.Meta(description="When it is over.")] = None


class AnnouncementView(msgspec.Struct, kw_only=True):
    """What was announced, and to whom."""

    id: UUID
    subject: str
    text: str
    scope: Annotated[Any, msgspec.Meta(description="As it was given.")]
    starts_at: datetime | None
    ends_at: datetime | None
    announced_by: str
    created_at: datetime
    schedules: Annotated[int, msgspec.Meta(description="How many schedules are affected.")]
    told: Annotated[
        dict[NoticeState, int], msgspec.Meta(description="The notices to the owners of these schedules, by state.")
    ]
    notices: Annotated[str, msgspec.Meta(description="The URL of the list of those notices: who got it.")]


class AnnouncementList(msgspec.Struct):
    """A page of announcements."""

    items: list[AnnouncementView]
    next: Annotated[str | None, msgspec.Meta(description="The URL of the next page.")]
