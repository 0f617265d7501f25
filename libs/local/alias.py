"""A plain, short path to a folder whose own path some programs cannot live with.

Unix sockets have paths of about a hundred bytes at most, and RabbitMQ stumbles over spaces, quotes and letters outside
ASCII in its paths. A folder like that gets a symbolic link in a private temporary folder while it is in use.
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from libs.local.files import write

MAX_PATH_BYTES = 70
"""Leaves room for the names of the files below it."""

PLAIN = re.compile(r"[A-Za-z0-9/._+-]+")
MEMORY = "alias"


def plain_path(folder: Path) -> Path:
    """`folder` itself if its absolute path is plain and short, else a link to it, which is there on return."""
    folder = folder.absolute()
    if PLAIN.fullmatch(str(folder)) and len(str(folder)) <= MAX_PATH_BYTES:
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    known = _known(folder)
    if known and _leads_to(known, folder):
        return known
    link = Path(tempfile.mkdtemp(prefix="pressroom-")) / "here"
    link.symlink_to(folder)
    write(folder / MEMORY, str(link))
    return link


def forget_alias(folder: Path) -> None:
    """Remove the link to `folder`, if there is one; whoever used it must have stopped."""
    link = _known(folder.absolute())
    if link is None:
        return
    if _leads_to(link, folder.absolute()):
        link.unlink()
        link.parent.rmdir()
    (folder / MEMORY).unlink()


def _known(folder: Path) -> Path | None:
    memory = folder / MEMORY
    return Path(memory.read_text(encoding="utf-8")) if memory.exists() else None


def _leads_to(link: Path, folder: Path) -> bool:
    # A stranger could have put something under this name after a cleaner of temporary folders took ours away.
    try:
        return link.readlink() == folder and link.lstat().st_uid == os.geteuid()
    except OSError:
        return False
