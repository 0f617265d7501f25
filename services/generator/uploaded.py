"""Fetches the files that belong to a template's look: its logo, and the workbook to fill."""

from __future__ import annotations

from pathlib import Path

from libs.common.storage import ArtifactStorage


def fetched(key: str, artifacts_url: str, folder: Path) -> Path | None:
    """The file `key` of the artifact storage, at hand under `folder`; None without a key."""
    if not key:
        return None
    path = folder / Path(key).name
    path.write_bytes(ArtifactStorage(artifacts_url).read(key))
    return path
