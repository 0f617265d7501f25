"""Sources as people send and see them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from services.api.schemas.common import Name

Url = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=2_000,
        description=(
            "postgresql://user:password@host:5432/database, mysql://…, mariadb://…, sqlite:///path, duckdb:///path, or "
            "what SQLAlchemy has a driver for where the generator runs. Kept sealed, never shown."
        ),
        extra={"right": "a database URL like postgresql://user:password@host/database", "secret": True},
    ),
]
StatementTimeout = Annotated[
    int, msgspec.Meta(ge=1, le=1_500, description="A query that takes longer is ended by the database.")
]
MaxRows = Annotated[
    int, msgspec.Meta(ge=1, le=100_000_000, description="Rows beyond this number are cut, and the report says so.")
]
Concurrency = Annotated[
    int,
    msgspec.Meta(
        ge=0,
        le=1_000,
        description="Reports that may read from it at the same time; more of them wait for their turn. 0: any number.",
    ),
]


class NewSource(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A database to read from."""

    name: Name
    url: Url
    statement_timeout_seconds: StatementTimeout = 600
    max_rows: MaxRows = 1_000_000
    concurrency: Concurrency = 4


class SourceChanges(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What to change in a source; what is left out stays."""

    name: Name | UnsetType = UNSET
    url: Url | UnsetType = UNSET
    statement_timeout_seconds: StatementTimeout | UnsetType = UNSET
    max_rows: MaxRows | UnsetType = UNSET
    concurrency: Concurrency | UnsetType = UNSET


class SourceView(msgspec.Struct, kw_only=True):
    """A database that reports read from; its URL stays sealed."""

    id: UUID
    name: str
    kind: Annotated[str, msgspec.Meta(description="postgresql, mysql, mariadb, sqlite, duckdb, …")]
    host: str | None
    port: int | None
    database: str
    statement_timeout_seconds: int
    max_rows: int
    concurrency: int
    created_at: datetime
    updated_at: datetime


class SourceList(msgspec.Struct):
    """Sources, by name."""

    items: list[SourceView]
    next: str | None


class SourceTestView(msgspec.Struct, kw_only=True):
    """What came of a test of a source."""

    id: UUID
    source_id: UUID
    source_name: str
    status: Annotated[
        Literal["pending", "ok", "failed"], msgspec.Meta(description="pending until a generator has answered")
    ]
    sentences: Annotated[list[str], msgspec.Meta(description="What was found and what to do, for people.")]
    seconds: float | None
    requested_at: datetime
    answered_at: datetime | None
    url: Annotated[str, msgspec.Meta(description="Where to look again.")]
