"""The bytes of a letter: parts between boundaries, whose size is known before a file is read.

The standard library builds a tree of messages and flattens it, with several copies of every file on the way, and
tells the size only afterwards. Here a part is its header and its encoded content, and nothing is copied twice.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable, Iterator

BASE64_LINE = 76
_RAW_LINE = BASE64_LINE // 4 * 3
_RAW_PIECE = _RAW_LINE * 4096
_END = b"\r\n"


def base64_size(size_bytes: int) -> int:
    """How many bytes `base64_lines` makes of so many."""
    encoded = -(-size_bytes // 3) * 4
    return encoded + -(-encoded // BASE64_LINE) * len(_END)


def base64_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """What `pieces` are together as lines of base64, each with its end, in pieces of some hundred kilobytes."""
    rest = b""
    for piece in pieces:
        raw = rest + piece
        whole = len(raw) // _RAW_LINE * _RAW_LINE
        yield from _lines(memoryview(raw)[:whole])
        rest = raw[whole:]
    yield from _lines(memoryview(rest))


def _lines(raw: memoryview) -> Iterator[bytes]:
    for start in range(0, len(raw), _RAW_PIECE):
        encoded = binascii.b2a_base64(raw[start : start + _RAW_PIECE], newline=False)
        lines = [encoded[at : at + BASE64_LINE] for at in range(0, len(encoded), BASE64_LINE)]
        yield _END.join([*lines, b""])


def text_part(subtype: str, text: str) -> bytes:
    """A part with `text`, in lines that every server takes: quoted-printable, or base64 where that is much shorter."""
    raw = "\r\n".join([*text.splitlines(), ""]).encode()
    content, encoding = binascii.b2a_qp(raw, istext=True), "quoted-printable"
    if len(content) > 1.6 * len(raw):
        content, encoding = b"".join(base64_lines([raw])), "base64"
    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n'
    return head.encode() + content


def alternative(parts: Iterable[bytes], boundary: str) -> bytes:
    """A part that says the same in several ways, the best one last."""
    head = f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'.encode()
    # A line end before a boundary belongs to the boundary, so that a part which ends with one keeps it.
    return head + b"".join(opening(boundary) + part + _END for part in parts) + closing(boundary)


def mixed(boundary: str) -> bytes:
    """The beginning of a letter with parts of different kinds; each follows an `opening`, and a `closing` the last."""
    return f'Content-Type: multipart/mixed; boundary="{boundary}"\r\n\r\n'.encode()


def opening(boundary: str) -> bytes:
    """What stands before a part."""
    return f"--{boundary}\r\n".encode()


def closing(boundary: str) -> bytes:
    """What stands behind the last part."""
    return f"--{boundary}--\r\n".encode()


def file_head(content_type: str, disposition: str) -> bytes:
    """The header of a part with a file, whose content are `base64_lines`."""
    head = f"Content-Type: {content_type}\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: {disposition}"
    return f"{head}\r\n\r\n".encode("ascii")
