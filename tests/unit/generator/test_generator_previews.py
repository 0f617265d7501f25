"""What letters show of a report, as its own settings write it, however it reaches them."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from generator_world import REPORT, World

from libs.common.conditions import Checks
from libs.common.delivering import Figure, Manner, PreviewColumn
from libs.common.handlers import Attempt
from libs.common.handling import Keeping, Packing
from libs.common.look import ColumnSetting, Look, Sort, Widget
from libs.common.messages import DeliverReport, GenerateReport, Parameter, Query, ReleaseReport, encode
from services.generator.previews import LONGEST_CELL, MOST_COLUMNS
from services.generator.release import release_report

OTHER = UUID(int=8)
QUERIES = (
    Query(
        name="Rows",
        sql="SELECT n AS number, 1234.5 * n AS amount, date('2026-03-0' || n) AS day, :note AS note FROM five",
    ),
    Query(name="Total", sql="SELECT 10234.5 AS total, 9000.0 AS before, 'x' AS word"),
    Query(name="Nothing", sql="SELECT n AS number FROM five WHERE n > 9"),
)
WIDGETS = (
    Widget(kind="figure", query="Total", value="total", previous="before", better="lower", format="currency:EUR"),
    Widget(kind="figure", query="Total", value="word", title="A word"),
    Widget(query="Nothing"),
    Widget(
        query="Rows",
        title="All rows",
        sort=(Sort(column="number", descending=True),),
        columns=(
            ColumnSetting(column="amount", label="Amount", format="decimal:2"),
            ColumnSetting(column="note", hidden=True),
        ),
    ),
)


def command_of(world: World, *, manner: Manner | None = None, note: str = "", **template: object) -> GenerateReport:
    with sqlite3.connect(world.shop) as shop:
        shop.execute("CREATE TABLE IF NOT EXISTS five AS SELECT value AS n FROM json_each('[1, 2, 3, 4, 5]')")
    shop.close()
    usual = world.command()
    made = msgspec.structs.replace(
        usual.order.template, **{"queries": QUERIES, "widgets": WIDGETS, "look": Look(locale="de"), **template}
    )
    return world.command(
        template=made,
        formats=("csv",),
        parameters=(Parameter(name="note", type="text", value=note),),
        delivery=msgspec.structs.replace(usual.order.delivery, manner=manner or Manner(preview_rows=2)),
    )


def ordered(world: World, command: GenerateReport) -> DeliverReport:
    world.generate(command)
    return delivery_of(world)


def delivery_of(world: World) -> DeliverReport:
    letters = [one for one in world.said() if isinstance(one, DeliverReport)]
    assert {one.recipient.address for one in letters} == {"ada@example.org", "bob@example.org"}
    assert msgspec.structs.replace(letters[0], delivery_id=REPORT, recipient=letters[1].recipient) == (
        msgspec.structs.replace(letters[1], delivery_id=REPORT)
    )
    return letters[0]


def test_a_letter_shows_the_first_rows_and_the_figures_as_the_template_writes_them(world: World) -> None:
    letter = ordered(world, command_of(world, note="cheap", look=Look(locale="de", accent="#AA3300")))
    assert letter.preview is not None
    assert letter.preview.title == "All rows"
    assert letter.preview.columns == (
        PreviewColumn(label="Amount", numeric=True),
        PreviewColumn(label="number", numeric=True),
        PreviewColumn(label="day"),
    )
    assert letter.preview.rows == (("6.172,50", "5", "2026-03-05"), ("4.938,00", "4", "2026-03-04"))
    assert (letter.preview.total_rows, letter.preview.more_columns) == (5, 0)
    assert letter.figures == (
        Figure(
            label="Total",
            value="10.234,50\u00a0€",
            change="+13,7\u00a0%",
            direction="up",
            previous="9.000,00\u00a0€",
            mood="bad",
        ),
        Figure(label="A word", value="x"),
    )
    assert (letter.accent, letter.locale, letter.parameters) == ("#AA3300", "de", (("note", "cheap"),))


def test_without_widgets_the_first_table_with_rows_is_shown(world: World) -> None:
    letter = ordered(world, command_of(world, widgets=(), queries=(QUERIES[2], QUERIES[1])))
    assert letter.preview is not None
    assert (letter.preview.title, letter.preview.rows) == ("Total", (("10.234,5", "9000", "x"),))
    assert letter.figures == ()


def test_cells_and_columns_are_as_many_as_a_letter_has_room_for(world: World) -> None:
    columns = ", ".join(f"{n} AS column_{n}" for n in range(10))
    wide = Query(name="Wide", sql=f"SELECT 'a' || char(10) || char(0) || ' ' || :note AS text, {columns}")
    letter = ordered(world, command_of(world, widgets=(), queries=(wide,), note="é" * 5_000))
    assert letter.preview is not None
    assert letter.preview.rows[0][0] == "a " + "é" * (LONGEST_CELL - 3) + "…"
    assert (len(letter.preview.columns), letter.preview.more_columns) == (MOST_COLUMNS, 3)


def test_a_message_stays_small_however_wide_its_rows_are(world: World) -> None:
    columns = ", ".join(f':note || \'""""\' AS column_{n}' for n in range(8))
    wide = Query(name="Wide", sql=f"SELECT {columns} FROM five, five AS x, five AS y")
    manner = Manner(preview_rows=50)
    letter = ordered(world, command_of(world, manner=manner, widgets=(), queries=(wide,), note='漢"字\\' * 15))
    assert letter.preview is not None
    assert 5 < len(letter.preview.rows) < 50
    assert letter.preview.total_rows == 125
    assert len(encode(letter)) < 64 * 1024


@pytest.mark.parametrize("password", [True, False])
def test_nothing_is_shown_of_protected_files_and_no_table_where_none_is_wanted(world: World, password: bool) -> None:
    packing = Packing(pack="zip", sealed_password=world.sealer.seal("secret")) if password else Packing()
    manner = Manner(preview_rows=10 if password else 0)
    letter = ordered(world, command_of(world, manner=manner, packing=packing))
    assert letter.preview is None
    assert bool(letter.figures) is not password
    assert letter.parameters == (() if password else (("note", ""),))


def test_a_report_that_was_held_shows_the_same_once_it_is_released(world: World) -> None:
    now = ordered(world, command_of(world))
    held = command_of(world, checks=Checks(min_rows=1000, on_failure="hold"))
    world.generate(msgspec.structs.replace(held, report_id=OTHER))
    assert [one for one in world.said() if isinstance(one, DeliverReport)] == []
    release = ReleaseReport(report_id=OTHER, approved_by="ada", requested_at=world.now)
    release_report(release, Attempt(1, 4), world.workshop)
    released = delivery_of(world)
    assert (released.preview, released.figures) == (now.preview, now.figures)


def test_a_report_that_reuses_files_shows_as_much_of_them_as_it_wants_itself(world: World) -> None:
    command = command_of(world, manner=Manner(preview_rows=1), keeping=Keeping(reuse_seconds=3600))
    first = ordered(world, command)
    assert first.preview is not None
    assert len(first.preview.rows) == 1
    world.now += timedelta(minutes=1)
    replace = msgspec.structs.replace
    more = replace(command.order, delivery=replace(command.order.delivery, manner=Manner(preview_rows=4)))
    second = ordered(world, replace(command, report_id=OTHER, order=more))
    assert len(world.hands.jobs) == 1
    assert second.preview is not None
    assert len(second.preview.rows) == 4
    assert second.preview.rows[:1] == first.preview.rows
    assert second.figures == first.figures
