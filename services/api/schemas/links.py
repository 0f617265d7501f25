"""Links to the files of a delivery as people send and see them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from libs.common.messages import FileFormat


class NewLinks(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Fresh links for whoever got a report."""

    days: Annotated[
        Annotated[int, msgspec.Meta(ge=1)] | None,
        msgspec.Meta(
            description="How long they work, at most PRESSROOM_LINK_DAYS, which is the default; never longer than the "
            "files are kept."
        ),
    ] = None


class LinkView(msgspec.Struct, kw_only=True):
    """The link to one file."""

    filename: str
    format: FileFormat
    size_bytes: int
    downloads: Annotated[int, msgspec.Meta(description="How often somebody, or their virus scanner, followed a link.")]
    first_at: datetime | None
    last_at: datetime | None
    url: Annotated[str | None, msgspec.Meta(description="Only when it is made; it works without an account.")]


class DeliveryLinks(msgspec.Struct, kw_only=True):
    """The links to the files of a delivery."""

    delivery_id: UUID
    address: str
    revoked_at: Annotated[datetime | None, msgspec.Meta(description="Links of before work no more.")]
    revoked_by: str | None
    expires_at: Annotated[datetime | None, msgspec.Meta(description="Until when the URLs below work.")]
    items: list[LinkView]
