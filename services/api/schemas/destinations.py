"""Destinations as people send and see them. Secrets come in and never go out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from libs.common.delivering import DestinationKind
from services.api.schemas.common import Name

Kind = Annotated[
    DestinationKind,
    msgspec.Meta(description="chat: any service of Apprise that is asked over HTTP. folder: a folder or a bucket."),
]
PlaceUrl = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=2_000,
        description=(
            "https://… of a webhook, Slack or Teams; a URL of Apprise, like tgram://token/chat; a folder like "
            "daily/sales, or s3://key:secret@bucket/prefix; sftp://user:password@host/folder?host_key=SHA256:…. "
            "Kept sealed, shown without secrets."
        ),
        extra={"right": "a URL of 1 to 2,000 characters", "secret": True},
    ),
]
Secret = Annotated[
    str,
    msgspec.Meta(
        max_length=20_000,
        description=(
            "Of a webhook: signs what it gets. Of an SFTP server: the private key, whose passphrase is the password of "
            "the URL. Empty: none. Kept sealed, never shown."
        ),
        extra={"right": "text of at most 20,000 characters", "secret": True},
    ),
]
Attach = Annotated[bool, msgspec.Meta(description="false: the place gets links instead of files.")]


class NewDestination(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A place that reports go to and that is no mailbox."""

    name: Name
    kind: Kind
    url: PlaceUrl
    secret: Secret = ""
    attach: Attach = True


class DestinationChanges(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What to change in a destination; what is left out stays. Its kind cannot be changed."""

    name: Name | UnsetType = UNSET
    url: PlaceUrl | UnsetType = UNSET
    secret: Secret | UnsetType = UNSET
    attach: Attach | UnsetType = UNSET


class DestinationView(msgspec.Struct, kw_only=True):
    """A place that reports go to; its secrets stay sealed."""

    id: UUID
    name: str
    kind: DestinationKind
    url: Annotated[str, msgspec.Meta(description="Without secrets.")]
    has_secret: bool
    attach: bool
    created_at: datetime
    updated_at: datetime


class DestinationList(msgspec.Struct):
    """Destinations, by name."""

    items: list[DestinationView]
    next: str | None
