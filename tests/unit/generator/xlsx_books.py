"""Workbooks drawn from parts, and read back."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from generator_content import quiet, report
from openpyxl import Workbook, load_workbook

from libs.common.look import Widget
from services.generator.answers import Answer
from services.generator.parts import resolve
from services.generator.render import Drawing
from services.generator.render.xlsx import draw_xlsx


def drawn(folder: Path, answers: Sequence[Answer], widgets: Sequence[Widget] = (), **facts: Any) -> Drawing:
    """The file of a report with these widgets."""
    max_rows = {"max_rows": facts.pop("max_rows")} if "max_rows" in facts else {}
    what = report(*answers, parts=resolve(tuple(widgets), tuple(answers), folder), **facts)
    (drawing,) = draw_xlsx(what, folder, quiet, **max_rows)
    return drawing


def book(folder: Path, answers: Sequence[Answer], widgets: Sequence[Widget] = (), **facts: Any) -> Workbook:
    """The same, opened."""
    return load_workbook(drawn(folder, answers, widgets, **facts).path)


def values(sheet: Any) -> list[tuple[Any, ...]]:
    """All rows, without the empty cells at the end of each."""
    rows = []
    for row in sheet.iter_rows(values_only=True):
        while row and row[-1] is None:
            row = row[:-1]
        rows.append(row)
    return rows


def xml_parts(path: Path) -> dict[str, ET.Element]:
    """Every XML part of the package, parsed."""
    with zipfile.ZipFile(path) as package:
        assert package.testzip() is None
        names = [name for name in package.namelist() if name.endswith((".xml", ".rels"))]
        return {name: ET.fromstring(package.read(name)) for name in names}
