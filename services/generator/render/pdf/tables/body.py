"""What of a table stands on the page that is being drawn: rows, headings of groups, totals."""

from __future__ import annotations

from collections.abc import Sequence

from services.generator.parts import TablePart
from services.generator.render.pdf.ink import INK, RULE, WHITE, ZEBRA, boxes, line, rgb
from services.generator.render.pdf.pages import Pages
from services.generator.render.pdf.tables.cells import Cells, Place, Tall
from services.generator.render.pdf.tables.heading import draw_headings
from services.generator.render.pdf.tables.layout import PADDING, Layout
from services.generator.render.plot.colour import mixed

_ROW_AIR = 5.0
"""Points above and below the text of a row together."""

_BAND_AIR = 3.0
_TOTAL_AIR, _GRAND_AIR = 1.0, 4.0

Box = tuple[float, float, float, float]


def row_height(size: float) -> float:
    """The height of a row of one line, in points."""
    return round(size * 1.25 + _ROW_AIR, 2)


class Body:
    """Gathers what belongs together on a page, and turns the page where there is no more room."""

    def __init__(self, pages: Pages, part: TablePart, layout: Layout, accent: str) -> None:
        self._pages = pages
        self._part = part
        self._layout = layout
        self._accent = accent
        self._places = _places(part, layout)
        self.cells = [Cells(place, pages.regular) for place in self._places]
        self.bold = [Cells(place, pages.bold) for place in self._places]
        self.coloured = {
            index: [Cells(self._places[index], pages.regular, rule.text or INK) for rule in shown.rules]
            for index, shown in enumerate(part.columns)
            if shown.rules
        }
        self.height = row_height(layout.size)
        self.heading = ""
        """Of the group that the rows belong to; said again at the top of a page."""
        self.depth = 0
        back = round(sum(place.step for place in self._places), 2)
        self._next = f"{-back:g} {-self.height:g} Td "
        self._right = layout.lefts[0] + layout.width
        self._texts: list[str] = []
        self._papers: dict[str, list[Box]] = {}
        self._rules: list[str] = []
        self._goes_on = False
        self._is_striped = False

    def begin(self) -> None:
        """The headings of the columns."""
        draw_headings(self._pages, self._part.columns, self._layout, self._accent)

    def row(self, codes: Sequence[str], papers: Sequence[tuple[int, str]] = ()) -> None:
        """A row of cells; `papers` are the columns whose paper is coloured, and how."""
        pages = self._pages
        lines = self._lines(codes)
        height = self.height if lines == 1 else round(lines * self._layout.line + _ROW_AIR, 2)
        if pages.y - height < pages.bottom:
            self._turn()
        if self._is_striped:
            self._paper(ZEBRA, height)
        self._is_striped = not self._is_striped
        for index, paper in papers:
            left, width = self._layout.lefts[index], self._layout.widths[index]
            self._papers.setdefault(paper, []).append((left, pages.y - height, width, height))
        if self._goes_on:
            self._texts.append(self._next)
        else:
            self._texts.append(f"1 0 0 1 {self._layout.lefts[0] + PADDING:.2f} {self._baseline():.2f} Tm ")
        self._texts.extend(codes)
        self._goes_on = lines == 1
        pages.y -= height

    def need(self, rows: float) -> bool:
        """Turn the page where there is no room for so many rows of one line; whether it did."""
        if self._pages.y - rows * (self.height + _BAND_AIR) >= self._pages.bottom:
            return False
        self._turn()
        return True

    def band(self, title: str, depth: int) -> None:
        """A group's heading over the width of the table; the deeper the paler."""
        height, indent = self.height + _BAND_AIR, 10.0 * depth
        self._paper(mixed(self._accent, WHITE, 0.80 + 0.07 * min(depth, 2)), height)
        self._write_bold(title, indent, self._baseline() - _BAND_AIR / 2, self._layout.width - indent)
        self._end_row(height)

    def totals(self, label: str, texts: Sequence[str], depth: int, *, is_last: bool) -> None:
        """Totals below their columns; the label stands before the first, or above where there is no room for it."""
        pages, layout = self._pages, self._layout
        first = next((index for index, text in enumerate(texts) if text), 0)
        indent = 10.0 * depth
        room = layout.lefts[first] - layout.lefts[0] - indent
        has_own_line = pages.bold.width(label, layout.size) > room - 2 * PADDING
        above = self.height if has_own_line else 0.0
        air = _GRAND_AIR if is_last else _TOTAL_AIR
        height = self.height + above + air
        if pages.y - height < pages.bottom:
            self._turn()
        ends = (layout.lefts[0], pages.y), (self._right, pages.y)
        self._rules.append(line(*ends, self._accent, 1.2 if is_last else 0.6))
        if is_last:
            self._paper(mixed(self._accent, WHITE, 0.88), height)
        y = self._baseline() - air / 2
        self._write_bold(label, indent, y, layout.width - indent if has_own_line else room)
        codes = "".join(cells[text] for cells, text in zip(self.bold, texts, strict=True))
        self._in_bold(layout.lefts[0] + PADDING, y - above, codes)
        self._end_row(height)

    def end(self) -> None:
        """Draw what was gathered, and a line below it."""
        pages = self._pages
        for paper, rectangles in self._papers.items():
            pages.draw(boxes(rectangles, paper))
        for rule in self._rules:
            pages.draw(rule)
        if self._texts:
            font = f"/{pages.regular.font} {self._layout.size:g} Tf"
            pages.draw(f"BT {rgb(INK)} rg {font}\n{''.join(self._texts)}ET")
        pages.draw(line((self._layout.lefts[0], pages.y), (self._right, pages.y), RULE))
        self._texts, self._papers, self._rules = [], {}, []
        self._goes_on = self._is_striped = False

    def _turn(self) -> None:
        self.end()
        self._pages.turn()
        self.begin()
        if self.heading:
            self.band(f"{self.heading} (continued)", self.depth)

    def _lines(self, codes: Sequence[str]) -> int:
        for cells in self.cells:  # of every row, so it is written to be fast
            if cells.has_tall:
                break
        else:
            return 1
        return max((code.lines for code in codes if type(code) is Tall), default=1)

    def _baseline(self) -> float:
        """Of a row that begins where the pages are."""
        return self._pages.y - self._layout.size - _ROW_AIR / 2 + 1

    def _paper(self, colour: str, height: float) -> None:
        row = (self._layout.lefts[0], self._pages.y - height, self._layout.width, height)
        self._papers.setdefault(colour, []).append(row)

    def _end_row(self, height: float) -> None:
        self._pages.y -= height
        self._goes_on = self._is_striped = False

    def _write_bold(self, text: str, indent: float, y: float, room: float) -> None:
        place = Place(0.0, room - 2 * PADDING, "left", self._layout.size, self._layout.line)
        self._in_bold(self._layout.lefts[0] + PADDING + indent, y, Cells(place, self._pages.bold, most_lines=1)[text])

    def _in_bold(self, x: float, y: float, code: str) -> None:
        bold, regular, size = self._pages.bold.font, self._pages.regular.font, self._layout.size
        self._texts.append(f"/{bold} {size:g} Tf 1 0 0 1 {x:.2f} {y:.2f} Tm {code} /{regular} {size:g} Tf\n")
        self._goes_on = False


def _places(part: TablePart, layout: Layout) -> list[Place]:
    return [
        Place(
            step=round(layout.lefts[index] - layout.lefts[index - 1], 2) if index else 0.0,
            room=layout.widths[index] - 2 * PADDING,
            align=shown.align,
            size=layout.size,
            line=layout.line,
        )
        for index, shown in enumerate(part.columns)
    ]
