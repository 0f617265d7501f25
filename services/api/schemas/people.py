"""The caller as they see and change themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from services.api.schemas.common import Name

Email = Annotated[
    str,
    msgspec.Meta(
        max_length=320,
        description="Where letters reach you, such as tests and notices; empty: nowhere.",
        extra={"right": "an e-mail address"},
    ),
]


class MyChanges(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What to change about yourself; what is left out stays."""

    name: Name | UnsetType = UNSET
    email: Email | UnsetType = UNSET


class Me(msgspec.Struct, kw_only=True):
    """Whose token this is."""

    id: UUID
    name: str
    email: str
    created_at: datetime
