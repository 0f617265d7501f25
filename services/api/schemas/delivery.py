"""How reports reach people, as people choose it: for a schedule, or for one report that is asked for now."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from services.api.schemas.common import END, LINE

PlaceName = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Mailbox = Annotated[
    str,
    msgspec.Meta(
        pattern=rf"{LINE}|^{END}",
        max_length=400,
        description="An address, or a name with one: Reports <reports@example.org>.",
        extra={"right": "an e-mail address, or a name with one: Reports <reports@example.org>"},
    ),
]

Happening = Literal["failed", "partial", "missed", "held", "paused", "dead_letter", "changed", "success"]
"""What can happen to a schedule that its owner wants to know; `changed`: by somebody else."""


class Letters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """How the letters are sent and what they look like."""

    profile: Annotated[
        PlaceName | None, msgspec.Meta(description="The name of a mail server's profile. Without it the default one.")
    ] = None
    destinations: Annotated[
        tuple[PlaceName, ...],
        msgspec.Meta(max_length=20, description="Names of webhooks, chats and folders that get the report too."),
    ] = ()
    reply_to: Annotated[Mailbox, msgspec.Meta(description="Who gets the answers; empty: whom the profile names.")] = ""
    preview_rows: Annotated[
        int, msgspec.Meta(ge=0, le=50, description="So many rows are shown in the letter itself; 0: none.")
    ] = 10
    attach: Annotated[
        Literal["files", "zip", "link"],
        msgspec.Meta(description="files: as they are. zip: in one archive. link: to be downloaded."),
    ] = "files"
    show_recipients: Annotated[bool, msgspec.Meta(description="Everybody sees who else got the letter.")] = False
    subscription: Annotated[bool, msgspec.Meta(description="Recipients may unsubscribe by themselves.")] = False
    max_attempts: Annotated[
        int,
        msgspec.Meta(ge=0, le=50, description="How often a delivery is tried; 0: as the mailer's setting says."),
    ] = 0
    resend_unknown: Annotated[
        bool,
        msgspec.Meta(
            description="Send again what may have arrived; somebody may get it twice. false: it stays unknown."
        ),
    ] = False


class Notify(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """Of what the owner is told by letter."""

    on: Annotated[tuple[Happening, ...], msgspec.Meta(max_length=8)] = (
        "failed",
        "partial",
        "missed",
        "held",
        "paused",
        "dead_letter",
        "changed",
    )
    digest: Annotated[bool, msgspec.Meta(description="One letter a day with all that happened.")] = False
    destination: Annotated[
        PlaceName | None, msgspec.Meta(description="A destination that is told too, such as a chat of those on call.")
    ] = None
