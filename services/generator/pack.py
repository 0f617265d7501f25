"""Packs drawn files: one archive of all, or each text file by itself. Both are written as a stream."""

from __future__ import annotations

import gzip
import shutil
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pyzipper

from libs.common.errors import PermanentFailure
from libs.common.handling import Packing, unprotected
from services.generator.render import Drawing

_PIECE_BYTES = 1 << 20

_TEXT = frozenset({"csv", "json", "ndjson", "html"})

_COMPRESSED = frozenset({"xlsx", "pdf", "parquet"})
"""Formats that are compressed already: once more would cost time and win nothing."""


def check_password(packing: Packing, formats: Iterable[str]) -> None:
    """PermanentFailure if a file that must be protected could not be."""
    if packing.sealed_password and packing.pack != "zip" and (bare := unprotected(formats)):
        raise PermanentFailure(
            f"The template has a password, and {' and '.join(bare)} cannot have one; pack the files as zip, or leave "
            f"{'it' if len(bare) == 1 else 'them'} out."
        )


def pack(drawings: list[Drawing], packing: Packing, password: str, archive: Path, made_at: datetime) -> list[Drawing]:
    """What is delivered in place of `drawings`: the zip file `archive`, `.gz` files beside them, or they themselves.

    With a password the archive is encrypted (AES-256, as 7-Zip, WinZip and macOS read it).
    """
    if packing.pack == "zip":
        return [_zipped(drawings, password, archive, made_at)]
    if packing.pack == "gzip":
        return [_gzipped(drawing) if drawing.format in _TEXT else drawing for drawing in drawings]
    return drawings


def _zipped(drawings: list[Drawing], password: str, archive: Path, made_at: datetime) -> Drawing:
    with _archive(archive, password) as file:
        for drawing in drawings:
            entry = file.zipinfo_cls(drawing.path.name, made_at.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_STORED if drawing.format in _COMPRESSED else zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            entry.file_size = drawing.path.stat().st_size  # decides whether the entry needs the sizes of Zip64
            with drawing.path.open("rb") as source, file.open(entry, "w") as target:
                shutil.copyfileobj(source, target, _PIECE_BYTES)
            drawing.path.unlink()
    return Drawing(
        path=archive,
        format="zip",
        media_type="application/zip",
        rows=max((drawing.rows for drawing in drawings), default=0),
        notes=tuple(note for drawing in drawings for note in drawing.notes),
    )


def _archive(path: Path, password: str) -> pyzipper.AESZipFile:
    if not password:
        return pyzipper.ZipFile(path, "w")
    file = pyzipper.AESZipFile(path, "w", encryption=pyzipper.WZ_AES)
    file.setpassword(password.encode())
    return file


def _gzipped(drawing: Drawing) -> Drawing:
    path = drawing.path.with_name(f"{drawing.path.name}.gz")
    # No time and no name inside: the same rows make the same file.
    with (
        drawing.path.open("rb") as source,
        path.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0, compresslevel=6) as target,
    ):
        shutil.copyfileobj(source, target, _PIECE_BYTES)
    drawing.path.unlink()
    return replace(drawing, path=path, media_type="application/gzip")
