"""A few days of the real flights, so that the unit tests need no whole year."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest

from demo.flights import load_flights, shipped_data

LINES = 1800
"""The first two days of January: 842 and 943 flights, and a little of the third."""


@pytest.fixture(scope="session")
def few_flights_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped data with the flights cut after LINES lines; the other files are whole."""
    folder, shipped = tmp_path_factory.mktemp("data"), shipped_data()
    for path in shipped.glob("*.csv"):
        (folder / path.name).write_bytes(path.read_bytes())
    with (
        zipfile.ZipFile(shipped / "flights.csv.zip") as packed,
        packed.open("flights.csv") as lines,
    ):
        (folder / "flights.csv").write_bytes(b"".join(line for line, _ in zip(lines, range(LINES + 1), strict=False)))
    return folder


@pytest.fixture(scope="session")
def few_flights(few_flights_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database made from `few_flights_data`."""
    target = tmp_path_factory.mktemp("flights") / "flights.sqlite"
    load_flights(target, few_flights_data)
    return target


@pytest.fixture(scope="session")
def given(few_flights_data: Path) -> list[dict[str, str]]:
    """The lines of the flights as the data set has them."""
    return list(csv.DictReader(io.StringIO((few_flights_data / "flights.csv").read_text("utf-8"))))
