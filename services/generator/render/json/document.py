"""Writes one JSON object: what the report is, and the rows of each query."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc

from services.generator.answers import Answer
from services.generator.render.bytes_of import bytes_of
from services.generator.render.json.objects import encoded, objects
from services.generator.render.per_query import field_names
from services.generator.render.report import Drawing, Progress, Report, shifted

MEDIA_TYPE = "application/json"


def draw_json(report: Report, folder: Path, progress: Progress) -> list[Drawing]:
    """One file with all answers, written row by row."""
    path, done = folder / report.filename("json"), 0
    notes: list[str] = []
    with path.open("wb", buffering=1 << 20) as file:
        file.write(f'{{"report":{encoded(_facts(report))},\n"queries":['.encode())
        for answer in report.answers:
            file.write(b",\n" if done or answer is not report.answers[0] else b"\n")
            notes += _write(answer, file, shifted(progress, done))
            done += answer.rows
        file.write(b"]}\n")
    return [Drawing(path, "json", MEDIA_TYPE, report.rows, tuple(notes))]


def _facts(report: Report) -> dict[str, Any]:
    return {
        "name": report.slug,
        "title": report.title,
        "description": report.description,
        "source": report.source,
        "parameters": dict(report.parameters),
        "made_at": report.made_at,
        "scheduled_for": report.scheduled_for,
        "warnings": report.banners,
    }


def _write(answer: Answer, file: IO[bytes], progress: Progress) -> tuple[str, ...]:
    names, notes = field_names(answer.columns)
    kinds = [column.kind for column in answer.columns]
    head = {
        "name": answer.name,
        "columns": [{"name": name, "type": kind} for name, kind in zip(names, kinds, strict=True)],
        "row_count": answer.rows,
        "cut": None if answer.cut is None else {"shown": answer.cut.shown, "total": answer.cut.total},
    }
    file.write(f'{encoded(head)[:-1]},"rows":['.encode())
    rows = 0
    for batch in answer.batches():
        if batch.num_rows:
            file.write(bytes_of(_separated(objects(batch, names, kinds), first=rows == 0)))
        rows += batch.num_rows
        progress(rows)
    file.write(b"\n]}" if rows else b"]}")
    return notes


def _separated(rows: pa.StringArray, *, first: bool) -> pa.StringArray:
    """Each row on a line of its own, with a comma before all but the first."""
    lines = pc.binary_join_element_wise(",\n", rows, "")
    if not first:
        return lines
    return pa.concat_arrays([pc.utf8_slice_codeunits(lines[:1], 1), lines[1:]])
