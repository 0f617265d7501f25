"""Small files that only their owner may read."""

from __future__ import annotations

import os
from pathlib import Path


def write(path: Path, text: str, mode: int = 0o600) -> None:
    """Write `text`, replacing the file in one step, so that nobody ever reads half of it or with wider permissions."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


def write_once(path: Path, text: str, mode: int = 0o600) -> str:
    """Write `text` unless the file has content already; the content it has now."""
    if not path.exists() or not path.stat().st_size:
        write(path, text, mode)
    return path.read_text(encoding="utf-8")
