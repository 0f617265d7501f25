"""Personal reports as people send and see them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from libs.common.delivering import Burst, Channel
from services.api.schemas.common import ReportStatus, ReportType, Values
from services.api.schemas.delivery import PlaceName

ShownState = Literal["spreading", "paused", "held", "going", "done", "stopped"]
RecipientStatus = Literal[
    "queued",
    "running",
    "retrying",
    "held",
    "delivering",
    "completed",
    "partial",
    "failed",
    "skipped",
    "cancelled",
    "without_address",
    "invalid",
    "not_allowed",
    "unfit",
]


class BurstView(msgspec.Struct, kw_only=True):
    """How far a burst is."""

    state: Annotated[
        ShownState,
        msgspec.Meta(
            description=(
                "spreading: reports are being ordered. paused: the first are, the rest waits. held: too many "
                "recipients, all wait. going: all are ordered. done: all have ended. stopped: no more are ordered."
            )
        ),
    ]
    reason: Annotated[str, msgspec.Meta(description="Why it waits or was stopped.")]
    changed_by: Annotated[str, msgspec.Meta(description="Who let it go on or stopped it.")]
    cap: int
    canary: int
    recipients: Annotated[int, msgspec.Meta(description="Lines of the recipients query, each recipient once.")]
    duplicates: Annotated[int, msgspec.Meta(description="Lines that named a recipient once more.")]
    without_rows: Annotated[
        int | None, msgspec.Meta(description="Recipients without a share; null if the rows are not shared out.")
    ]
    without_address: int
    invalid: int
    not_allowed: int
    unfit: Annotated[int, msgspec.Meta(description="Recipients with a value that fits no parameter, or the like.")]
    ordered: Annotated[int, msgspec.Meta(description="Reports that are ordered so far.")]
    under_way: int
    completed: int
    partial: int
    failed: int
    skipped: int
    cancelled: int
    held: int
    expires_at: Annotated[datetime | None, msgspec.Meta(description="A burst that still waits then is stopped.")]


class BurstRecipientView(msgspec.Struct, kw_only=True):
    """A line of the recipients query and what became of it."""

    address: str
    name: str
    channel: Channel
    status: RecipientStatus
    reason: str
    report_id: Annotated[UUID | None, msgspec.Meta(description="The report of their own; null if they get none.")]


class BurstRecipientList(msgspec.Struct):
    """Recipients, by address."""

    items: list[BurstRecipientView]
    next: str | None


class BurstAccepted(msgspec.Struct, kw_only=True):
    """The generator is told; `burst.state` follows."""

    id: UUID
    status: ReportStatus
    detail: Annotated[str, msgspec.Meta(description="What happens now, in a sentence.")]
    burst: BurstView


class NewBurstCheck(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A burst that is being written."""

    report_type: ReportType
    burst: Burst
    parameters: Values = {}
    destinations: Annotated[
        tuple[PlaceName, ...], msgspec.Meta(max_length=20, description="Those that the recipients query may name.")
    ] = ()
    schedule: Annotated[UUID | None, msgspec.Meta(description="Whose letters recipients may have refused.")] = None


class BurstSampleView(msgspec.Struct, kw_only=True):
    """One of the first recipients."""

    address: str
    name: str
    key: str
    parameters: dict[str, str]


class BurstCheckView(msgspec.Struct, kw_only=True):
    """What a burst would do. `sentence` is null until a generator has answered."""

    id: UUID
    requested_at: datetime
    answered_at: datetime | None
    ok: Annotated[bool | None, msgspec.Meta(description="false: it cannot work, see `problems`; null: nobody knows.")]
    sentence: Annotated[str | None, msgspec.Meta(description="Like: 312 recipients, 4 without rows, 2 not allowed.")]
    recipients: int
    duplicates: int
    without_rows: Annotated[int | None, msgspec.Meta(description="null: not counted, see `remarks`.")]
    without_address: int
    invalid: int
    not_allowed: int
    unfit: int
    unsubscribed: int
    suppressed: int
    problems: list[str]
    remarks: list[str]
    sample: list[BurstSampleView]
    seconds: float | None
