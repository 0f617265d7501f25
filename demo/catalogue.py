"""The templates of the demo, from the files in `templates/`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

FOLDER = Path(__file__).with_name("templates")


class CatalogueTemplate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A template as the file has it; the source is chosen when it is created. `queries` has the SQL by its name."""

    slug: str
    title: str
    description: str
    parameters: tuple[dict[str, Any], ...]
    queries: dict[str, str]
    widgets: tuple[dict[str, Any], ...] = ()
    look: dict[str, Any] = {}


def read_templates(folder: Path = FOLDER) -> dict[str, CatalogueTemplate]:
    """All templates by their slug; a ValueError or OSError says which file is wrong."""
    entries = tomllib.loads((folder / "templates.toml").read_text("utf-8"))["templates"]
    templates = (msgspec.convert({**entry, "queries": _queries(entry, folder)}, CatalogueTemplate) for entry in entries)
    return {template.slug: template for template in templates}


def _queries(entry: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """The SQL of `slug.sql`, or of `slug.name-of-the-query.sql` where a template names several queries."""
    slug = entry["slug"]
    if "queries" not in entry:
        return {entry["title"]: (folder / f"{slug}.sql").read_text("utf-8")}
    files = {name: folder / f"{slug}.{name.lower().replace(' ', '-')}.sql" for name in entry["queries"]}
    return {name: file.read_text("utf-8") for name, file in files.items()}
