"""The templates of the demo, from the files in `templates/`."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import msgspec

from libs.common.messages import Format

FOLDER = Path(__file__).with_name("templates")
FORMATS: tuple[Format, ...] = ("xlsx", "pdf", "csv")


class CatalogueTemplate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A template as the file has it; the source is chosen when it is created."""

    slug: str
    title: str
    description: str
    parameters: tuple[dict[str, Any], ...]
    sql: str


def read_templates(folder: Path = FOLDER) -> dict[str, CatalogueTemplate]:
    """All templates by their slug; a ValueError or OSError says which file is wrong."""
    entries = tomllib.loads((folder / "templates.toml").read_text("utf-8"))["templates"]
    templates = (
        msgspec.convert({**entry, "sql": (folder / f"{entry['slug']}.sql").read_text("utf-8")}, CatalogueTemplate)
        for entry in entries
    )
    return {template.slug: template for template in templates}
