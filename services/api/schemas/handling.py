"""What happens to a report's files, as people send and see it. Secrets come in and never go out."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, UnsetType

Pack = Literal["zip", "gzip"]

Password = Annotated[
    str,
    msgspec.Meta(
        min_length=4,
        max_length=200,
        description="Opens the files. Kept sealed, never shown.",
        extra={"right": "text of 4 to 200 characters", "secret": True},
    ),
]
DropUrl = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=2_000,
        description=(
            "A folder below that of the generator (PRESSROOM_GENERATOR_DROP_FOLDER), or s3://key:secret@bucket/prefix "
            "with ?region=…&endpoint=… if need be. Kept sealed, shown without secrets."
        ),
        extra={"right": "a folder like daily/sales or a bucket like s3://key:secret@bucket/prefix", "secret": True},
    ),
]
Pattern = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=300,
        description="May name slug, date, year, month, day, time, report_id, format and filename, each in braces.",
    ),
]


class NewPacking(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whether files are packed and protected. A password that is left out stays as it was; null removes it."""

    pack: Annotated[
        Pack | None, msgspec.Meta(description="zip: all files in one archive. gzip: each text file by itself.")
    ] = None
    password: Password | UnsetType | None = UNSET


class PackingView(msgspec.Struct, kw_only=True):
    """Whether files are packed and protected."""

    pack: Pack | None
    has_password: bool


class NewDrop(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A folder or bucket that gets a copy of each file. A URL that is left out stays as it was."""

    url: DropUrl | UnsetType = UNSET
    pattern: Pattern = "{slug}/{date}/{filename}"


class DropView(msgspec.Struct, kw_only=True):
    """A folder or bucket that gets a copy of each file."""

    url: Annotated[str, msgspec.Meta(description="Without secrets.")]
    pattern: str
