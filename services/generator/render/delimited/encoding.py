"""The bytes of a CSV file."""

from __future__ import annotations

import codecs
import re

from libs.common.look import CsvDialect

_MARKS = {"utf-8": codecs.BOM_UTF8, "utf-16": codecs.BOM_UTF16_LE}
_SUBSTITUTE = "?"


class Encoding:
    """Turns lines into the dialect's encoding. A character that it does not have becomes `?`, and is counted.

    UTF-16 is little-endian and always begins with its mark: without one nobody could tell the order of its bytes.
    """

    def __init__(self, dialect: CsvDialect) -> None:
        self._name = dialect.encoding
        self._codec = "utf-16-le" if dialect.encoding == "utf-16" else dialect.encoding
        self._lost = 0
        self.mark = _MARKS.get(dialect.encoding, b"") if dialect.bom or dialect.encoding == "utf-16" else b""

    def encoded(self, lines: memoryview) -> memoryview | bytes:
        """The lines, which are UTF-8."""
        if self._name == "utf-8":
            return lines
        text = bytes(lines).decode()
        try:
            return text.encode(self._codec)
        except UnicodeEncodeError:
            return self._without_unknown(text).encode(self._codec)

    def note(self, filename: str) -> str:
        """How many characters were lost, for the reader; empty if none."""
        if not self._lost:
            return ""
        what = "1 character is" if self._lost == 1 else f"{self._lost:,} characters are"
        return f"{filename}: {what} not in {self._name} and written as {_SUBSTITUTE}; UTF-8 would keep them."

    def _without_unknown(self, text: str) -> str:
        unknown = {one for one in set(text) if not _has(self._codec, one)}
        found = re.compile("[" + re.escape("".join(sorted(unknown))) + "]")
        replaced, count = found.subn(_SUBSTITUTE, text)
        self._lost += count
        return replaced


def _has(codec: str, character: str) -> bool:
    try:
        character.encode(codec)
    except UnicodeEncodeError:
        return False
    return True
