"""Files that belong to a template: a logo, and a branded workbook to fill. They are told by their bytes.

A file is stored under the hash of its content and never changed: an order that is under way keeps the one that it was
placed with, and a removed file is only no longer named.
"""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
from typing import Literal

from sqlalchemy.orm import Session

from services.api.announcements import announce_schedules
from services.api.audit import note
from services.api.definitions import alone
from services.api.people import Caller
from services.api.platform import Platform
from services.api.problems import Refused, wrong
from services.api.tables import TemplateRow
from services.api.templates import find_template

What = Literal["logo", "workbook"]

LOGO_BYTES = 1_000_000
WORKBOOK_BYTES = 5_000_000
LOGO_PIXELS = 4_000
"""On each side: a small file can hold a picture that fills all memory once it is unpacked."""

WORKBOOK_UNPACKED_BYTES = 100_000_000

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""The markers of a JPEG after which its height and width stand."""

_WORKBOOK = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"


def upload(platform: Platform, which: str, what: What, content: bytes) -> str:
    """Store `content` for a template and return its key; Refused if it is not what it should be."""
    with platform.records.read() as session:
        find_template(session, which)
    extension = _picture(content) if what == "logo" else _workbook(content)
    key = f"looks/{hashlib.sha256(content).hexdigest()}.{extension}"
    platform.artifacts.put(key, content)
    return key


def assign_upload(
    session: Session, platform: Platform, caller: Caller, which: str, what: What, key: str
) -> TemplateRow:
    """Let a template have the file `key`, or none if that is empty; its schedules follow at once."""
    alone(session)
    row = find_template(session, which)
    column = f"{what}_key"
    if getattr(row, column) != key:
        setattr(row, column, key)
        row.updated_at = platform.now
        note(session, caller, "changed", "template", row.id, platform.now, fields=[what])
        announce_schedules(session, platform, TemplateRow.id == row.id)
    return row


def _picture(content: bytes) -> str:
    try:
        if content.startswith(_PNG):
            extension, size = "png", struct.unpack(">II", content[16:24])
        elif content.startswith(_JPEG):
            extension, size = "jpg", _jpeg_size(content)
        else:
            raise _refused("logo", "a PNG or JPEG picture, and these bytes are neither")
    except (struct.error, IndexError) as error:
        raise _refused("logo", "a whole PNG or JPEG picture; this one breaks off") from error
    if not all(0 < side <= LOGO_PIXELS for side in size):
        shown = f"{size[0]:,} × {size[1]:,}"
        raise _refused("logo", f"a picture of 1 to {LOGO_PIXELS:,} pixels on each side, not {shown}")
    return extension


def _jpeg_size(content: bytes) -> tuple[int, ...]:
    """Width and height; an IndexError or struct.error if they do not come."""
    at = 2
    while True:
        while content[at] == 0xFF:
            at += 1
        marker, length = content[at], struct.unpack(">H", content[at + 1 : at + 3])[0]
        if marker in _SIZES:
            return tuple(reversed(struct.unpack(">HH", content[at + 4 : at + 8])))
        at += 1 + length
        if content[at] != 0xFF:
            raise IndexError


def _workbook(content: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            kinds = archive.read("[Content_Types].xml")
            unpacked = sum(one.file_size for one in archive.infolist())
    except (zipfile.BadZipFile, KeyError, OSError, RuntimeError, NotImplementedError, ValueError) as error:
        raise _refused("workbook", "an xlsx workbook without a password") from error
    if _WORKBOOK not in kinds:
        raise _refused("workbook", "an xlsx workbook (without macros), not another kind of file")
    if unpacked > WORKBOOK_UNPACKED_BYTES:
        raise _refused("workbook", f"one that unpacks to at most {WORKBOOK_UNPACKED_BYTES:,} bytes, not {unpacked:,}")
    return "xlsx"


def _refused(field: What, right: str) -> Refused:
    return wrong(field, f"{field} must be {right}.")
