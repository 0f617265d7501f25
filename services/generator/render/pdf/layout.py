"""Chooses the paper, the type size and the column widths for a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reportlab.lib.pagesizes import A3, A4, landscape

from services.generator.answers import Column
from services.generator.render.pdf.figures import longest_figure
from services.generator.render.pdf.fonts import Ruler
from services.generator.render.pdf.wrap import wrap

MARGIN = 40.0
"""Points of white on each side of a page."""

PADDING = 5.0
"""Points between a cell's edge and its text, left and right."""

_NARROWEST, _WIDEST_TEXT = 58.0, 230.0
"""Points at type size 9 within which the width of a text column is chosen where there is no room for all of it."""

_CODE_LENGTH = 12
"""Texts up to this length are taken for codes and names that must not be broken."""

_SIZES = (9.0, 8.0, 7.0)

Size = tuple[float, float]


@dataclass(frozen=True)
class Layout:
    """A table's paper (width and height in points), its type size, and for each column its width and headings."""

    paper: Size
    size: float
    widths: tuple[float, ...]
    headings: tuple[tuple[str, ...], ...]

    @property
    def line(self) -> float:
        """The distance between two lines of text, in points."""
        return self.size * 1.25


@dataclass(frozen=True)
class _Need:
    """What a column wants and what it can live with, in points at size 1."""

    natural: float
    least: float


def lay_out(columns: Sequence[Column], samples: Sequence[Sequence[str]], regular: Ruler, bold: Ruler) -> Layout:
    """The smallest paper and largest type in which no number is cut and text columns stay readable.

    `samples` has some values of each column: of two texts with as many letters one can be twice as wide.
    """
    needs = [_need(column, sample, regular, bold) for column, sample in zip(columns, samples, strict=True)]
    paper, size = _choose(needs)
    widths = _share(needs, size, paper[0] - 2 * MARGIN)
    headings = tuple(
        tuple(wrap(column.heading, bold, size, width - 2 * PADDING, 3))
        for column, width in zip(columns, widths, strict=True)
    )
    return Layout(paper, size, widths, headings)


def _need(column: Column, sample: Sequence[str], regular: Ruler, bold: Ruler) -> _Need:
    words = column.heading.replace("_", "_ ").split()
    heading = max((bold.width(word, 1) for word in words), default=0.0)
    if column.kind not in ("text", "binary"):
        least = max(regular.width(longest_figure(column), 1), min(heading, 12.0))
        return _Need(max(least, min(bold.width(column.heading, 1), least * 1.3)), least)
    lines = [line for text in (column.longest, *sample) for line in text.splitlines()]
    natural = max((regular.width(line, 1) for line in lines), default=0.0)
    natural *= 1.15 if len(column.longest) <= _CODE_LENGTH else 1.03  # rows beyond the sample may be wider
    heading = min(bold.width(column.heading, 1), 12.0)
    return _Need(max(min(natural, _WIDEST_TEXT / 9), heading), max(min(natural, _NARROWEST / 9), min(heading, 6.0)))


def _choose(needs: Sequence[_Need]) -> tuple[Size, float]:
    natural = [(paper, size) for size in _SIZES[:2] for paper in (A4, landscape(A4))]
    least = [(paper, size) for paper in (landscape(A4), landscape(A3)) for size in _SIZES]
    for paper, size in natural:
        if _total(needs, size, "natural") <= paper[0] - 2 * MARGIN:
            return paper, size
    for paper, size in least:
        if _total(needs, size, "least") <= paper[0] - 2 * MARGIN:
            return paper, size
    size = _SIZES[-1]  # so many columns that no paper has room: the page grows, nothing is left out
    return (_total(needs, size, "least") + 2 * MARGIN, landscape(A3)[1]), size


def _total(needs: Sequence[_Need], size: float, which: str) -> float:
    return float(sum(getattr(need, which) * size + 2 * PADDING for need in needs))


def _share(needs: Sequence[_Need], size: float, room: float) -> tuple[float, ...]:
    """Every column its least, then what is left in proportion to what each still wants, then a little air."""
    least = [need.least * size + 2 * PADDING for need in needs]
    wants = [(need.natural - need.least) * size for need in needs]
    spare = room - sum(least)
    given = min(1.0, spare / sum(wants)) if sum(wants) > 0 and spare > 0 else 0.0
    widths = [width + want * given for width, want in zip(least, wants, strict=True)]
    used = sum(widths)
    target = room if used * 2.5 >= room else used * 1.5
    air = max(0.0, target - used) / max(1, len(widths))
    return tuple(width + air for width in widths)
