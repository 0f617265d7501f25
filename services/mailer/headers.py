"""Header values, encoded by us and written as they are.

The standard library decodes an RFC 2047 encoded word that it meets in a value and, before Python 3.11.10, writes the
line break that may hide in it as a line break: the subject `=?utf-8?q?a=0ABcc:_eve@example.org?=` became a Bcc
header. It also forgets the quotes of a display name that is too long for one line, so that `Doe, Jane, …` became
several addresses. Values that are encoded here and never parsed again cannot do either, in any version.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from email.header import Header
from email.headerregistry import Address
from urllib.parse import quote

from libs.common.messages import Artifact

MAX_WORDS = 400
MAX_NAME = 120
MAX_FILENAME = 150
_PARAMETER_CHARACTERS = 60

_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They can make a name read as something else than it is, like an .exe as a .pdf."""

_QUOTABLE = re.compile(r"[A-Za-z0-9 !#$&'()+,.;=@\[\]^_`{}~-]{1,60}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_FOLD = re.compile(r"\r\n(?=[ \t]+\S)")


def header(name: str, value: str) -> str:
    """One header with its line end; a ValueError if its value would begin another one."""
    if _CONTROL.search(_FOLD.sub("", value)):
        raise ValueError(f"the value of the header {name} contains a line break or a control character")
    return f"{name}: {value}\r\n"


def one_line(text: str) -> str:
    """`text` on one line, its blanks collapsed, without control characters."""
    return " ".join(without_controls(text).split())


def without_controls(text: str) -> str:
    """`text` with blanks for control characters (line ends and tabs stay) and without direction overrides."""
    if text.isprintable():  # nearly every text is, and has none of them
        return text
    return "".join(_harmless(character) for character in text if character not in _BIDI_CONTROLS)


def words(text: str, header: str) -> str:
    """The value of an unstructured header, such as Subject."""
    text = one_line(text)[:MAX_WORDS]
    return _plain(text, header) if text.isascii() and "=?" not in text else _encoded(text, header)


def mailbox_value(mailbox: Address, header: str) -> str:
    """The value of an address header with one mailbox."""
    name = one_line(mailbox.display_name)[:MAX_NAME]
    if not name:
        return mailbox.addr_spec
    if name.isascii() and "=?" not in name:
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        written = f'"{escaped}"'
    else:
        written = _encoded(name, header)
    return f"{written}{_gap(written, mailbox.addr_spec)}<{mailbox.addr_spec}>"


def attachment_value(filename: str) -> str:
    """The value of Content-Disposition for a file, its name after RFC 2231 where it needs to be."""
    if _QUOTABLE.fullmatch(filename) and "=?" not in filename:
        return f'attachment; filename="{filename}"'
    parts = _split_quoted(quote(filename, safe=""))
    if len(parts) == 1:
        return f"attachment;\r\n filename*=utf-8''{parts[0]}"
    first, *rest = parts
    continued = [f" filename*{number}*={part}" for number, part in enumerate(rest, start=1)]
    return ";\r\n".join(["attachment", f" filename*0*=utf-8''{first}", *continued])


def mailboxes_value(mailboxes: Sequence[Address], header: str, *, utf8: bool) -> str:
    """The value of an address header with several mailboxes, each on a line of its own.

    Without `utf8` an address in another script cannot be named: its place is taken by an empty group of that name,
    as RFC 6857 has it.
    """
    return ",\r\n ".join(
        mailbox_value(one, header) if utf8 or one.addr_spec.isascii() else _empty_group(one, header)
        for one in mailboxes
    )


def filename_of(artifact: Artifact) -> str:
    """The name under which the reader saves an artifact."""
    return safe_filename(artifact.filename, otherwise=f"report.{artifact.format}")


def safe_filename(name: str, otherwise: str) -> str:
    """`name` as a file name that any system can save: no folders, no control characters, not too long."""
    name = re.sub(r'[/\\:*?"<>|]', "_", one_line(name)).strip(". ")
    stem, dot, ending = name.rpartition(".")
    if len(name) > MAX_FILENAME:
        name = f"{stem[: MAX_FILENAME - 10]}{dot}{ending[:9]}" if dot else name[:MAX_FILENAME]
    return name or otherwise


def _harmless(character: str) -> str:
    if character in "\r\n\t":
        return character
    return " " if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") else character


def _empty_group(mailbox: Address, header: str) -> str:
    return f"{_encoded(one_line(mailbox.display_name or mailbox.addr_spec)[:MAX_NAME], header)}:;"


def _gap(written: str, address: str) -> str:
    last_line = written.rpartition("\n")[2]
    return " " if len(last_line) + len(address) < _PARAMETER_CHARACTERS else "\r\n "


def _plain(text: str, header: str) -> str:
    return Header(text, "us-ascii", header_name=header, maxlinelen=76).encode(linesep="\r\n")


def _encoded(text: str, header: str) -> str:
    return Header(text, "utf-8", header_name=header, maxlinelen=76).encode(linesep="\r\n")


def _split_quoted(text: str) -> list[str]:
    """`text` in pieces, never inside a %XX."""
    parts = [""]
    for token in re.findall(r"%[0-9A-F]{2}|.", text):
        if len(parts[-1]) + len(token) > _PARAMETER_CHARACTERS:
            parts.append("")
        parts[-1] += token
    return parts
