"""Header values, encoded by us and written as they are.

The standard library decodes an RFC 2047 encoded word that it meets in a value and, before Python 3.11.10, writes the
line break that may hide in it as a line break: the subject `=?utf-8?q?a=0ABcc:_eve@example.org?=` became a Bcc
header. It also forgets the quotes of a display name that is too long for one line, so that `Doe, Jane, …` became
several addresses. Values that are encoded here and never parsed again cannot do either, in any version.
"""

from __future__ import annotations

import re
import unicodedata
from email.header import Header
from email.headerregistry import Address
from email.policy import EmailPolicy
from urllib.parse import quote

MAX_WORDS = 400
MAX_NAME = 120
MAX_FILENAME = 150
_PARAMETER_CHARACTERS = 60

_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They can make a name read as something else than it is, like an .exe as a .pdf."""

_QUOTABLE = re.compile(r"[A-Za-z0-9 !#$&'()+,.;=@\[\]^_`{}~-]{1,60}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_FOLD = re.compile(r"\r\n(?=[ \t]+\S)")


class AsWritten(EmailPolicy):
    """Keeps every header as it was set, with CRLF line ends, and refuses one that would begin another header."""

    def header_store_parse(self, name: str, value: str) -> tuple[str, str]:
        """The value itself, instead of the parsed and decoded one that EmailPolicy stores."""
        if _CONTROL.search(_FOLD.sub("", value)):
            raise ValueError(f"the value of the header {name} contains a line break or a control character")
        return name, value

    def header_fetch_parse(self, name: str, value: str) -> str:  # noqa: ARG002
        """The value itself; to parse it again at every look is what a letter would cost most."""
        return value


AS_WRITTEN = AsWritten(linesep="\r\n", refold_source="none", cte_type="7bit")


def one_line(text: str) -> str:
    """`text` on one line, its blanks collapsed, without control characters."""
    return " ".join(without_controls(text).split())


def without_controls(text: str) -> str:
    """`text` with blanks for control characters (line ends and tabs stay) and without direction overrides."""
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
