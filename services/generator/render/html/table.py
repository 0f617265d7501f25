"""The rows of one table as lines of HTML, one after the other: a page of many rows is never whole in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

import pyarrow as pa
from markupsafe import Markup

from services.generator.parts import ShownColumn, TablePart, Totals, runs
from services.generator.parts.rules import fitting_rules
from services.generator.parts.writing import Writer, rounding_note
from services.generator.render.html.text import escaped
from services.generator.render.report import Progress

_TOTAL_WORDS = {"sum": "", "average": "avg ", "min": "min ", "max": "max ", "count": "n = "}
_NULL = Markup('<td class="null"></td>')


class Table:
    """One table on its way into the page."""

    def __init__(
        self, part: TablePart, writer: Writer, max_rows: int, progress: Progress, said: Sequence[str] = ()
    ) -> None:
        self.part = part
        self.rounding = rounding_note(part)
        self._writer = writer
        self._max_rows = max_rows
        self._progress = progress
        self._said = said
        self._titles: list[str] = []
        self._starts = [Markup('<td class="{}">').format(_class(shown)) for shown in part.columns]

    @property
    def warnings(self) -> list[str]:
        """What must be known before the rows are read, and was not said above all parts."""
        answer = self.part.answer
        cut = answer.cut.sentence(answer.name) if answer.cut is not None else ""
        return [text for text in (cut, limit_note(self.part, self._max_rows)) if text and text not in self._said]

    def lines(self) -> Iterator[Markup]:
        """The body of the table: rows, groups with subtotals, totals."""
        part, done = self.part, 0
        subtotals = [Totals(part.columns) for _ in part.groups] if part.totals is not None else []
        yield Markup("<tbody>")
        for level, slice_ in runs(part.batches(), part.groups):
            rows = slice_.slice(0, self._max_rows - done)
            if level is not None:
                if done:
                    yield from self._closing(subtotals, level)
                yield from self._opening(rows, level)
                subtotals[level:] = [Totals(part.columns) for _ in subtotals[level:]]
            for totals in subtotals:
                totals.add(rows)
            yield from self._rows(rows)
            done += rows.num_rows
            self._progress(done)
            if done >= self._max_rows:
                break
        if done and done == part.answer.rows:  # a group that is cut has no subtotal that would be true
            yield from self._closing(subtotals, 0)
        yield Markup("</tbody>")
        if part.totals is not None:
            yield Markup("<tfoot>{}</tfoot>").format(self._totals("Total", part.totals, "total"))

    def _rows(self, rows: pa.RecordBatch) -> Iterator[Markup]:
        columns = [
            self._cells(rows.column(shown.index), shown, start)
            for shown, start in zip(self.part.columns, self._starts, strict=True)
        ]
        for cells in zip(*columns, strict=True):
            yield Markup("<tr>" + "".join(cells) + "</tr>")  # noqa: S704 - each cell is escaped

    def _cells(self, array: pa.Array, shown: ShownColumn, start: Markup) -> list[Markup]:
        texts = self._writer.column(array, shown)
        nulls = array.is_null().to_pylist()
        rules = fitting_rules(array, shown) if shown.rules else [-1] * len(texts)
        return [
            _NULL if null else (start if rule < 0 else _coloured(shown, rule)) + escaped(text) + Markup("</td>")
            for text, null, rule in zip(texts, nulls, rules, strict=True)
        ]

    def _opening(self, rows: pa.RecordBatch, level: int) -> Iterator[Markup]:
        for depth in range(level, len(self.part.groups)):
            shown = self._group_column(self.part.groups[depth])
            value = self._writer.column(rows.column(shown.index).slice(0, 1), shown)[0] or "–"
            self._titles[depth:] = [value]
            band = '<tr class="band depth{}"><th colspan="{}" scope="rowgroup">{}: {}</th></tr>'
            yield Markup(band).format(min(depth, 2), len(self.part.columns), shown.label, escaped(value))  # noqa: S704

    def _closing(self, subtotals: Sequence[Totals], level: int) -> Iterator[Markup]:
        """The subtotals of the groups that end where a new one of `level` begins, the innermost first."""
        for depth in reversed(range(level, len(subtotals))):
            yield self._totals(f"Total {self._titles[depth]}", subtotals[depth].values(), "subtotal")

    def _totals(self, label: str, values: Sequence[Decimal | None], kind: str) -> Markup:
        """A row of totals; its label stands in the columns before the first, or in a row of its own."""
        texts = [self._total(shown, value) for shown, value in zip(self.part.columns, values, strict=True)]
        first = next((index for index, text in enumerate(texts) if text), len(texts))
        head = Markup('<th colspan="{}" scope="row">{}</th>').format(first or len(texts), escaped(label))
        if first == 0:
            head += Markup('</tr><tr class="{}">').format(kind)
        cells = Markup("").join(
            Markup('<td class="{}">{}</td>').format(shown.align, text)
            for shown, text in list(zip(self.part.columns, texts, strict=True))[first:]
        )
        return Markup('<tr class="{}">{}{}</tr>').format(kind, head, cells)

    def _total(self, shown: ShownColumn, value: Decimal | None) -> str:
        if shown.total is None or value is None:
            return ""
        return _TOTAL_WORDS[shown.total] + self._writer.total(value, shown)

    def _group_column(self, index: int) -> ShownColumn:
        """How the values of a group's column are written, shown or not."""
        for shown in self.part.columns:
            if shown.index == index:
                return shown
        column = self.part.answer.columns[index]
        return ShownColumn(column, index, column.heading, None, "left", None, None, ())


def limit_note(part: TablePart, max_rows: int) -> str:
    """That a page does not show all rows; empty if it does."""
    if part.answer.rows <= max_rows:
        return ""
    return f"{part.title}: the page shows the first {max_rows:,} of {part.answer.rows:,} rows."


def _class(shown: ShownColumn) -> str:
    """How a cell is aligned; only text may be broken into lines."""
    return shown.align if shown.column.kind in ("text", "binary") else f"{shown.align} solid"


def _coloured(shown: ShownColumn, place: int) -> Markup:
    """The beginning of a cell that a rule colours; on paper of its own a cell keeps dark letters on dark screens."""
    rule = shown.rules[place]
    ink = rule.text or ("#1B2733" if rule.paper else "")
    classes = [_class(shown), *(["inked"] if ink else []), *(["papered"] if rule.paper else [])]
    style = ";".join(f"{name}:{value}" for name, value in (("--text", ink), ("--cell", rule.paper)) if value)
    return Markup('<td class="{}" style="{}">').format(" ".join(classes), style)
