"""Chooses the type size and the column widths of a table, and finds the paper that has room for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.generator.parts import ShownColumn
from services.generator.render.pdf.pages import MARGIN, Size
from services.generator.render.pdf.type import Fonts
from services.generator.render.pdf.wrap import wrap

PADDING = 5.0
"""Points between a cell's edge and its text, left and right."""

SIZES = (9.0, 8.0, 7.0)
_SMALLEST_SIZES = (6.0, 5.0)
"""Only where the paper is given and has no room for more."""

_NARROWEST, _WIDEST_TEXT = 58.0, 230.0
"""Points at type size 9 within which the width of a text column is chosen where there is no room for all of it."""

_CODE_LENGTH = 12
"""Texts up to this length are taken for codes and names that must not be broken."""

_CHARACTER = 0.55
"""The width of a usual character at size 1: what a width in characters means."""


@dataclass(frozen=True)
class Need:
    """What a column wants and what it can live with, in points at size 1."""

    full: float
    """Where even its longest text is on one line."""
    natural: float
    least: float


@dataclass(frozen=True)
class Layout:
    """A table's type size, and for each column its left edge, width and headings, in points."""

    size: float
    lefts: tuple[float, ...]
    widths: tuple[float, ...]
    headings: tuple[tuple[str, ...], ...]

    @property
    def line(self) -> float:
        """The distance between two lines of text."""
        return self.size * 1.25

    @property
    def width(self) -> float:
        """From the left edge of the first column to the right edge of the last."""
        return self.lefts[-1] + self.widths[-1] - self.lefts[0] if self.lefts else 0.0


def needs_of(columns: Sequence[ShownColumn], samples: Sequence[Sequence[str]], fonts: Fonts) -> tuple[Need, ...]:
    """What each column needs. `samples` are texts of each column, its longest among them: of two texts with as many
    letters one can be twice as wide."""
    return tuple(_need(column, sample, fonts) for column, sample in zip(columns, samples, strict=True))


def fitting_size(needs: Sequence[Need], room: float, *, is_given: bool) -> float | None:
    """The largest type at which the columns have what they need in `room` points; None if there is none.

    On given paper the type may be smaller than one would choose.
    """
    for size in SIZES[:2]:
        if _total(needs, size, natural=True) <= room:
            return size
    sizes = (*SIZES, *_SMALLEST_SIZES) if is_given else SIZES
    return next((size for size in sizes if _total(needs, size, natural=False) <= room), None)


def is_comfortable(needs: Sequence[Need], paper: Size) -> bool:
    """Whether the columns have all that they want on the paper."""
    room = paper[0] - 2 * MARGIN
    return any(_total(needs, size, natural=True) <= room for size in SIZES[:2])


def least_width(needs: Sequence[Need], *, is_given: bool) -> float:
    """The room that the columns need at the smallest type."""
    return _total(needs, _SMALLEST_SIZES[-1] if is_given else SIZES[-1], natural=False)


def lay_out(
    columns: Sequence[ShownColumn], needs: Sequence[Need], fonts: Fonts, left: float, room: float, size: float
) -> Layout:
    """The columns side by side from `left` on."""
    widths = tuple(round(width, 2) for width in _share(columns, needs, size, room))
    lefts = tuple(round(left + sum(widths[:index]), 2) for index in range(len(widths)))
    headings = tuple(
        tuple(wrap(column.label, fonts.bold, size, width - 2 * PADDING, 3))
        for column, width in zip(columns, widths, strict=True)
    )
    return Layout(size, lefts, widths, headings)


def _need(shown: ShownColumn, sample: Sequence[str], fonts: Fonts) -> Need:
    words = shown.label.replace("_", "_ ").split()
    longest_word = max((fonts.bold.width(word, 1) for word in words), default=0.0)
    label = fonts.bold.width(shown.label, 1)
    natural = max((fonts.regular.width(line, 1) for line in _lines(sample)), default=0.0)
    if shown.column.kind not in ("text", "binary"):
        least = max(natural, min(longest_word, 12.0))
        wide = max(least, min(label, least * 1.3))
        need = Need(wide, wide, least)
    else:
        natural *= 1.15 if len(shown.column.longest) <= _CODE_LENGTH else 1.03  # rows beyond the sample may be wider
        heading = min(label, 12.0)
        wide = max(min(natural, _WIDEST_TEXT / 9), heading)
        need = Need(max(natural, heading), wide, max(min(natural, _NARROWEST / 9), min(heading, 6.0)))
    if shown.width is None:
        return need
    asked = shown.width * _CHARACTER
    if shown.column.kind in ("text", "binary"):
        return Need(asked, asked, min(asked, need.least))
    return Need(max(asked, need.least), max(asked, need.least), need.least)  # what is no text is never cut


def _lines(texts: Sequence[str]) -> Iterator[str]:
    for text in texts:
        yield from text.splitlines() if "\n" in text else (text,)


def _total(needs: Sequence[Need], size: float, *, natural: bool) -> float:
    return float(sum((need.natural if natural else need.least) * size + 2 * PADDING for need in needs))


def _share(columns: Sequence[ShownColumn], needs: Sequence[Need], size: float, room: float) -> list[float]:
    """Every column its least, then what it wants, then what keeps its texts from being wrapped, then a little air."""
    widths = [need.least * size + 2 * PADDING for need in needs]
    widths = _given(widths, [(need.natural - need.least) * size for need in needs], room)
    widths = _given(widths, [(need.full - need.natural) * size for need in needs], room)
    used = sum(widths)
    target = room if used * 2.5 >= room else used * 1.5
    elastic = [index for index, column in enumerate(columns) if column.width is None]
    air = max(0.0, target - used) / max(1, len(elastic))
    return [width + (air if index in elastic else 0.0) for index, width in enumerate(widths)]


def _given(widths: list[float], wants: list[float], room: float) -> list[float]:
    """The widths with as much of what is wanted as there is room for, to each its share."""
    spare, wanted = room - sum(widths), sum(wants)
    part = min(1.0, spare / wanted) if wanted > 0 and spare > 0 else 0.0
    return [width + want * part for width, want in zip(widths, wants, strict=True)]
