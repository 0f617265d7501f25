"""JSON, NDJSON and Parquet, read back by readers of other people. The table of types has a test of its own."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from generator_content import kept, quiet, report

from services.generator.answers import Answer
from services.generator.render import RENDERERS, Drawing

EXACT = [Decimal("12.50"), None, Decimal("99999999999999999999.99")]


def drawn(format_: Any, folder: Path, *answers: Answer, **facts: Any) -> list[Drawing]:
    return RENDERERS[format_](report(*answers, **facts), folder, quiet)


def ndjson(path: Path) -> list[Any]:
    return [json.loads(line, parse_float=Decimal) for line in path.read_text().splitlines()]


def test_ndjson_has_an_object_per_row_and_a_file_per_query(tmp_path: Path) -> None:
    many = kept(tmp_path, ["n", "t"], [(n, f"«{n}»\n") for n in range(12_345)], name="Many")
    none = kept(tmp_path, ["n"], [], name="None at all")
    first, second = drawn("ndjson", tmp_path, many, none)
    assert first.path.name == "delays-many-2026-11-23.ndjson"
    assert ndjson(first.path) == [{"n": n, "t": f"«{n}»\n"} for n in range(12_345)]
    assert (first.rows, first.media_type) == (12_345, "application/x-ndjson")
    assert second.path.read_bytes() == b""


def test_json_is_one_object_that_says_what_it_is(tmp_path: Path) -> None:
    many = kept(tmp_path, ["n"], [(value,) for value in EXACT], name="Sales", max_rows=2)
    none = kept(tmp_path, ["a", "b"], [], name="None")
    made = drawn(
        "json",
        tmp_path,
        many,
        none,
        parameters=(("since", "2013-01-01"),),
        banners=("Not checked.",),
        scheduled_for=datetime(2026, 11, 23, 7, tzinfo=UTC),
    )
    (drawing,) = made
    found = json.loads(drawing.path.read_bytes(), parse_float=Decimal)
    assert found == {
        "report": {
            "name": "delays",
            "title": "Delays by carrier",
            "description": "",
            "source": "flights",
            "parameters": {"since": "2013-01-01"},
            "made_at": "2026-11-23T08:00:00Z",
            "scheduled_for": "2026-11-23T07:00:00Z",
            "warnings": ["Not checked."],
        },
        "queries": [
            {
                "name": "Sales",
                "columns": [{"name": "n", "type": "numeric"}],
                "row_count": 2,
                "cut": {"shown": 2, "total": 3},
                "rows": [{"n": Decimal("12.50")}, {"n": None}],
            },
            {
                "name": "None",
                "columns": [{"name": "a", "type": "empty"}, {"name": "b", "type": "empty"}],
                "row_count": 0,
                "cut": None,
                "rows": [],
            },
        ],
    }


@pytest.mark.parametrize("rows", [1, 2, 2_500])
def test_json_stays_one_object_over_batches(rows: int, tmp_path: Path) -> None:
    (drawing,) = drawn("json", tmp_path, kept(tmp_path, ["n"], [(n,) for n in range(rows)]))
    found = json.loads(drawing.path.read_bytes())
    assert [row["n"] for row in found["queries"][0]["rows"]] == list(range(rows))


def test_parquet_has_exact_types_and_says_what_it_is(tmp_path: Path) -> None:
    days = [date(1, 1, 1), None, date(9999, 12, 31)]
    (drawing,) = drawn("parquet", tmp_path, kept(tmp_path, ["n", "day"], list(zip(EXACT, days, strict=True))))
    table = pq.read_table(drawing.path)
    assert table.schema.types == [pa.decimal128(38, 2), pa.date32()]
    assert table.to_pydict() == {"n": EXACT, "day": days}
    about = {key.decode(): value.decode() for key, value in table.schema.metadata.items()}
    assert about["title"] == "Delays by carrier"


@pytest.mark.parametrize(
    ("values", "type_", "read"),
    [
        ([Decimal("9" * 50 + ".5")], pa.decimal256(76, 1), [Decimal("9" * 50 + ".5")]),
        ([Decimal("9" * 80)], pa.string(), ["9" * 80]),
        ([Decimal("1.5"), Decimal("NaN")], pa.string(), ["1.5", "NaN"]),
        ([2**64], pa.decimal128(38, 0), [Decimal(2**64)]),
    ],
)
def test_a_decimal_that_parquet_cannot_hold_is_text(
    values: list[Any], type_: pa.DataType, read: list[Any], tmp_path: Path
) -> None:
    (drawing,) = drawn("parquet", tmp_path, kept(tmp_path, ["k", "it"], [(1, value) for value in values]))
    column = pq.read_table(drawing.path).column("it")
    assert (column.type, column.to_pylist()) == (type_, read)
    what = f"{drawing.path.name}: the column 'it' is text, because no decimal holds its values."
    assert drawing.notes == ((what,) if type_ == pa.string() else ())


def test_parquet_writes_few_large_row_groups(tmp_path: Path) -> None:
    answer = kept(tmp_path, ["n"], ((n,) for n in range(120_000)))
    (drawing,) = drawn("parquet", tmp_path, answer)
    file = pq.ParquetFile(drawing.path)
    assert (file.metadata.num_rows, file.num_row_groups) == (120_000, 2)
    assert [value for batch in file.iter_batches() for value in batch.column(0).to_pylist()] == list(range(120_000))


@pytest.mark.parametrize("format_", ["json", "ndjson", "parquet"])
def test_a_name_that_comes_twice_is_made_different(format_: Any, tmp_path: Path) -> None:
    (drawing,) = drawn(format_, tmp_path, kept(tmp_path, ["a", "a", "a_2", "a"], [(1, 2, 3, 4)]))
    if format_ == "parquet":
        (row,) = pq.read_table(drawing.path).to_pylist()
    elif format_ == "json":
        (row,) = json.loads(drawing.path.read_bytes())["queries"][0]["rows"]
    else:
        (row,) = ndjson(drawing.path)
    assert row == {"a": 1, "a_3": 2, "a_2": 3, "a_4": 4}
    assert drawing.notes == (
        "A further column 'a' is called 'a_3'.",
        "A further column 'a' is called 'a_4'.",
    )
