from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from sqlalchemy import text

from demo.catalogue import FOLDER, read_templates

TEMPLATES = read_templates()
VALUES: Mapping[str, Mapping[str, Any]] = {
    "delays-by-carrier-and-month": {"carrier": None},
    "departures-of-a-day": {"date": "2013-01-01"},
    "worst-routes": {"min_flights": 3, "limit": 500},
    "weather-and-delay": {"origin": None},
    "month-at-a-glance": {"month": "2013-01"},
}
READING = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION}


def only_read(action: int, *_: object) -> int:
    return sqlite3.SQLITE_OK if action in READING else sqlite3.SQLITE_DENY


def run(database: Path, slug: str, query: str = "", **values: Any) -> list[dict[str, Any]]:
    """What a query of the template answers, the first if none is named; the connection may do nothing but read."""
    sql = TEMPLATES[slug].queries[query or next(iter(TEMPLATES[slug].queries))]
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        connection.set_authorizer(only_read)
        cursor = connection.execute(sql, {**VALUES[slug], **values})
        return [dict(zip((column[0] for column in cursor.description), row, strict=True)) for row in cursor]


def test_every_sql_file_is_a_template() -> None:
    assert {path.stem.partition(".")[0] for path in FOLDER.glob("*.sql")} == TEMPLATES.keys() == VALUES.keys()
    assert sum(len(template.queries) for template in TEMPLATES.values()) == len(list(FOLDER.glob("*.sql")))


@pytest.mark.parametrize("slug", TEMPLATES)
def test_the_sql_binds_the_parameters_that_are_declared(slug: str) -> None:
    declared = {parameter["name"] for parameter in TEMPLATES[slug].parameters}

    assert all(declared == set(text(sql).compile().params) for sql in TEMPLATES[slug].queries.values())


@pytest.mark.parametrize("slug", TEMPLATES)
def test_the_sql_only_reads_and_finds_something(few_flights: Path, slug: str) -> None:
    for query in TEMPLATES[slug].queries:
        rows = run(few_flights, slug, query)

        assert rows
        assert all(column for row in rows for column in row)


def test_delays_are_those_of_the_data_set(few_flights: Path, given: list[dict[str, str]]) -> None:
    lines = [line for line in given if line["carrier"] == "UA"]
    arrivals = [int(line["arr_delay"]) for line in lines if line["arr_delay"] != "NA"]

    (row,) = run(few_flights, "delays-by-carrier-and-month", carrier="UA")

    assert (row["Month"], row["Airline"], row["Flights"]) == ("2013-01", "United Air Lines Inc.", len(lines))
    assert row["Cancelled"] == sum(line["dep_time"] == "NA" for line in lines)
    assert row["Mean arrival delay, min"] == pytest.approx(fmean(arrivals), abs=0.05)
    assert row["On time %"] == pytest.approx(100 * fmean(delay < 15 for delay in arrivals), abs=0.05)
    assert row["Worst arrival delay, min"] == max(arrivals)


def test_all_airlines_are_shown_without_a_carrier(few_flights: Path, given: list[dict[str, str]]) -> None:
    rows = run(few_flights, "delays-by-carrier-and-month")

    assert len(rows) == len({line["carrier"] for line in given})
    assert sum(row["Flights"] for row in rows) == len(given)


def test_a_day_has_each_of_its_departures_once(few_flights: Path, given: list[dict[str, str]]) -> None:
    lines = [line for line in given if line["day"] == "1"]

    rows = run(few_flights, "departures-of-a-day")

    assert sorted((row["From"], row["Flight"]) for row in rows) == sorted(
        (line["origin"], f"{line['carrier']} {line['flight']}") for line in lines
    )
    assert sum(row["Outcome"] == "cancelled" for row in rows) == sum(line["dep_time"] == "NA" for line in lines)
    assert [row["Scheduled"] for row in rows] == sorted(row["Scheduled"] for row in rows)


def test_routes_are_ranked_and_small_ones_left_out(few_flights: Path, given: list[dict[str, str]]) -> None:
    routes: dict[tuple[str, str], list[int]] = defaultdict(list)
    for line in given:
        if line["arr_delay"] != "NA":
            routes[line["origin"], line["dest"]].append(int(line["arr_delay"]))
    worst = sorted((-fmean(delays), route) for route, delays in routes.items() if len(delays) >= 10)

    rows = run(few_flights, "worst-routes", min_flights=10, limit=5)

    assert [(row["From"], row["To"]) for row in rows] == [route for _, route in worst[:5]]
    assert [row["Mean arrival delay, min"] for row in rows] == pytest.approx([-mean for mean, _ in worst[:5]], abs=0.05)


def test_each_flight_with_a_reading_is_in_one_class_of_each_measure(few_flights: Path) -> None:
    rows = run(few_flights, "weather-and-delay")
    with closing(sqlite3.connect(few_flights)) as connection:
        with_reading = dict(
            zip(
                ("visibility", "rain or snow in the hour", "wind", "temperature"),
                connection.execute(
                    "SELECT count(visib), count(precip), count(wind_speed), count(temp)"
                    " FROM flights JOIN weather USING (origin, time_hour)"
                ).fetchone(),
                strict=True,
            )
        )

    assert {measure: sum(row["Flights"] for row in rows if row["Measure"] == measure) for measure in with_reading} == (
        with_reading
    )


def test_a_dashboard_shows_columns_that_its_queries_give(few_flights: Path) -> None:
    slug = "month-at-a-glance"
    given = {query: set(run(few_flights, slug, query)[0]) for query in TEMPLATES[slug].queries}
    for widget in TEMPLATES[slug].widgets:
        named = {*(one["column"] for one in widget.get("columns", ())), *widget.get("series", ())}
        named |= {widget[field] for field in ("value", "previous", "x") if field in widget}
        assert named | set(widget.get("group_by", ())) <= given[widget["query"]]


def test_the_figures_of_a_month_are_those_of_the_data_set(few_flights: Path, given: list[dict[str, str]]) -> None:
    delays = [int(line["arr_delay"]) for line in given if line["arr_delay"] != "NA"]

    (row,) = run(few_flights, "month-at-a-glance")

    assert (row["Flights"], row["Flights before"]) == (len(given), None)
    assert row["Cancelled"] == pytest.approx(fmean(line["dep_time"] == "NA" for line in given), abs=0.0001)
    assert row["On time"] == pytest.approx(fmean(delay < 15 for delay in delays), abs=0.0001)
    assert row["Mean delay, min"] == pytest.approx(fmean(delays), abs=0.05)


def test_one_airport_is_a_part_of_all(few_flights: Path) -> None:
    def flights(**values: Any) -> int:
        return sum(row["Flights"] for row in run(few_flights, "weather-and-delay", **values))

    assert sum(flights(origin=origin) for origin in ("EWR", "JFK", "LGA")) == flights()
