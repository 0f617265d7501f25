"""Protects a workbook with a password, as Excel does: AES-256, agile encryption."""

from __future__ import annotations

from pathlib import Path

from msoffcrypto.format.ooxml import OOXMLFile

from libs.common.errors import PermanentFailure

MAX_BYTES = 40_000_000
"""The encryption holds the file in memory, several times over."""


def protect(path: Path, password: str) -> None:
    """Replace the workbook by one that only `password` opens; one above MAX_BYTES is a PermanentFailure."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise PermanentFailure(
            f"The workbook has {size / 1_000_000:,.0f} MB; one with a password may have {MAX_BYTES // 1_000_000} MB. "
            "Let it hold less, or pack it as a zip, which takes a password for any size."
        )
    open_file = path.with_name(f"{path.name}.open")
    path.rename(open_file)
    try:
        with open_file.open("rb") as source, path.open("w+b") as target:
            OOXMLFile(source).encrypt(password, target)
    finally:
        open_file.unlink()
