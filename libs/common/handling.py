"""What happens to a report's files once they are drawn, and what a report may use."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal, TypeVar

import msgspec

from libs.common.values import Choice


class Packing(Choice, frozen=True, kw_only=True):
    """Whether files are packed and protected."""

    pack: Literal["zip", "gzip"] | None = None
    """`zip`: all files in one archive. `gzip`: each csv, json, ndjson and html file by itself."""
    sealed_password: str = ""
    """Opens the files: AES in a zip, the encryption of PDF and xlsx otherwise. Formats that have none need `zip`."""


class Drop(Choice, frozen=True, kw_only=True):
    """A folder or bucket that gets a copy of each file under a name of its own."""

    sealed_url: str
    """A folder, or s3://key:secret@bucket/prefix."""
    shown: str
    """The same without secrets, for people."""
    pattern: Annotated[str, msgspec.Meta(max_length=300)] = "{slug}/{date}/{filename}"
    """May name slug, date, year, month, day, time, report_id, format and filename."""


class Keeping(Choice, frozen=True, kw_only=True):
    """How long files are kept, and for how long they may serve another report that asks for the same."""

    days: Annotated[int, msgspec.Meta(ge=1, le=36_500)] = 30
    reuse_seconds: Annotated[int, msgspec.Meta(ge=0, le=604_800)] = 0
    """0: every report reads its source."""


class Limits(Choice, frozen=True, kw_only=True):
    """What one report may use; None takes the generator's setting, which no template can exceed."""

    soft_seconds: Annotated[float, msgspec.Meta(gt=0)] | None = None
    hard_seconds: Annotated[float, msgspec.Meta(gt=0)] | None = None
    memory_megabytes: Annotated[int, msgspec.Meta(ge=128)] | None = None
    max_rows: Annotated[int, msgspec.Meta(ge=1)] | None = None
    file_megabytes: Annotated[int, msgspec.Meta(ge=1)] | None = None
    max_retries: Annotated[int, msgspec.Meta(ge=0, le=20)] | None = None
    """Retries of a report after a transient failure; None: 3. A schedule may say otherwise."""


PROTECTABLE = ("xlsx", "pdf")
"""Formats that can have a password by themselves."""


def unprotected(formats: Iterable[str]) -> list[str]:
    """Those of the formats that can have a password only inside a zip, each once."""
    return [one for one in dict.fromkeys(formats) if one not in PROTECTABLE]


N = TypeVar("N", int, float)


def least(setting: N, *own: N | None) -> N:
    """The generator's setting, or what a template or source allows if that is less."""
    found = setting
    for one in own:
        found = found if one is None else min(found, one)
    return found
