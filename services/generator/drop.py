"""Drops a copy of each file into a folder or bucket of its own. Doing it again overwrites the same names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import obstore
from obstore.exceptions import BaseError, InvalidPathError, NotFoundError, PermissionDeniedError, UnauthenticatedError
from obstore.store import LocalStore, ObjectStore, S3Store

from libs.common.drops import Target, named_after, pattern_complaint, read_target
from libs.common.errors import PermanentFailure, TransientFailure
from libs.common.logs import without_credentials
from libs.common.messages import Artifact

_FINAL = (PermissionDeniedError, UnauthenticatedError, InvalidPathError, PermissionError, ValueError)
"""What only a person can mend: a wrong key, a folder that is not ours."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where to drop, opened: `url` holds secrets, `root` is the folder that all folders must be in."""

    url: str = field(repr=False)
    shown: str
    pattern: str
    root: Path


def drop(files: Sequence[tuple[Artifact, Path]], place: Place, facts: Mapping[str, str]) -> None:
    """Copy each file to the name that the pattern gives it.

    PermanentFailure if the target or the pattern cannot work, TransientFailure if the target is away or full.
    """
    names = _names(files, place, facts)
    try:
        store = _opened(place)
        for (_, path), name in zip(files, names, strict=True):
            obstore.put(store, name, path)
    except (NotFoundError, FileNotFoundError) as error:
        raise PermanentFailure(f"The files cannot be dropped in {place.shown}: there is no such place.") from error
    except _FINAL as error:
        raise PermanentFailure(f"The files cannot be dropped in {place.shown}: {_first_line(error)}") from error
    except (BaseError, OSError) as error:
        raise TransientFailure(f"The files could not be dropped in {place.shown}: {_first_line(error)}") from error


def facts_of(slug: str, report_id: UUID, made_at: datetime, day: date) -> Mapping[str, str]:
    """What a pattern can name, but for the file: the day is that of the report, the time that of its making."""
    return {
        "slug": slug,
        "date": day.isoformat(),
        "year": f"{day:%Y}",
        "month": f"{day:%m}",
        "day": f"{day:%d}",
        "time": f"{made_at:%H%M%S}",
        "report_id": str(report_id),
    }


def _names(files: Sequence[tuple[Artifact, Path]], place: Place, facts: Mapping[str, str]) -> list[str]:
    if complaint := pattern_complaint(place.pattern):
        raise PermanentFailure(f"The pattern of the drop, {place.pattern}, {complaint}.")
    return [named_after(place.pattern, {**facts, "format": one.format, "filename": one.filename}) for one, _ in files]


def _opened(place: Place) -> ObjectStore:
    target = read_target(place.url)
    if not target.bucket:
        return LocalStore(str(_folder(target, place.root)), mkdir=True)
    given = {"access_key_id": target.key, "secret_access_key": target.secret, "region": target.region}
    options: dict[str, Any] = {name: value for name, value in given.items() if value}
    if target.endpoint:
        options |= {
            "endpoint": target.endpoint,
            "client_options": {"allow_http": target.endpoint.startswith("http://")},
        }
    return S3Store(target.bucket, prefix=target.prefix or None, **options)


def _folder(target: Target, root: Path) -> Path:
    """A relative folder begins at the root; no link leads out of it."""
    root = root.absolute().resolve()
    folder = (root / target.folder).resolve()
    if not folder.is_relative_to(root):
        raise ValueError(f"the generator drops only in folders under {root} (PRESSROOM_GENERATOR_DROP_FOLDER)")
    return folder


def _first_line(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return without_credentials(text.splitlines()[0]).rstrip(".") + "."
