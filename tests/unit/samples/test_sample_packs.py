"""The sample packs: the same data for the same day, SQL that works on it, and texts that mean something."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

import samples
from libs.common.placeholders import Occasion, check_letter_text, resolved
from samples import members, shop
from samples.members.data import build as build_members
from samples.pack import Pack
from samples.shop.data import build as build_shop

TODAY = date(2026, 3, 2)
PACKS: dict[str, tuple[Any, Callable[[Path, date], None]]] = {
    "members": (members, build_members),
    "shop": (shop, build_shop),
}
VALUES = {
    "since": "2026-02-01",
    "until": "2026-02-28",
    "day": "2026-03-02",
    "member": 6,
    "country": None,
    "status": None,
}
OCCASION = Occasion(scheduled_for=datetime(2026, 3, 2, 6, tzinfo=UTC), timezone="Europe/Vienna")
FOLDER = Path(samples.__file__).parent


@pytest.fixture(scope="module", params=PACKS)
def pack(request: pytest.FixtureRequest) -> Pack:
    return Pack.read(FOLDER / request.param)


@pytest.fixture(scope="module")
def database(pack: Pack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("samples") / "data.sqlite"
    PACKS[pack.name][1](path, TODAY)
    return path


def rows(database: Path, sql: str) -> list[Any]:
    wanted = {name: value for name, value in VALUES.items() if f":{name}" in sql}
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(sql, wanted).fetchall()


def test_the_same_day_makes_the_same_data_and_ends_it(pack: Pack, database: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.sqlite"
    PACKS[pack.name][1](again, TODAY)
    tables = [name for (name,) in rows(database, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    assert tables
    for table in tables:
        assert rows(database, f"SELECT * FROM {table}") == rows(again, f"SELECT * FROM {table}"), table
    ((last,),) = rows(database, f"SELECT max(day) FROM {'answers' if pack.name == 'members' else 'orders'}")
    assert last == TODAY.isoformat()


def test_every_query_gives_rows_and_the_columns_that_the_widgets_show(pack: Pack, database: Path) -> None:
    for template in pack.templates:
        columns: dict[str, set[str]] = {}
        for query in template["queries"]:
            assert rows(database, query["sql"]), (template["slug"], query["name"])
            with closing(sqlite3.connect(database)) as connection:
                described = connection.execute(query["sql"], VALUES).description
            columns[query["name"]] = {column[0] for column in described}
        for widget in template["widgets"]:
            named = {one["column"] for one in widget.get("columns", ())} | set(widget.get("series", ()))
            named |= {widget[field] for field in ("x", "value", "previous") if field in widget}
            assert named <= columns[widget["query"]], widget["title"]


def test_every_schedule_fits_its_template_and_its_words_mean_something(pack: Pack) -> None:
    templates = {template["slug"]: template for template in pack.templates}
    for schedule in pack.schedules:
        template = templates[schedule["report_type"]]
        declared = {one["name"] for one in template["parameters"]}
        assert schedule["parameters"].keys() <= declared
        figures = {widget["title"] for widget in template["widgets"] if widget["kind"] == "figure"}
        for text in (schedule["subject"], schedule.get("body", "")):
            check_letter_text(text)
            assert set(re.findall(r"\{\{figure:([^}]*)\}\}", text)) <= figures
        for value in schedule["parameters"].values():
            date.fromisoformat(resolved(value, OCCASION))
        addresses = schedule.get("recipients", [])
        assert bool(addresses) != ("burst" in schedule)
        assert all(address.endswith("@example.org") for address in addresses)


def test_the_shop_looks_at_the_week_before(pack: Pack) -> None:
    if pack.name == "shop":
        (weekly,) = pack.schedules
        span = {name: resolved(value, OCCASION) for name, value in weekly["parameters"].items()}
        assert span == {"since": "2026-02-23", "until": "2026-03-01"}
        assert resolved(weekly["subject"], OCCASION) == "Sales from 23.02. to 01.03.2026"


def test_every_recipient_of_the_members_reports_is_a_member(pack: Pack, database: Path) -> None:
    for schedule in pack.schedules:
        if "burst" in schedule:
            found = rows(database, schedule["burst"]["sql"])
            assert 50 <= len(found) < 60  # some do not want it
            assert all(address == f"{name}@example.org" for address, name, _ in found)
