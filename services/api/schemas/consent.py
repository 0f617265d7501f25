"""What is known of recipients, as the API shows it and is told it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from libs.common.delivering import SuppressionCause
from services.api.schemas.common import END, LINE
from services.api.schemas.reports import DeliveryView

Reason = Annotated[
    str,
    msgspec.Meta(
        pattern=LINE,
        max_length=500,
        description="Why, in a sentence for those who read the list.",
        extra={"right": "one line of 1 to 500 characters"},
    ),
]
Address = Annotated[str, msgspec.Meta(min_length=3, max_length=320, description="An e-mail address.")]
Diagnostic = Annotated[
    str,
    msgspec.Meta(
        pattern=rf"{LINE}|^{END}",
        max_length=1_000,
        description="In the words of the mail server, like 550 5.1.1 No such user.",
        extra={"right": "one line of at most 1,000 characters"},
    ),
]


class NewPreference(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What a recipient wants."""

    wanted: bool
    schedule: Annotated[UUID | None, msgspec.Meta(description="The id of a schedule; null: all of them.")] = None


class PreferenceView(msgspec.Struct, kw_only=True):
    """What a recipient wants; of two that are about the same schedule the one that was said last counts."""

    schedule_id: Annotated[UUID | None, msgspec.Meta(description="null: all schedules.")]
    schedule_name: Annotated[str | None, msgspec.Meta(description="null if it does not exist any more.")]
    wanted: bool
    said_by: Annotated[str, msgspec.Meta(description="`recipient` (over a link), or the name of a user.")]
    changed_at: datetime


class NewSuppression(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An address that nobody may write to."""

    address: Address
    reason: Reason
    cause: SuppressionCause = "by_hand"


class SuppressionView(msgspec.Struct, kw_only=True):
    """An address that nobody may write to, and why."""

    address: str
    cause: SuppressionCause
    detail: Annotated[str, msgspec.Meta(description="The words of a mail server or of a person.")]
    said_by: Annotated[str, msgspec.Meta(description="`mailer`, or the name of a user.")]
    since: datetime


class SuppressionList(msgspec.Struct):
    """Addresses that nobody may write to, the latest first."""

    items: list[SuppressionView]
    next: str | None


class RecipientDetails(msgspec.Struct, kw_only=True):
    """What is known of a recipient."""

    address: str
    allowed: Annotated[bool, msgspec.Meta(description="Letters may go to this domain.")]
    wants_letters: Annotated[bool, msgspec.Meta(description="false: unsubscribed from everything.")]
    suppression: SuppressionView | None
    preferences: list[PreferenceView]
    deliveries: Annotated[list[DeliveryView], msgspec.Meta(description="The latest 20.")]


class NewBounce(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What a mail server told about a letter, read by somebody else. One of the first three says which letter."""

    delivery_id: UUID | None = None
    message_id: Annotated[str, msgspec.Meta(max_length=1_000, description="The Message-ID of the letter, <…@…>.")] = ""
    address: Annotated[str, msgspec.Meta(max_length=320, description="An e-mail address.")] = ""
    hard: Annotated[bool, msgspec.Meta(description="It will never arrive; else it is only late.")] = False
    complaint: Annotated[bool, msgspec.Meta(description="Its reader called it unwanted.")] = False
    diagnostic: Diagnostic = ""
    reference: Annotated[
        str,
        msgspec.Meta(
            max_length=200, description="What tells this notice from others, where only the address is known."
        ),
    ] = ""


class BounceView(msgspec.Struct, kw_only=True):
    """What was understood of a notice. The mailer decides what follows from it."""

    delivery_id: UUID | None
    address: str
    hard: Annotated[bool, msgspec.Meta(description="The address, or the server behind it, does not take letters.")]
    failed: Annotated[bool, msgspec.Meta(description="The server has given up: the letter did not arrive.")]
    complaint: bool
    status: Annotated[str, msgspec.Meta(description="RFC 3463, like 5.1.1; empty: nobody said.")]
    diagnostic: str


class BounceResult(msgspec.Struct):
    """What came in: `automatic` (a holiday notice) and `other` (not understood) change nothing."""

    kind: Literal["bounce", "complaint", "automatic", "other"]
    items: list[BounceView]
