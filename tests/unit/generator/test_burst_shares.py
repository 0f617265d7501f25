"""Rows that were read once for all: each recipient gets theirs, exactly as the source gave them, and nobody else's."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from burst_world import ALL_SCORES, Club, lines, parts
from generator_world import World
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.delivering import Burst, Part
from libs.common.messages import Query, ReportGenerated, ReportSpread
from libs.common.storage import ArtifactStorage
from services.generator.answers import Answer, keep
from services.generator.burst.keys import key_texts
from services.generator.burst.part_rows import IN_MEMORY_BYTES, PartRows, share_key
from services.generator.burst.shares import Index, cut
from services.generator.columns.convert import record_batch
from services.generator.columns.kinds import kind_of

ADVERSARIAL = (
    "a",
    "A",
    "a ",
    " a",
    "",
    " ",
    "é",
    "e\u0301",
    "ß",
    "SS",
    "0",
    "00",
    "-0",
    "1",
    "1.0",
    "1e0",
    "NULL",
    "None",
    "a\x00b",
    "a\x00",
    "\u200b",
    "';--",
    "%",
    "_",
    "x" * 5000,
)


class _Batches:
    def __init__(self, names: Sequence[str], rows: Sequence[Sequence[object]], size: int) -> None:
        self.cut = None
        self._batches = [record_batch(names, rows[at : at + size], at + 1) for at in range(0, len(rows), size)] or [
            record_batch(names, [], 1)
        ]

    def __iter__(self) -> Any:
        return iter(self._batches)


def answer_of(names: Sequence[str], rows: Sequence[Sequence[object]], folder: Path, size: int = 7) -> Answer:
    return keep("Scores", _Batches(names, rows, size), folder / "answer", lambda _: None)


def shares_of(answer: Answer, column: str, keys: Sequence[str], folder: Path) -> dict[str, pa.Table]:
    """What a report of each of `keys` is made of."""
    storage = ArtifactStorage(str(folder / "artifacts"))
    with closing(Index(folder / "index", 1)) as index:
        storage.put_file(share_key("burst", 0), cut(answer, column, 0, index, folder))
        spans = {key: index.of(key)[0] for key in keys}
    return {
        key: pa.Table.from_batches(PartRows(Part(folder_key="burst", value=key, shares=span), 0, storage.url, folder))
        for key, span in spans.items()
    }


KEYS = st.one_of(st.none(), st.sampled_from(ADVERSARIAL), st.text(max_size=3))


@settings(max_examples=15, deadline=None)
@given(rows=st.lists(st.tuples(KEYS, st.integers(-9, 9), st.one_of(st.none(), st.text(max_size=2))), max_size=40))
def test_every_row_with_a_key_is_in_the_share_of_that_key_and_in_no_other(rows: list[tuple[Any, ...]]) -> None:
    rows = [tuple(_writable(cell) for cell in row) for row in rows]
    with tempfile.TemporaryDirectory() as name:
        keys = sorted({row[0] for row in rows if row[0] is not None} | set(ADVERSARIAL))
        shares = shares_of(answer_of(("key", "n", "text"), rows, Path(name)), "key", keys, Path(name))
    for key, share in shares.items():
        assert [tuple(row.values()) for row in share.to_pylist()] == [row for row in rows if row[0] == key], repr(key)


def _writable(cell: Any) -> Any:
    return cell.encode("utf-8", "replace").decode() if isinstance(cell, str) else cell


def test_a_number_is_its_own_key_however_it_is_written_and_text_is_not(tmp_path: Path) -> None:
    columns = {
        "7": [7, 7.0, Decimal("7.00"), "7"],
        "0": [0, -0.0, Decimal("0.000"), "0"],
        "1000": [1000, 1e3, Decimal("1E+3"), "1000"],
        "0.5": [None, 0.5, Decimal("0.50"), "0.5"],
    }
    for key, values in columns.items():
        for value in values:
            batch = record_batch(("k",), [(value,)], 1)
            found = key_texts(batch.column(0), kind_of(batch.schema.field(0))).to_pylist()
            assert found == [None if value is None else key], value
    for text in ("7.0", "07", "7 ", "+7", "٧"):
        batch = record_batch(("k",), [(text,)], 1)
        assert key_texts(batch.column(0), "text").to_pylist() == [text]


def test_a_share_has_the_columns_and_types_of_the_whole(tmp_path: Path) -> None:
    rows = [("a", Decimal("1.50"), 2**70, b"\x00", None), ("b", None, 1, None, None), ("a", Decimal(3), 5, b"x", None)]
    answer = answer_of(("k", "amount", "big", "raw", "nothing"), rows, tmp_path, size=1)
    shares = shares_of(answer, "k", ["a", "b", "c"], tmp_path)
    whole = pa.Table.from_batches(answer.batches())
    for share in shares.values():
        assert share.schema.equals(whole.schema, check_metadata=True)
    assert [row["amount"] for row in shares["a"].to_pylist()] == ["1.50", "3"]
    assert shares["c"].num_rows == 0


def test_a_large_share_goes_over_a_file(tmp_path: Path) -> None:
    rows = [("a" if number % 3 else "b", random.Random(number).randbytes(1_500).hex()) for number in range(900)]
    shares = shares_of(answer_of(("k", "t"), rows, tmp_path, size=100), "k", ["a", "b"], tmp_path)
    assert (tmp_path / "part-0.arrow").stat().st_size > IN_MEMORY_BYTES
    for key, share in shares.items():
        assert [tuple(row.values()) for row in share.to_pylist()] == [row for row in rows if row[0] == key]


@pytest.fixture
def club(world: World) -> Club:
    return Club(world)


def test_the_queries_are_executed_once_and_each_gets_their_rows(club: Club, world: World) -> None:
    """Also where the keys of the recipients are text and those of the rows are numbers, and the other way round."""
    club.members((1, "ann@example.org"), ("2", "bob@example.org"), (None, "cy@example.org"), ("", "dee@example.org"))
    club.members((4, "eve@example.org"))
    club.scores(("1", "a", 5), (2, "b", 6), (1, "c", 7), (None, "d", 8), ("", "e", 9), (3, "f", 10))
    shared = Burst(sql="SELECT address, CAST(id AS TEXT) AS key FROM members", share_out_by="member")
    text = Query(name="Scores", sql="SELECT CAST(member AS TEXT) AS member, quiz FROM scores ORDER BY quiz")
    other = Query(name="Quizzes", sql="SELECT quiz, member FROM scores WHERE typeof(member) = 'integer' ORDER BY quiz")
    said = club.spread(club.order(shared, text, other, parameters=()))
    assert [one.without_rows for one in said if isinstance(one, ReportSpread)] == [1]
    assert [line.refusal for line in lines(said)] == ["", "", "unfit", "", ""]
    club.path.unlink()
    made = club.make(parts(said))
    files = [one.artifacts for one in made if isinstance(one, ReportGenerated)]
    texts = [[club.rows_of(file.key).splitlines()[1:] for file in report] for report in files]
    assert texts == [
        [["1,a", "1,c"], ["c,1"]],
        [["2,b"], ["b,2"]],
        [['"",e'], []],
        [[], []],
    ]
    assert len(world.hands.jobs) == 5
    assert [job.part is not None for job in world.hands.jobs] == [False, True, True, True, True]


def test_what_is_shared_out_is_gone_when_the_burst_is(club: Club, world: World) -> None:
    club.members((1, "ann@example.org"))
    club.scores((1, "a", 5))
    said = club.spread(
        club.order(Burst(sql="SELECT address, id AS key FROM members", share_out_by="member"), ALL_SCORES)
    )
    world.storage.delete_under("reports")
    with pytest.raises(Exception, match="no longer in the artifact storage"):
        club.make(parts(said))
