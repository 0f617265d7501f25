"""Text that a page can hold."""

from __future__ import annotations

from markupsafe import Markup, escape

_VISIBLE = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\t\n\r"} | {0x7F: "\u2421"}
"""HTML has no way to write most control characters: their pictures stand for them (␀ for NUL)."""


def visible(text: str) -> str:
    """`text` with the pictures of control characters in their place."""
    return text if text.isprintable() else text.translate(_VISIBLE)


def escaped(text: str) -> Markup:
    """`text` as it stands between tags. A carriage return is spelt out: a browser takes a bare one for a newline."""
    safe = escape(visible(text))
    return Markup(safe.replace("\r", Markup("&#13;"))) if "\r" in safe else safe  # noqa: S704 - escaped above
