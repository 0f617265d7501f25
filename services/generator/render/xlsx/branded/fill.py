"""Fills a designer's workbook with a report: named ranges with single values, tables with rows."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from openpyxl import Workbook, load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from libs.common.errors import PermanentFailure
from services.generator.parts import ChartPart, FailedPart, FigurePart, Part, TablePart
from services.generator.render.report import Progress, Report
from services.generator.render.xlsx.branded.about import add_about
from services.generator.render.xlsx.branded.content import chart_content, table_content
from services.generator.render.xlsx.branded.places import Places
from services.generator.render.xlsx.branded.tables import Room, fill_table
from services.generator.render.xlsx.codes import Codes
from services.generator.render.xlsx.oddities import Oddities

MAX_ROWS = 50_000
"""Rows of one table. A designed workbook is in memory as a whole while it is filled."""


def fill_workbook(report: Report, design: Path, path: Path, oddities: Oddities, progress: Progress) -> None:
    """Write `design` to `path` with the report in it.

    A figure goes into the named range, a table or chart into the table with its title or its query's name. Names of
    Excel have no blanks: `Total revenue` finds `Total_revenue`. A part without a place is a PermanentFailure.
    """
    book = _opened(design)
    places, codes, done = Places(book), Codes(report.look.locale), 0
    for part in report.parts:
        _put(part, places, oddities, codes)
        if isinstance(part, TablePart):
            done += part.answer.rows
            progress(min(done, report.rows))
    for name, value in _facts(report):
        places.write(name, value)
    told = places.write("notes", "\n".join(notes_of(report)))
    if report.look.cover or (notes_of(report) and not told):
        add_about(book, report, oddities)
    if book.calculation is not None:
        book.calculation.fullCalcOnLoad = True  # what the designer's formulas give is for Excel to find out
    book.save(path)


def notes_of(report: Report) -> tuple[str, ...]:
    """What a reader must know that is known before a cell is written."""
    cuts = [answer.cut.sentence(answer.name) for answer in report.answers if answer.cut is not None]
    notes = [note for part in report.parts for note in part.notes]
    return tuple(dict.fromkeys((*report.banners, *cuts, *notes)))


def _opened(design: Path) -> Workbook:
    try:
        with design.open("rb") as file:
            return load_workbook(file)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        raise PermanentFailure("The workbook of the template cannot be read; it must be an xlsx file.") from error


def _put(part: Part, places: Places, oddities: Oddities, codes: Codes) -> None:
    if isinstance(part, FailedPart):
        if not places.write(part.title, part.reason):
            place = places.table(part.title)
            if place is not None:
                place.sheet[place.first_cell].value = part.reason
    elif isinstance(part, FigurePart):
        _put_figure(part, places, codes)
    else:
        _put_rows(part, places, oddities, codes)


def _put_figure(part: FigurePart, places: Places, codes: Codes) -> None:
    format_ = None if part.format is None else codes.asked(part.format)
    if not places.write(part.title, part.value, format_):
        raise PermanentFailure(
            f"The workbook of the template has no place for the figure '{part.title}'; "
            f"give a cell the name {places.spelled(part.title)}."
        )
    places.write(f"{part.title}_previous", part.previous, format_)
    places.write(f"{part.title}_change", part.change)


def _put_rows(part: TablePart | ChartPart, places: Places, oddities: Oddities, codes: Codes) -> None:
    names = (part.title, part.answer.name) if isinstance(part, TablePart) else (part.title,)
    place: Room | None = next(filter(None, map(places.table, names)), None)
    if place is None:
        raise PermanentFailure(
            f"The workbook of the template has no place for '{part.title}'; "
            f"make a table (Insert > Table) with the name {places.spelled(part.title)}."
        )
    if isinstance(part, ChartPart):
        fill_table(place, chart_content(part, codes))
        return
    if part.answer.rows > MAX_ROWS:
        raise PermanentFailure(
            f"The table '{part.title}' has {part.answer.rows:,} rows; a designed workbook takes {MAX_ROWS:,} in a "
            "table. Limit the query, or leave the design away."
        )
    fill_table(place, table_content(part, oddities, codes))


def _facts(report: Report) -> Iterator[tuple[str, str | Decimal]]:
    """What a designer may name a cell for, besides the parts."""
    yield from report.parameters
    yield "title", report.title
    yield "subtitle", report.look.subtitle
    yield "description", report.description
    yield "source", report.source
    yield "day", report.day.isoformat()
    yield "rows", Decimal(report.rows)
