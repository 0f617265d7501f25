"""Mail servers as people send and see them. Passwords come in and never go out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from services.api.schemas.common import Name
from services.api.schemas.delivery import Mailbox

ServerUrl = Annotated[
    str,
    msgspec.Meta(
        min_length=8,
        max_length=2_000,
        description=(
            "smtp://user:password@host:port, or smtps:// for TLS from the first byte. "
            "?starttls=required|when-offered|never; required is the default. Kept sealed, shown without user and "
            "password."
        ),
        extra={"right": "a URL like smtp://user:password@host:port", "secret": True},
    ),
]
Sender = Annotated[
    Mailbox,
    msgspec.Meta(
        min_length=3,
        description="Who the letters are from.",
        extra={"right": "an e-mail address, or a name with one: Reports <reports@example.org>"},
    ),
]
Copies = Annotated[
    list[Annotated[str, msgspec.Meta(max_length=320)]],
    msgspec.Meta(
        max_length=20,
        description="Addresses that get a copy of every letter's report.",
        extra={"right": "a list of at most 20 e-mail addresses"},
    ),
]
PerMinute = Annotated[
    int, msgspec.Meta(ge=0, le=1_000_000, description="Letters a minute; 0: as many as the server takes.")
]
Connections = Annotated[
    int, msgspec.Meta(ge=0, le=64, description="Connections of one mailer; 0: as many as it sends letters at a time.")
]
MaxMegabytes = Annotated[
    float,
    msgspec.Meta(
        ge=0, le=1_000, description="The largest letter, encoded; 0: as the server says. Larger ones become links."
    ),
]
Certificate = Annotated[
    str,
    msgspec.Meta(
        max_length=100_000,
        description="PEM of an authority that is trusted beside those of the system; empty: none.",
    ),
]


class NewProfile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A mail server, and who writes through it."""

    name: Name
    url: ServerUrl
    sender: Sender = msgspec.field(name="from")
    reply_to: Annotated[Mailbox, msgspec.Meta(description="Who gets the answers; empty: the sender.")] = ""
    cc: Copies = []
    bcc: Copies = []
    per_minute: PerMinute = 0
    connections: Connections = 0
    max_megabytes: MaxMegabytes = 0
    ca_certificate: Certificate = ""
    is_default: Annotated[
        bool, msgspec.Meta(description="For all that name no profile. The first profile is the default in any case.")
    ] = False


class ProfileChanges(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What to change in a profile; what is left out stays, the password in its URL too."""

    name: Name | UnsetType = UNSET
    url: ServerUrl | UnsetType = UNSET
    sender: Sender | UnsetType = msgspec.field(default=UNSET, name="from")
    reply_to: Mailbox | UnsetType = UNSET
    cc: Copies | UnsetType = UNSET
    bcc: Copies | UnsetType = UNSET
    per_minute: PerMinute | UnsetType = UNSET
    connections: Connections | UnsetType = UNSET
    max_megabytes: MaxMegabytes | UnsetType = UNSET
    ca_certificate: Certificate | UnsetType = UNSET
    is_default: bool | UnsetType = UNSET


class ProfileView(msgspec.Struct, kw_only=True):
    """A mail server, without its user and password."""

    id: UUID
    name: str
    url: Annotated[str, msgspec.Meta(description="Without user and password.")]
    sender: str = msgspec.field(name="from")
    reply_to: str
    cc: list[str]
    bcc: list[str]
    per_minute: int
    connections: int
    max_megabytes: float
    ca_certificate: str
    is_default: bool
    created_at: datetime
    updated_at: datetime


class ProfileList(msgspec.Struct):
    """Mail servers, by name."""

    items: list[ProfileView]
    next: str | None


class NewProfileTest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Send a letter through a mail server."""

    recipient: Annotated[
        str,
        msgspec.Meta(
            max_length=320,
            description="Who gets it; empty: you, if your e-mail address is known.",
            extra={"right": "an e-mail address"},
        ),
    ] = ""
