"""A report that is sent as a test, as people ask for it and see it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec

from services.api.schemas.common import ReportStatus
from services.api.schemas.reports import ArtifactView, DeliveryView, ReportLinks


class NewTestSend(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Make the report of a schedule now, and send it to one mailbox only."""

    recipient: Annotated[
        str,
        msgspec.Meta(
            max_length=320,
            description="Who gets it; empty: you. Only the admin may send it to somebody else.",
            extra={"right": "an e-mail address"},
        ),
    ] = ""


class TestSendView(msgspec.Struct, kw_only=True):
    """What came of a test so far."""

    __test__ = False

    id: Annotated[UUID, msgspec.Meta(description="Of the report.")]
    status: ReportStatus
    reason: str
    recipient: str
    notes: list[str]
    artifacts: list[ArtifactView]
    deliveries: list[DeliveryView]
    links: ReportLinks
