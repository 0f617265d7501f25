"""A sample pack: a source, templates and schedules, each in a file that says what the API is asked for."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Self

import msgspec


class Pack(msgspec.Struct, frozen=True, kw_only=True):
    """What a folder describes. `templates` and `schedules` are bodies of POST /templates and /reports/schedules.

    Their SQL and texts are read from the same files; the name of the pack is that of its source.
    """

    name: str
    templates: tuple[dict[str, Any], ...]
    schedules: tuple[dict[str, Any], ...]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The pack in `folder`; a ValueError or OSError says which file is wrong."""
        return cls(name=folder.name, templates=_bodies(folder / "templates"), schedules=_bodies(folder / "schedules"))


def _bodies(folder: Path) -> tuple[dict[str, Any], ...]:
    return tuple(tomllib.loads(file.read_text("utf-8")) for file in sorted(folder.glob("*.toml")))
