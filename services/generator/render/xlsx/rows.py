"""The rows of a table as the XML of a sheet, many at a time: Arrow joins whole columns of text, Python no cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from xlsxwriter.utility import xl_col_to_name

from services.generator.parts import ShownColumn
from services.generator.render.xlsx.cells import Cells, cells
from services.generator.render.xlsx.escape import text_elements
from services.generator.render.xlsx.oddities import Oddities

Piece = Any
"""A part of a row's XML: a str that is the same in each row, or an Arrow array with a text for each."""


@dataclass(frozen=True)
class Pattern:
    """What rows of one sort have in common: the attributes of `<row>`, and the style of each column's cells."""

    attributes: str
    styles: tuple[int, ...]


def row_elements(
    batch: pa.RecordBatch, columns: Sequence[ShownColumn], numbers: pa.Array, pattern: Pattern, oddities: Oddities
) -> pa.StringArray:
    """One `<row>` for each row of `batch`; `numbers` are their numbers in the sheet, where 1 is the first."""
    row = numbers.cast(pa.string())
    pieces: list[Piece] = ['<row r="', row, f'"{pattern.attributes}>']
    for index, (shown, style) in enumerate(zip(columns, pattern.styles, strict=True)):
        as_words = shown.format is not None and shown.format.kind == "text"
        found = cells(batch.column(shown.index), shown.column, oddities, text=as_words)
        pieces += _cells(found, [f'<c r="{xl_col_to_name(index)}', row, f'"{style_attribute(style)}'])
    return _joined([*pieces, "</row>"])


def style_attribute(style: int) -> str:
    """The attribute of a cell with `style`; 0 is everybody's and goes without saying."""
    return f' s="{style}"' if style else ""


def _cells(found: Cells, opening: list[Piece]) -> list[Piece]:
    wholes: list[list[Piece]] = []
    if found.numbers is not None:
        wholes.append([*opening, ' t="b"><v>' if found.boolean else "><v>", found.numbers, "</v></c>"])
    if found.words is not None:
        wholes.append([*opening, ' t="inlineStr"><is><t', text_elements(found.words), "</t></is></c>"])
    if len(wholes) == 1 and wholes[0][-2].null_count == 0:
        return wholes[0]
    # Where a value is missing the whole cell is, so it is made first: NULL joined with anything is NULL.
    elements = [_joined(whole, missing="emit_null") for whole in wholes]
    if len(elements) == 2:
        return [pc.coalesce(*elements)]
    return list(elements)


def _joined(pieces: Sequence[Piece], missing: str = "replace") -> pa.StringArray:
    merged: list[Piece] = []
    for piece in pieces:
        if merged and isinstance(piece, str) and isinstance(merged[-1], str):
            merged[-1] += piece
        else:
            merged.append(piece)
    return pc.binary_join_element_wise(*merged, "", null_handling=missing, null_replacement="")


def run_of_bytes(texts: pa.StringArray) -> pa.Buffer:
    """All the texts as one run of bytes: Arrow keeps those of an array end to end, so nothing is copied."""
    _, offsets, data = texts.buffers()
    first, last = (memoryview(offsets).cast("i")[texts.offset + index] for index in (0, len(texts)))
    return data.slice(first, last - first)
