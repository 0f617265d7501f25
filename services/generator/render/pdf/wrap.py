"""Breaks a text into lines that fit a column."""

from __future__ import annotations

import re

from services.generator.render.pdf.type.fonts import Pen

ELLIPSIS = "…"

_WIDE = "\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uffef"
_CLOSING = "、。，．」』）】〕》〉！？：；・ー々ゝゞぁぃぅぇぉっゃゅょァィゥェォッャュョ"
_PIECES = re.compile(rf"[{_WIDE}][{_CLOSING}]*|[^\s{_WIDE}]*?[-/_,;]+(?=\w)|[^\s{_WIDE}]+|\s+")
"""A line may end after each of these: words, parts of words, single characters of Chinese and its neighbours
with what may not begin a line."""


def wrap(text: str, pen: Pen, size: float, width: float, max_lines: int) -> list[str]:
    """At most `max_lines` lines no wider than `width` points; where text is left over the last ends with `…`."""
    lines: list[str] = []
    for paragraph in text.splitlines() or [""]:
        for line in _lines(paragraph, pen, size, width):
            if len(lines) == max_lines:
                return [*lines[:-1], _ending(lines[-1], pen, size, width)]
            lines.append(line)
    return lines


def shortened(text: str, pen: Pen, size: float, width: float) -> str:
    """`text` on one line, cut where it is too long."""
    return wrap(text, pen, size, width, 1)[0]


def _lines(paragraph: str, pen: Pen, size: float, width: float) -> list[str]:
    """The paragraph broken at spaces and hyphens, and inside a word only where one is wider than the column."""
    lines, line = [], ""
    for word in _PIECES.findall(" ".join(paragraph.split())):
        if pen.width(line + word.rstrip(), size) <= width:
            line += word
            continue
        if line.strip():
            lines.append(line.rstrip())
        line = word.lstrip()
        while line and pen.width(line, size) > width:
            head = _head(line, pen, size, width)
            lines.append(head)
            line = line[len(head) :]
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def _head(word: str, pen: Pen, size: float, width: float) -> str:
    """As much of `word` as fits, at least one character."""
    used, count = 0.0, 0
    for character in word:
        used += pen.width(character, size)
        if used > width:
            break
        count += 1
    return word[: max(1, count)]


def _ending(line: str, pen: Pen, size: float, width: float) -> str:
    while line and pen.width(line + ELLIPSIS, size) > width:
        line = line[:-1]
    return line.rstrip() + ELLIPSIS
