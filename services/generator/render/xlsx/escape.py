"""Text as it may stand in a sheet's XML, whole columns at a time."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.compute as pc

_MARKUP = r"[&<>]"
_SPECIAL = r"[\x00-\x08\x0B-\x1F\x{FFFE}\x{FFFF}]|_x[0-9A-Fa-f]{4}_"
_PADDED = r"^[ \t\r\n]|[ \t\r\n]$"
_ANY = "|".join((_MARKUP, _SPECIAL, _PADDED))

_LIKE_AN_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")


def text_elements(text: pa.StringArray) -> pa.StringArray:
    """Each text as the content of an inline string, from the `>` that ends its opening `<t` on; NULL stays NULL.

    XML cannot hold control characters: Excel writes them as `_x0007_`, and a text that looks so as `_x005F_x0007_`.
    """
    if not pc.any(pc.match_substring_regex(text, _ANY)).as_py():
        return pc.binary_join_element_wise(">", text, "")
    special = pc.match_substring_regex(text, _SPECIAL)
    if pc.any(special).as_py():
        rewritten = [without_controls(value) for value in text.filter(special).to_pylist()]
        text = pc.replace_with_mask(text, pc.fill_null(special, False), pa.array(rewritten, pa.string()))
    padded = pc.match_substring_regex(text, _PADDED)
    for mark, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = pc.replace_substring(text, mark, entity)
    return pc.binary_join_element_wise(pc.if_else(padded, ' xml:space="preserve">', ">"), text, "")


def text_element(text: str) -> str:
    """The same for one text."""
    padding = ' xml:space="preserve"' if text != text.strip(" \t\r\n") else ""
    return f"{padding}>{escape(without_controls(text))}"


def without_controls(text: str) -> str:
    """`text` with the characters that XML cannot hold as Excel writes them."""
    text = _LIKE_AN_ESCAPE.sub("_x005F_", text)
    return _CONTROL.sub(lambda match: f"_x{ord(match.group()):04X}_", text)
