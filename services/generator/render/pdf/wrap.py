"""Breaks a text into lines that fit a column."""

from __future__ import annotations

import re

from services.generator.render.pdf.fonts import Ruler

ELLIPSIS = "…"


def wrap(text: str, ruler: Ruler, size: float, width: float, max_lines: int) -> list[str]:
    """At most `max_lines` lines no wider than `width` points; where text is left over the last ends with `…`."""
    lines: list[str] = []
    for paragraph in text.splitlines() or [""]:
        for line in _lines(paragraph, ruler, size, width):
            if len(lines) == max_lines:
                return [*lines[:-1], _ending(lines[-1], ruler, size, width)]
            lines.append(line)
    return lines


def _lines(paragraph: str, ruler: Ruler, size: float, width: float) -> list[str]:
    """The paragraph broken at spaces and hyphens, and inside a word only where one is wider than the column."""
    lines, line = [], ""
    for word in re.findall(r"\S*?[-/_,;]+(?=\w)|\S+|\s+", " ".join(paragraph.split())):
        if ruler.width(line + word.rstrip(), size) <= width:
            line += word
            continue
        if line.strip():
            lines.append(line.rstrip())
        line = word.lstrip()
        while ruler.width(line, size) > width:
            head = _head(line, ruler, size, width)
            lines.append(head)
            line = line[len(head) :]
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def _head(word: str, ruler: Ruler, size: float, width: float) -> str:
    """As much of `word` as fits, at least one character."""
    used, count = 0.0, 0
    for character in word:
        used += ruler[character] * size
        if used > width:
            break
        count += 1
    return word[: max(1, count)]


def _ending(line: str, ruler: Ruler, size: float, width: float) -> str:
    while line and ruler.width(line + ELLIPSIS, size) > width:
        line = line[:-1]
    return line.rstrip() + ELLIPSIS
