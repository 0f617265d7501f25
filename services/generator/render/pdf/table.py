"""Draws one answer as a table that goes on over as many pages as it needs."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from services.generator.answers import Answer
from services.generator.columns.kinds import RIGHT_ALIGNED
from services.generator.render.pdf.canvas import ACCENT, INK, MUTED, RULE, WARNING, WARNING_PAPER, ZEBRA, Pages
from services.generator.render.pdf.figures import SHOWN_DECIMALS, is_rounded, shown
from services.generator.render.pdf.fonts import BOLD
from services.generator.render.pdf.layout import MARGIN, PADDING, Layout, lay_out
from services.generator.render.pdf.pen import Word, Writing
from services.generator.render.pdf.wrap import wrap
from services.generator.render.report import Progress

MAX_LINES = 4
"""A cell shows at most this many lines of its text."""

_SAMPLE_ROWS = 1_000

_MOST_CHARACTERS = 4_000
"""More than MAX_LINES of the widest column can show."""

_LONGEST_WORD = 200
"""A text with more characters than this is wider than any column."""

_ROW_AIR = 5.0
"""Points above and below the text of a row together."""


class Table:
    """One answer on its way onto the pages."""

    def __init__(self, pages: Pages, answer: Answer, max_rows: int) -> None:
        self._pages = pages
        self._answer = answer
        self._max_rows = max_rows
        self._layout = lay_out(answer.columns, _samples(answer), pages.regular, pages.bold)
        self._right = [column.kind in RIGHT_ALIGNED for column in answer.columns]
        self._lefts = [MARGIN + sum(self._layout.widths[:index]) for index in range(len(self._layout.widths))]
        self._row = 0
        self._writing = Writing(self._layout.size, INK)

    @property
    def layout(self) -> Layout:
        """How the table is laid out."""
        return self._layout

    def draw(self, progress: Progress) -> None:
        """The heading, the rows and the notes; begins where the pages are, or on a new page if there is no room."""
        self._begin()
        for batch in self._answer.batches():
            self._draw_batch(batch.slice(0, self._max_rows - self._row))
            progress(self._row)
            if self._row == self._max_rows:
                break
        self._end_page()
        if not self._answer.rows:
            self._pages.text(MARGIN + PADDING, self._pages.y - 12, "No rows.", 9, MUTED)
            self._pages.y -= 20
        self._draw_notes()

    def _begin(self) -> None:
        pages, layout = self._pages, self._layout
        if pages.paper != layout.paper or pages.y - self._needed_at_least() < pages.bottom:
            pages.turn(layout.paper)
        pages.y -= 16
        pages.text(MARGIN, pages.y, self._answer.name, 12, ACCENT, BOLD)
        count = f"{self._answer.rows:,} row{'' if self._answer.rows == 1 else 's'}"
        after = MARGIN + pages.bold.width(self._answer.name, 12) + 8
        pages.text(after, pages.y, count, 8.5, MUTED)
        pages.y -= 8
        for warning in self._warnings():
            self._draw_warning(warning)
        self._draw_headings()

    def _needed_at_least(self) -> float:
        """Room for the heading and three rows: a table does not begin at the very foot of a page."""
        rows = min(3, self._answer.rows) + 2
        return 30 + 20 * len(self._warnings()) + rows * (self._layout.line + _ROW_AIR)

    def _warnings(self) -> list[str]:
        answer = self._answer
        warnings = [answer.cut.sentence(answer.name)] if answer.cut is not None else []
        if answer.rows > self._max_rows:
            warnings.append(pdf_limit_note(answer, self._max_rows))
        return warnings

    def _draw_warning(self, text: str) -> None:
        pages, canvas = self._pages, self._pages.canvas
        canvas.setFillColor(WARNING_PAPER)
        canvas.rect(MARGIN, pages.y - 15, pages.width, 16, stroke=0, fill=1)
        pages.text(MARGIN + PADDING, pages.y - 10, text, 8, WARNING, BOLD)
        pages.y -= 20

    def _draw_headings(self) -> None:
        pages, layout, canvas = self._pages, self._layout, self._pages.canvas
        lines = max((len(heading) for heading in layout.headings), default=1)
        height = lines * layout.line + _ROW_AIR + 2
        canvas.setFillColor(ACCENT)
        canvas.rect(MARGIN, pages.y - height, sum(layout.widths), height, stroke=0, fill=1)
        canvas.setFillColorRGB(1, 1, 1)
        canvas.setFont(BOLD, layout.size)
        for index, heading in enumerate(layout.headings):
            for number, line in enumerate(reversed(heading)):
                y = pages.y - height + 5 + number * layout.line
                canvas.drawString(self._heading_x(index, line), y, pages.missing.drawable(line))
        pages.y -= height
        self._writing = Writing(layout.size, INK)

    def _draw_batch(self, batch: pa.RecordBatch) -> None:
        columns = [shown(array, column) for array, column in zip(batch.columns, self._answer.columns, strict=True)]
        for values in zip(*columns, strict=True):
            self._draw_row(values)

    def _draw_row(self, values: Sequence[str]) -> None:
        pages, layout = self._pages, self._layout
        cells, most = self._wrapped(values)
        height = most * layout.line + _ROW_AIR
        if pages.y - height < pages.bottom:
            self._end_page()
            pages.turn(layout.paper)
            self._draw_headings()
        if self._row % 2:
            pages.canvas.setFillColor(ZEBRA)
            pages.canvas.rect(MARGIN, pages.y - height, sum(layout.widths), height, stroke=0, fill=1)
        first = pages.y - layout.size - _ROW_AIR / 2 + 1
        for x, word, number in cells:
            self._writing.write(x, first - number * layout.line, word)
        pages.y -= height
        self._row += 1

    def _wrapped(self, values: Sequence[str]) -> tuple[list[tuple[float, Word, int]], int]:
        """Each line of each cell with its place from the left and its number in the cell, and the most lines."""
        pen, size, most = self._pages.pen, self._layout.size, 1
        cells: list[tuple[float, Word, int]] = []
        for index, (value, width) in enumerate(zip(values, self._layout.widths, strict=True)):
            if not value:
                continue
            room = width - 2 * PADDING
            word = pen.word(value) if len(value) <= _LONGEST_WORD and "\n" not in value else None
            words = [word] if word is not None and word.width * size <= room else self._lines(value, room)
            for number, line in enumerate(words):
                left = self._lefts[index] + PADDING
                cells.append((left + room - line.width * size if self._right[index] else left, line, number))
            most = max(most, len(words))
        return cells, most

    def _lines(self, value: str, room: float) -> list[Word]:
        pages = self._pages
        return [
            pages.pen.word(line)
            for line in wrap(value[:_MOST_CHARACTERS], pages.regular, self._layout.size, room, MAX_LINES)
        ]

    def _heading_x(self, index: int, line: str) -> float:
        left, width = self._lefts[index], self._layout.widths[index]
        if not self._right[index]:
            return left + PADDING
        return left + width - PADDING - self._pages.bold.width(line, self._layout.size)

    def _end_page(self) -> None:
        pages = self._pages
        pages.canvas.drawText(self._writing)
        pages.canvas.setStrokeColor(RULE)
        pages.canvas.setLineWidth(0.5)
        pages.canvas.line(MARGIN, pages.y, MARGIN + sum(self._layout.widths), pages.y)

    def _draw_notes(self) -> None:
        rounded = [column.name for column in self._answer.columns if is_rounded(column)]
        if rounded:
            note = f"Rounded to {SHOWN_DECIMALS} decimals here: {', '.join(rounded)}."
            for line in wrap(note, self._pages.regular, 7.5, self._pages.width, 3):
                self._pages.text(MARGIN, self._pages.y - 11, line, 7.5, MUTED)
                self._pages.y -= 10
        self._pages.y -= 14


def _samples(answer: Answer) -> list[list[str]]:
    """The first values of each column, for the layout to measure."""
    for batch in answer.batches():
        head = batch.slice(0, _SAMPLE_ROWS)
        return [shown(array, column) for array, column in zip(head.columns, answer.columns, strict=True)]
    return [[] for _ in answer.columns]


def pdf_limit_note(answer: Answer, max_rows: int) -> str:
    """That a PDF does not show all rows."""
    return f"{answer.name}: the PDF shows the first {max_rows:,} of {answer.rows:,} rows."
