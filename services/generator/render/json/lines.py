"""Writes NDJSON: an object per line and row, a file per query."""

from __future__ import annotations

from pathlib import Path

import pyarrow.compute as pc

from services.generator.answers import Answer
from services.generator.render.bytes_of import bytes_of
from services.generator.render.json.objects import objects
from services.generator.render.per_query import draw_per_query, field_names
from services.generator.render.report import Drawing, Progress, Report

MEDIA_TYPE = "application/x-ndjson"


def draw_ndjson(report: Report, folder: Path, progress: Progress) -> list[Drawing]:
    """One NDJSON file per answer."""
    return draw_per_query(report, folder, progress, ("ndjson", MEDIA_TYPE), _write)


def _write(answer: Answer, path: Path, progress: Progress) -> tuple[str, ...]:
    names, notes = field_names(answer.columns)
    kinds, rows = [column.kind for column in answer.columns], 0
    with path.open("wb", buffering=1 << 20) as file:
        for batch in answer.batches():
            file.write(bytes_of(pc.binary_join_element_wise(objects(batch, names, kinds), "", "\n")))
            rows += batch.num_rows
            progress(rows)
    return notes
