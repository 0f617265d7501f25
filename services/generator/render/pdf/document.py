"""Draws a report as one PDF: a cover block, and one after another what the template asks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from services.generator.parts import ChartPart, FailedPart, FigurePart, Part, TablePart
from services.generator.parts.writing import Writer
from services.generator.render.facts import moment
from services.generator.render.pdf.banner import draw_banner
from services.generator.render.pdf.chart import chart_height, draw_chart
from services.generator.render.pdf.cover import draw_cover
from services.generator.render.pdf.figure import GAP, draw_figures, rows_of
from services.generator.render.pdf.pages import MARGIN, Imprint, Pages
from services.generator.render.pdf.paper import choose_paper
from services.generator.render.pdf.protect import protect
from services.generator.render.pdf.section import begin_section
from services.generator.render.pdf.tables import MAX_ROWS, Table, limit_note
from services.generator.render.pdf.type import SUBSTITUTE, Fonts
from services.generator.render.report import Drawing, Progress, Report, shifted

MEDIA_TYPE = "application/pdf"


def draw_pdf(report: Report, folder: Path, progress: Progress, max_rows: int = MAX_ROWS) -> list[Drawing]:
    """One PDF with all parts of the report."""
    path = folder / report.filename("pdf")
    document = _Document(path, report, progress, max_rows)
    document.draw()
    if report.password:
        protect(path, report.password)
    return [Drawing(path, "pdf", MEDIA_TYPE, document.rows, tuple(document.notes()))]


class _Document:
    """One report on its way onto pages."""

    def __init__(self, path: Path, report: Report, progress: Progress, max_rows: int) -> None:
        self._report = report
        self._writer = Writer(report.look.locale)
        self._accent = report.look.accent
        self._progress = progress
        self._max_rows = max_rows
        fonts = Fonts()
        self._tables = {
            id(part): Table(fonts, part, self._writer, self._accent, max_rows)
            for part in report.parts
            if isinstance(part, TablePart)
        }
        paper = choose_paper(report.look, [table.needs for table in self._tables.values()])
        self._pages = Pages(path, fonts, self._imprint(), paper, report.rows // 30 + 1)
        self.rows = 0
        """Rows of tables that are drawn."""

    def draw(self) -> None:
        """All of it, and the file's end."""
        self._pages.turn()
        draw_cover(self._pages, self._report, self._writer)
        for line in _lines_of(self._report.parts):
            self._draw_line(line)
        self._pages.save()

    def notes(self) -> Iterator[str]:
        """What its reader must know."""
        for part in self._report.parts:
            if isinstance(part, TablePart) and part.answer.rows > self._max_rows:
                yield limit_note(part, self._max_rows)
        yield from (table.cut_note for table in self._tables.values() if table.cut_note)
        strange = sorted(self._pages.fonts.strange)
        if strange:
            such = " ".join(strange[:5])
            yield f"The PDF's fonts cannot draw some characters, such as {such}; it shows {SUBSTITUTE} in their place."

    def _imprint(self) -> Imprint:
        report = self._report
        made = moment(report.made_at, report.timezone, self._writer)
        return Imprint(
            title=report.title,
            subject=report.look.subtitle or report.description,
            keywords=", ".join((report.slug, report.source, *(f"{name}={value}" for name, value in report.parameters))),
            made_at=report.made_at,
            footer=f"{report.title} · {report.source} · made {made}",
            head=report.title,
            warning="See the notice on page 1" if report.banners else "",
        )

    def _draw_line(self, line: Sequence[Part]) -> None:
        """Parts that stand beside each other: a row of figures, two halves, or one part alone."""
        figures = [part for part in line if isinstance(part, FigurePart)]
        if figures:
            draw_figures(self._pages, figures, self._writer, self._accent)
            return
        width = self._half if len(line) == 2 or self._is_half(line[0]) else self._pages.width
        if len(line) == 2 and not self._fit_beside(line, width):
            for part in line:
                self._draw_part(part, MARGIN, self._pages.width)
            return
        if len(line) == 2:
            self._pages.need(max(self._height(part, width) for part in line))
        top, ends = self._pages.y, []
        for index, part in enumerate(line):
            self._pages.y = top
            self._draw_part(part, MARGIN + index * (width + GAP), width)
            ends.append(self._pages.y)
        self._pages.y = min(ends)

    @property
    def _half(self) -> float:
        return (self._pages.width - GAP) / 2

    def _is_half(self, part: Part) -> bool:
        """Whether a part that stands alone keeps to its half: a table takes all the room that there is."""
        return part.width == "half" and isinstance(part, ChartPart)

    def _fit_beside(self, line: Sequence[Part], width: float) -> bool:
        """Whether two halves fit on one page; a long table does not."""
        room = self._pages.top - self._pages.bottom
        return all(self._height(part, width) <= room for part in line)

    def _height(self, part: Part, width: float) -> float:
        if isinstance(part, TablePart):
            return self._tables[id(part)].height(width)
        return chart_height(width) + 46 if isinstance(part, ChartPart) else 80.0

    def _draw_part(self, part: Part, left: float, width: float) -> None:
        if isinstance(part, TablePart):
            table = self._tables[id(part)]
            table.draw(self._pages, shifted(self._progress, self.rows), self._report.banners, left, width)
            self.rows += min(part.answer.rows, self._max_rows)
        elif isinstance(part, ChartPart):
            draw_chart(self._pages, part, self._writer, self._accent, left, width)
        elif isinstance(part, FailedPart):
            self._draw_failed(part, left, width)

    def _draw_failed(self, part: FailedPart, left: float, width: float) -> None:
        begin_section(self._pages, part.title, self._accent, 70, left=left, width=width)
        words = part.reason if part.no_rows else f"This part could not be made. {part.reason}"
        draw_banner(self._pages, words, left, width, is_failure=not part.no_rows)
        self._pages.y -= 8


def _lines_of(parts: Sequence[Part]) -> Iterator[Sequence[Part]]:
    """The parts in lines: figures in rows, two halves that follow one another side by side."""
    for is_figure, group in groupby(parts, key=lambda part: isinstance(part, FigurePart)):
        if is_figure:
            yield from rows_of([part for part in group if isinstance(part, FigurePart)])
        else:
            yield from _in_pairs(list(group))


def _in_pairs(parts: list[Part]) -> Iterator[list[Part]]:
    index = 0
    while index < len(parts):
        pair = parts[index : index + 2]
        is_pair = len(pair) == 2 and all(part.width == "half" for part in pair)
        yield pair if is_pair else pair[:1]
        index += 2 if is_pair else 1
