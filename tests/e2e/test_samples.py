"""The sample packs as their users meet them: applied by one command, and sent when they are due.

What the letters say is compared with answers that SQLite gives to SQL of our own.
"""

from __future__ import annotations

import io
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from e2e_world import World, eventually
from openpyxl import load_workbook

from libs.client.answers import Schedule

HOME = Path(__file__).parents[2]
SECONDS = 120


def applied(world: World, pack: str, database: Path) -> None:
    """Run the command of the pack; it must succeed."""
    place = ["--url", world.instance.api_url, "--token", world.instance.admin_token, "--database", str(database)]
    command = [sys.executable, "-m", f"samples.{pack}", *place]
    run = subprocess.run(command, cwd=HOME, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def schedules(world: World, prefix: str) -> dict[str, Schedule]:
    return {one.name: one for one in world.api.schedules() if one.name.startswith(prefix)}


def due_now(world: World, schedule: Schedule) -> None:
    """Let the schedule be due in a moment, and as usual otherwise."""
    at = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    world.api.change_schedule(schedule.id, frequency="once", schedule_config={"at": at})


def answer(database: Path, sql: str, *values: Any) -> list[Any]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(sql, values).fetchall()


def attached(letter: EmailMessage) -> dict[str, bytes]:
    return {str(part.get_filename()): part.get_content() for part in letter.iter_attachments()}


def cells(workbook: bytes) -> Sequence[Any]:
    """Every value of every sheet."""
    book = load_workbook(io.BytesIO(workbook), read_only=True)
    return [value for sheet in book.worksheets for row in sheet.iter_rows(values_only=True) for value in row]


def answered(world: World, method: str, path: str, body: object = None) -> Any:
    """What the API answers to a request that the client has no words for."""
    headers = {"Authorization": f"Bearer {world.instance.admin_token}"}
    answer = httpx.request(method, f"{world.instance.api_url}/api/v1{path}", json=body, headers=headers, timeout=60)
    assert answer.is_success, answer.text
    return answer.json()


def text_of(letter: EmailMessage) -> str:
    """The plain text of a letter, on one line."""
    body = letter.get_body(("plain",))
    assert body is not None
    return " ".join(body.get_content().split())


def test_the_shop_sends_last_weeks_sales_makes_all_its_templates_and_says_when_it_cannot(
    world: World, tmp_path: Path
) -> None:
    database = tmp_path / "shop.sqlite"
    applied(world, "shop", database)
    before = schedules(world, "Shop")
    applied(world, "shop", database)
    assert {name: one.id for name, one in schedules(world, "Shop").items()} == {
        name: one.id for name, one in before.items()
    }
    (weekly,) = before.values()
    due_now(world, weekly)
    span = {"since": "2000-01-01", "until": "2100-01-01"}
    wanted = {"shop-sales": span, "shop-orders": span, "shop-customers": {"country": "AT"}}
    wanted |= {"shop-inventory": {}, "shop-analytics": {}}
    orders = [world.api.order_report(slug, parameters=values) for slug, values in wanted.items()]

    occurrence = world.occurrence(weekly.id)
    assert occurrence.status == "success"
    today = occurrence.scheduled_for.astimezone(ZoneInfo("Europe/Vienna")).date()
    monday = today - timedelta(days=today.weekday() + 7)
    sunday = monday + timedelta(days=6)
    for address in ("sales@example.org", "management@example.org"):
        (letter,) = world.letters_to(address)
        assert letter["Subject"] == f"Sales from {monday:%d.%m.} to {sunday:%d.%m.%Y}"
        files = attached(letter)
        assert sorted(files) == [f"Sales {monday:%G-W%V}.pdf", f"Sales {monday:%G-W%V}.xlsx"]
        sold = "FROM lines JOIN orders ON orders.id = order_id WHERE status <> 'cancelled' AND day BETWEEN ? AND ?"
        ((revenue, units),) = answer(
            database, f"SELECT round(sum(amount), 2), sum(units) {sold}", monday.isoformat(), sunday.isoformat()
        )
        found = cells(files[f"Sales {monday:%G-W%V}.xlsx"])
        assert revenue in found
        assert units in found

    for order in orders:
        report = world.report(order.id)
        assert report.status == "completed", report
        assert report.rows > 0
    inventory = world.api.download(world.report(orders[3].id).artifacts[0], tmp_path)
    ((worth,),) = answer(database, "SELECT round(sum(on_hand * cost), 2) FROM products")
    assert worth in cells(inventory.read_bytes())

    answered(world, "PATCH", "/me", {"email": "owner@example.org"})
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("DROP TABLE lines")
    due_now(world, weekly)
    (letter,) = eventually(lambda: world.letters_to("owner@example.org") or None)
    assert letter["Subject"] == f"Failed: {weekly.name}"
    text = text_of(letter)
    assert "no such table: lines" in text
    assert weekly.name in text

    announcement = {"subject": "No shop tonight", "text": "We count the cups.", "scope": {"source": "shop"}}
    announced = answered(world, "POST", "/announcements", announcement)
    where = f"/announcements/{announced['id']}"
    eventually(lambda: answered(world, "GET", where)["told"] == {"sent": 1} or None)
    assert {str(one["Subject"]) for one in world.letters_to("owner@example.org")} == {
        letter["Subject"],
        "No shop tonight",
    }
