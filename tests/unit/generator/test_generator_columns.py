from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest
from generator_content import fetched, kept

from libs.common.errors import PermanentFailure
from services.generator.answers import Answer
from services.generator.columns.convert import record_batch
from services.generator.columns.kinds import NUMERIC, Kind
from services.generator.columns.text import as_text


def values(answer: Answer, index: int = 0) -> list[Any]:
    return [value for batch in answer.batches() for value in batch.column(index).to_pylist()]


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (7, "integer", "7"),
        (-(2**63), "integer", "-9223372036854775808"),
        (2**63, "numeric", "9223372036854775808"),
        (0.1, "number", "0.1"),
        (0.1 + 0.2, "number", "0.30000000000000004"),
        (123456789012.5, "number", "123456789012.5"),
        (1e-7, "number", "0.0000001"),
        (1e20, "number", "1e+20"),
        (-0.0, "number", "0"),
        (float("nan"), "number", "NaN"),
        (float("-inf"), "number", "-Infinity"),
        (Decimal("12.50"), "numeric", "12.50"),
        (Decimal("1E+3"), "numeric", "1000"),
        (Decimal("0.000000000000000000001"), "numeric", "0.000000000000000000001"),
        (Decimal("99999999999999999999.99"), "numeric", "99999999999999999999.99"),
        (True, "boolean", "true"),
        ("Größe\n", "text", "Größe\n"),
        ("\ud800", "text", "?"),
        (b"\x00\xff", "binary", "00ff"),
        (date(2013, 1, 1), "date", "2013-01-01"),
        (time(5, 6, 7), "time", "05:06:07"),
        (datetime.fromisoformat("2013-01-01T05:00"), "timestamp", "2013-01-01 05:00:00"),
        (datetime.fromisoformat("2013-01-01T05:00:00.000120"), "timestamp", "2013-01-01 05:00:00.000120"),
        (datetime(2013, 1, 1, 5, tzinfo=timezone(timedelta(hours=2))), "instant", "2013-01-01 03:00:00+00:00"),
        (UUID(int=5), "text", "00000000-0000-0000-0000-000000000005"),
        ({"größe": [1, None]}, "text", '{"größe": [1, null]}'),
        ([1, 2], "text", "[1, 2]"),
    ],
)
def test_a_value_keeps_its_kind_and_reads_exactly(value: Any, kind: str, text: str, tmp_path: Path) -> None:
    answer = kept(tmp_path, ["it"], [(None,), (value,)])
    column = answer.columns[0]
    (batch,) = answer.batches()
    assert column.kind == kind
    assert as_text(batch.column(0), column.kind).to_pylist() == [None, text]


@pytest.mark.parametrize("zone", [None, "UTC"])
def test_moments_with_and_without_parts_of_a_second_read_exactly(zone: str | None) -> None:
    told = {
        -62_135_596_800_000_000: "0001-01-01 00:00:00",
        -1: "1969-12-31 23:59:59.999999",
        0: "1970-01-01 00:00:00",
        120: "1970-01-01 00:00:00.000120",
        253_402_300_799_999_999: "9999-12-31 23:59:59.999999",
    }
    kind: Kind = "timestamp" if zone is None else "instant"
    for chosen in ([*told, None], [0, None, -62_135_596_800_000_000], [None], []):
        array = pa.array(chosen, pa.int64()).cast(pa.timestamp("us", zone))
        bare = [None if moment is None else told[moment] for moment in chosen]
        assert as_text(array, kind, with_zone=False).to_pylist() == bare
        zoned = [text if text is None or zone is None else f"{text}+00:00" for text in bare]
        assert as_text(array, kind).to_pylist() == zoned


def test_a_numeric_column_is_text_that_says_so() -> None:
    batch = record_batch(["n"], [(Decimal("1.10"),)], first_row=1)
    assert batch.schema.field(0).type == pa.string()
    assert batch.schema.field(0).metadata == NUMERIC


def test_columns_may_share_a_name(tmp_path: Path) -> None:
    answer = kept(tmp_path, ["a", "a"], [(1, "x")])
    assert [values(answer, 0), values(answer, 1)] == [[1], ["x"]]


def test_an_answer_without_rows_has_its_columns(tmp_path: Path) -> None:
    answer = kept(tmp_path, ["a", "b"], [])
    assert [column.name for column in answer.columns] == ["a", "b"]
    assert (answer.rows, values(answer)) == (0, [])


@pytest.mark.parametrize(
    ("first", "later", "kind"),
    [
        (None, "x", "text"),
        (None, Decimal("1.5"), "numeric"),
        (1, 2.5, "number"),
        (1, Decimal("1.5"), "numeric"),
        (2.5, Decimal("1.25"), "numeric"),
        (date(2013, 1, 1), datetime.fromisoformat("2013-01-02T03:00"), "timestamp"),
        (True, 2, "integer"),
    ],
)
@pytest.mark.parametrize("in_memory", [1 << 20, 9_000, 0])
def test_a_column_widens_whenever_a_wider_value_comes(
    first: Any, later: Any, kind: str, in_memory: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the answer is: in memory, first there and then in files, or in files."""
    monkeypatch.setattr(import_module("services.generator.answers.keep"), "IN_MEMORY_BYTES", in_memory)
    together = kept(tmp_path, ["it"], [(first,), (later,)])
    apart = kept(tmp_path, ["it"], [(first,)] * 1500 + [(later,)])
    for answer in (together, apart):
        assert answer.columns[0].kind == kind
        assert len(set(map(type, values(answer))) - {type(None)}) == 1
    assert values(apart)[-1] == values(together)[-1]
    assert values(apart)[0] == values(together)[0]
    assert len(values(apart)) == 1501
    if in_memory != 9_000:  # how much room a thousand values need depends on their type
        assert (bool(apart.held), bool(apart.files)) == (in_memory > 0, in_memory == 0)


def test_a_value_that_does_not_fit_its_column_is_named_with_its_row(tmp_path: Path) -> None:
    with pytest.raises(PermanentFailure, match=r"column 'delay' holds text in row 3 \(''\).*whole numbers"):
        kept(tmp_path, ["delay"], [(1,), (2,), ("",)])


def test_a_misfit_in_a_later_batch_has_its_row_counted_from_the_first(tmp_path: Path) -> None:
    with pytest.raises(PermanentFailure, match=r"holds text in row 1,503 \('n/a'\).*whole numbers"):
        kept(tmp_path, ["units"], [(7,)] * 1500 + [(None,)] * 2 + [("n/a",)])


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (date(2013, 1, 1), "2013-01-01"),
        (time(5, 6, 7, 500), "05:06:07.000500"),
        (datetime.fromisoformat("2013-01-01T05:00"), "2013-01-01 05:00:00"),
        (datetime(2013, 1, 1, 5, tzinfo=timezone(timedelta(hours=2))), "2013-01-01 03:00:00+00:00"),
    ],
)
def test_moments_among_texts_become_the_same_text_before_and_after(moment: Any, text: str, tmp_path: Path) -> None:
    """Such as infinity, which no file format has."""
    rows = [(moment,)] * 1000 + [(moment,), ("infinity",), (moment,)]
    answer = kept(tmp_path, ["until"], rows)
    assert answer.columns[0].kind == "text"
    assert values(answer) == [text] * 1001 + ["infinity", text]


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(days=1, hours=2, microseconds=5), "26:00:00.000005"),
        (timedelta(hours=-838, minutes=-59, seconds=-59), "-838:59:59"),
    ],
)
def test_a_length_of_time_is_in_hours(length: timedelta, text: str, tmp_path: Path) -> None:
    assert values(kept(tmp_path, ["took"], [(length,)])) == [text]


def test_whole_numbers_that_a_fraction_would_round_are_refused(tmp_path: Path) -> None:
    answer = kept(tmp_path, ["it"], [(2**53 + 1,)] * 1000 + [(0.5,)])
    with pytest.raises(PermanentFailure, match="'it' mixes whole numbers with numbers"):
        values(answer)


def test_whole_numbers_that_a_fraction_beside_them_would_round_stay_exact(tmp_path: Path) -> None:
    answer = kept(tmp_path, ["it"], [(2**53 + 1,), (0.5,)])
    assert (answer.columns[0].kind, values(answer)) == ("numeric", ["9007199254740993", "0.5"])


def test_a_limit_cuts_and_tells_how_many_there_are(tmp_path: Path) -> None:
    answer = kept(tmp_path, ["a"], [(number,) for number in range(25)], max_rows=10, name="Flights")
    assert values(answer) == list(range(10))
    assert answer.cut is not None
    assert answer.cut.sentence("Flights") == "Flights: 10 of 25 rows are shown; the limit is 10."


def test_as_many_rows_as_the_limit_are_no_cut(tmp_path: Path) -> None:
    answer = kept(tmp_path, ["a"], [(number,) for number in range(10)], max_rows=10)
    assert (answer.rows, answer.cut) == (10, None)


def test_rows_beyond_a_limit_are_not_counted_for_ever() -> None:
    seconds = iter(range(0, 1000, 1))
    rows = fetched(["a"], ((number,) for number in range(10**9)), 10, clock=lambda: float(next(seconds)))
    assert sum(batch.num_rows for batch in rows) == 10
    assert rows.cut is not None
    assert rows.cut.sentence("Q") == "Q: the first 10 rows are shown; there are more, and the limit is 10."


def test_wide_rows_come_in_small_batches() -> None:
    sizes = [batch.num_rows for batch in fetched(["a"], (("x" * 100_000,) for _ in range(1500)))]
    assert (sizes[0], sum(sizes)) == (1000, 1500)
    assert max(sizes[1:]) < 200


def test_the_looks_of_a_column_are_known(tmp_path: Path) -> None:
    rows = [(1.5, "ab", None), (-1234.125, "abcd", datetime(2013, 1, 1, tzinfo=UTC))]
    number, text, moment = kept(tmp_path, ["n", "t", "at"], rows).columns
    assert (number.whole, number.decimals, number.smallest) == (5, 3, 1.5)
    assert text.longest == "abcd"
    assert (moment.heading, moment.has_fraction) == ("at (UTC)", False)


@pytest.mark.parametrize(
    ("column", "longest"),
    [
        ([5, None, -1234567, 99], "-1234567"),
        ([None, True], "true"),
        ([None, True, False], "false"),
        ([None, date(2013, 1, 1)], "2013-01-01"),
        ([time(1, 2), None, time(1, 2, 3, 4)], "01:02:03.000004"),
        ([None, datetime.fromisoformat("1066-10-14T09:00")], "1066-10-14 09:00:00"),
        (
            [datetime.fromisoformat(f"1066-10-14T09:00:00{part}") for part in ("", ".5", "")],
            "1066-10-14 09:00:00.500000",
        ),
        ([None, b"\x00", b"\x00\xff"], "00ff"),
        ([1.5, float("nan"), -0.125], "-0.125"),
        (["", "ab", "☂☂☂"], "☂☂☂"),
    ],
)
def test_a_column_knows_its_longest_value(column: list[Any], longest: str, tmp_path: Path) -> None:
    answer = kept(tmp_path, ["it"], [(value,) for value in column])
    assert answer.columns[0].longest == longest
    assert answer.columns[0].has_fraction == ("." in longest and ":" in longest)
