"""Whatever text a database may hold comes back from csv and json as it was."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from pathlib import Path
from typing import Any

from generator_content import kept, quiet, report
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.look import CsvDialect
from services.generator.render import RENDERERS

ANYTHING = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
AWKWARD = st.text(st.sampled_from("\",;\t|\r\n '=+-@0a\x00\x1f\\\u2028é😀"), max_size=6)
ROWS = st.lists(st.tuples(st.none() | ANYTHING | AWKWARD, AWKWARD, st.integers(-(2**63), 2**63 - 1)), min_size=1)


def drawn(format_: Any, rows: list[Any], folder: Path, **facts: Any) -> bytes:
    (drawing,) = RENDERERS[format_](report(kept(folder, ["a", "b", "n"], rows), **facts), folder, quiet)
    return drawing.path.read_bytes()


@settings(max_examples=12, deadline=None)
@given(
    rows=ROWS,
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    quoting=st.sampled_from(["minimal", "all"]),
    encoding=st.sampled_from(["utf-8", "utf-16"]),
)
def test_csv(rows: list[Any], delimiter: Any, quoting: Any, encoding: Any) -> None:
    dialect = CsvDialect(delimiter=delimiter, quoting=quoting, encoding=encoding, null="\\N", guard=False)
    with tempfile.TemporaryDirectory() as folder:
        content = drawn("csv", rows, Path(folder), csv=dialect).decode({"utf-8": "utf-8-sig"}.get(encoding, encoding))
    heading, *found = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter)
    assert heading == ["a", "b", "n"]
    assert found == [["\\N" if one is None else str(one) for one in row] for row in rows]


@settings(max_examples=12, deadline=None)
@given(rows=ROWS)
def test_json_and_ndjson(rows: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        whole = json.loads(drawn("json", rows, Path(folder)))
        lines = drawn("ndjson", rows, Path(folder)).split(b"\n")
    assert [tuple(row.values()) for row in whole["queries"][0]["rows"]] == rows
    assert [tuple(json.loads(line).values()) for line in lines[:-1]] == rows
    assert lines[-1] == b""
