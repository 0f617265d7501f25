"""Draws one table that goes on over as many pages as it needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice

import pyarrow as pa

from services.generator.parts import TablePart, runs
from services.generator.parts.rules import fitting_rules
from services.generator.parts.writing import Writer, rounding_note
from services.generator.render.pdf.banner import banner_height, draw_banner
from services.generator.render.pdf.ink import MUTED
from services.generator.render.pdf.pages import Pages
from services.generator.render.pdf.section import begin_section
from services.generator.render.pdf.tables.body import Body, row_height
from services.generator.render.pdf.tables.groups import Groups
from services.generator.render.pdf.tables.layout import PADDING, Need, fitting_size, lay_out
from services.generator.render.pdf.tables.measure import Measured, total_texts, written
from services.generator.render.pdf.type import Fonts
from services.generator.render.pdf.wrap import wrap
from services.generator.render.report import Progress

MAX_ROWS = 200_000
"""Rows of one table that a PDF shows. This is some 4,000 pages; whoever needs more does not need paper."""

_LEAST_SIZE = 5.0

Row = tuple[list[str], list[tuple[int, str]]]
"""The operators of a row's cells, and the columns whose paper has a colour of its own."""


class Table:
    """One table on its way onto the pages."""

    def __init__(self, fonts: Fonts, part: TablePart, writer: Writer, accent: str, max_rows: int) -> None:
        self._part = part
        self._fonts = fonts
        self._writer = writer
        self._accent = accent
        self._max_rows = max_rows
        self.cut_note = ""
        """Once it is drawn: which columns have texts that are longer than their cells."""

    @property
    def needs(self) -> tuple[Need, ...]:
        """What its columns need."""
        return self._measured.needs

    def height(self, width: float) -> float:
        """How high it is where no text is wrapped, in points; for tables beside each other."""
        size = fitting_size(self.needs, width, is_given=True) or _LEAST_SIZE
        rows = self._part.answer.rows + 2 + 2 * (self._part.totals is not None)
        return 46 + rows * row_height(size) + 10 * len(self._notes())

    def draw(self, pages: Pages, progress: Progress, banners: Sequence[str], left: float, width: float) -> None:
        """The heading, the rows and the notes, from where the pages are; `banners` say what was said already."""
        warnings = [warning for warning in self._warnings() if warning not in banners]
        size = fitting_size(self.needs, width, is_given=True) or _LEAST_SIZE
        self._draw_title(pages, warnings, left, width, size)
        if self._part.columns:
            layout = lay_out(self._part.columns, self.needs, self._fonts, left, width, size)
            body = Body(pages, self._part, layout, self._accent)
            body.begin()
            groups = Groups(self._part, self._writer, body, lambda level, title: pages.bookmark(level, title, pages.y))
            self._draw_rows(body, groups, progress)
            body.end()
            self.cut_note = _cut_note(self._part, body)
        if not self._part.answer.rows:
            pages.text(left + PADDING, pages.y - 14, "No rows: the query found nothing.", 9, MUTED)
            pages.y -= 22
        self._draw_notes(pages, left, width)

    @cached_property
    def _measured(self) -> Measured:
        return Measured(self._part, self._writer, self._fonts)

    def _draw_title(self, pages: Pages, warnings: Sequence[str], left: float, width: float, size: float) -> None:
        part = self._part
        rows = min(3, part.answer.rows) + 2 + len(part.groups)
        needed = 34 + rows * row_height(size) + sum(banner_height(pages, warning, width) for warning in warnings)
        count = f"{part.answer.rows:,} row{'' if part.answer.rows == 1 else 's'}"
        begin_section(pages, part.title, self._accent, needed, left=left, width=width, remark=count)
        for warning in warnings:
            draw_banner(pages, warning, left, width)

    def _warnings(self) -> list[str]:
        answer = self._part.answer
        warnings = [answer.cut.sentence(answer.name)] if answer.cut is not None else []
        if answer.rows > self._max_rows:
            warnings.append(limit_note(self._part, self._max_rows))
        return warnings

    def _draw_rows(self, body: Body, groups: Groups, progress: Progress) -> None:
        part, rows, done = self._part, self._rows(body), 0
        for level, batch in runs(part.batches(), part.groups) if part.groups else self._unbroken():
            if level is not None:
                groups.begin(level, batch)
            groups.add(batch)
            for codes, papers in islice(rows, batch.num_rows):
                body.row(codes, papers)
            done += batch.num_rows
            progress(min(done, self._max_rows))
            if done >= self._max_rows:
                break
        if not done or part.answer.rows > self._max_rows:
            return
        groups.end(0)
        if part.totals is not None:
            body.heading = ""
            body.totals("Total", total_texts(part.totals, part.columns, self._writer), 0, is_last=True)

    def _unbroken(self) -> Iterator[tuple[None, pa.RecordBatch]]:
        for batch in self._part.batches():
            yield None, batch

    def _rows(self, body: Body) -> Iterator[Row]:
        """All rows that are shown, whole batches of them prepared at once however small the groups are."""
        left = self._max_rows
        first, self._measured.first = self._measured.first, None
        for batch in self._part.batches():
            texts = written(batch, self._part.columns, self._writer) if first is None else first
            yield from islice(self._batch(body, batch, texts), left)
            left -= batch.num_rows
            first = None
            if left <= 0:
                return

    def _batch(self, body: Body, batch: pa.RecordBatch, texts: list[list[str]]) -> Iterator[Row]:
        columns, nothing = self._part.columns, list[tuple[int, str]]()
        fits = {index: fitting_rules(batch.column(columns[index].index), columns[index]) for index in body.coloured}
        for number, values in enumerate(zip(*texts, strict=True)):
            codes = [cells[value] for cells, value in zip(body.cells, values, strict=True)]
            papers = nothing
            if fits:
                papers = self._colour(body, codes, values, {index: found[number] for index, found in fits.items()})
            yield codes, papers

    def _colour(
        self, body: Body, codes: list[str], values: Sequence[str], found: dict[int, int]
    ) -> list[tuple[int, str]]:
        """Exchange the cells that a rule colours; the columns whose paper it colours, and how."""
        papers = []
        for index, place in found.items():
            if place >= 0:
                codes[index] = body.coloured[index][place][values[index]]
                paper = self._part.columns[index].rules[place].paper
                if paper is not None:
                    papers.append((index, paper))
        return papers

    def _notes(self) -> list[str]:
        return [note for note in (*self._part.notes, rounding_note(self._part), self.cut_note) if note]

    def _draw_notes(self, pages: Pages, left: float, width: float) -> None:
        for note in self._notes():
            for row in wrap(note, pages.regular, 7.5, width, 3):
                pages.text(left, pages.y - 11, row, 7.5, MUTED)
                pages.y -= 10
        pages.y -= 14


def _cut_note(part: TablePart, body: Body) -> str:
    """Which columns have texts that are longer than their cells; empty if none has."""
    cut = [
        shown.label
        for index, shown in enumerate(part.columns)
        if any(cells.has_cut for cells in (body.cells[index], *body.coloured.get(index, ())))
    ]
    return f"{part.title}: in the PDF long texts end with …: {', '.join(cut)}." if cut else ""


def limit_note(part: TablePart, max_rows: int) -> str:
    """That a PDF does not show all rows."""
    return f"{part.title}: the PDF shows the first {max_rows:,} of {part.answer.rows:,} rows."
