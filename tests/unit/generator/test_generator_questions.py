"""Tests of sources and dry runs of templates, asked in this process on a real SQLite file."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from generator_world import FIRST, NOON, World

from libs.common import messages
from libs.common.conditions import Change, Checks, Freshness, NullShare
from libs.common.look import ColumnSetting, Sort, Widget
from libs.common.messages import (
    CheckTemplate,
    Parameter,
    Query,
    Source,
    SourceTested,
    Template,
    TemplateChecked,
)
from services.generator.check_template import check_template
from services.generator.try_source import try_source

GOOD = "SELECT day, units FROM sales WHERE units > :least"


def source_at(world: World, url: str) -> Source:
    return Source(source_id=UUID(int=2), name="shop", sealed_url=world.sealer.seal(url))


def ask_source(world: World, source: Source) -> SourceTested:
    try_source(messages.TestSource(test_id=UUID(int=9), source=source, requested_at=NOON), FIRST, world.workshop)
    (told,) = world.said()
    assert isinstance(told, SourceTested)
    assert (told.test_id, told.source_id) == (UUID(int=9), UUID(int=2))
    return told


def checked(world: World, *queries: str, url: str = "", **parts: Any) -> TemplateChecked:
    template = Template(
        template_id=UUID(int=1),
        slug="sales",
        title="Sales",
        queries=tuple(Query(name=f"Query {number}", sql=sql) for number, sql in enumerate(queries, 1)),
        **parts,
    )
    command = CheckTemplate(
        check_id=UUID(int=8),
        template=template,
        source=source_at(world, url or f"sqlite:///{world.shop}"),
        parameters=(Parameter(name="least", type="integer", value=None),),
        requested_at=NOON,
    )
    check_template(command, FIRST, world.workshop)
    (told,) = world.said()
    assert isinstance(told, TemplateChecked)
    return told


def test_a_source_that_works_says_what_it_is(world: World) -> None:
    told = ask_source(world, source_at(world, f"sqlite:///{world.shop}"))
    connected, read, written = told.sentences
    assert told.ok
    assert connected.startswith("Connected to SQLite 3.")
    assert read.startswith("It can be read: ")
    assert written == "The database refuses to write, as it should: not authorized."


@pytest.mark.parametrize(
    ("url", "sentence", "advice"),
    [
        ("sqlite:////nowhere/shop.sqlite", "its file 'shop.sqlite' does not exist", "mount the file there"),
        ("cobol://ada:s3cret-pw@host/shop", "no driver for it is here", "Install its SQLAlchemy driver"),
        ("postgresql://ada:s3cret-pw@127.0.0.1:1/shop", "refused the connection", "Check the host and the port"),
        ("mysql://ada:s3cret-pw@127.0.0.1:1/shop", "refused the connection", "Check the host and the port"),
        ("duckdb:////nowhere/shop.duckdb", "its file 'shop.duckdb' does not exist", "mount the file there"),
    ],
)
def test_a_source_that_does_not_work_says_what_to_do(url: str, sentence: str, advice: str, world: World) -> None:
    told = ask_source(world, source_at(world, url))
    assert not told.ok
    assert sentence in told.sentences[0]
    assert advice in told.sentences[1]
    assert "s3cret-pw" not in str(told)


def test_a_url_sealed_with_another_key_is_an_answer_too(world: World) -> None:
    told = ask_source(world, Source(source_id=UUID(int=2), name="shop", sealed_url="sealed elsewhere"))
    assert not told.ok
    assert "Enter the URL again" in told.sentences[1]


def test_a_template_that_fits_has_its_columns(world: World) -> None:
    told = checked(
        world,
        GOOD,
        "SELECT 1 AS a, 2 AS b;",
        widgets=(
            Widget(query="Query 1", columns=(ColumnSetting(column="units", total="sum"),), sort=(Sort(column="day"),)),
            Widget(kind="bar", query="Query 2", x="a", series=("b",)),
        ),
        checks=Checks(required_columns=("day",), nulls=(NullShare(column="units", at_most=0.5),)),
    )
    assert (told.ok, told.problems, told.unknown) == (True, (), "")
    columns = {one.query: [column.name for column in one.columns] for one in told.queries}
    assert columns == {"Query 1": ["day", "units"], "Query 2": ["a", "b"]}


def test_every_query_that_fails_is_a_problem_with_its_place(world: World) -> None:
    told = checked(world, "SELECT day,\n  nope FROM sales", GOOD, "SELECT * FROM missing", "DELETE FROM sales")
    assert not told.ok
    assert dict(zip(told.fields, told.problems, strict=True)) == {
        "queries[0].sql": "Template sales: The query 'Query 1' failed in the source 'shop': no such column: nope "
        "(line 2, column 3).",
        "queries[2].sql": "Template sales: The query 'Query 3' failed in the source 'shop': no such table: missing "
        "(line 1, column 15).",
        "queries[3].sql": "Template sales: The query 'Query 4' failed in the source 'shop': near \"DELETE\": syntax "
        "error (line 1, column 1).",
    }
    assert [one.query for one in told.queries] == ["Query 2"]


def test_columns_that_no_query_gives_are_named_with_their_field(world: World) -> None:
    widget = Widget(
        query="Query 1",
        columns=(ColumnSetting(column="unit"),),
        sort=(Sort(column="a"),),
        group_by=("b",),
        value="c",
        previous="d",
        x="e",
        series=("f",),
    )
    checks = Checks(
        required_columns=("g",),
        nulls=(NullShare(column="h", at_most=0),),
        fresh=(Freshness(column="i", within_seconds=1),),
        change=(Change(measure="j", at_most=0), Change(measure="rows", at_most=0)),
    )
    told = checked(world, GOOD, widgets=(widget,), checks=checks)
    assert not told.ok
    assert set(told.fields) == {
        *(f"widgets[0].{field}" for field in ("columns[0].column", "sort[0].column", "group_by[0]", "series[0]")),
        *(f"widgets[0].{field}" for field in ("value", "previous", "x")),
        *(f"checks.{field}" for field in ("required_columns[0]", "nulls[0].column", "fresh[0].column")),
        "checks.change[0].measure",
    }
    assert told.problems[0] == (
        "widgets[0].columns[0].column names the column unit, which the query 'Query 1' does not give; "
        "did you mean units?"
    )


def test_a_source_that_is_away_says_nothing_about_the_template(world: World) -> None:
    told = checked(world, GOOD, url="postgresql://ada:s3cret-pw@127.0.0.1:1/shop")
    assert (told.ok, told.problems) == (False, ())
    assert told.unknown.startswith("The source 'shop' refused the connection: ")
    assert "s3cret-pw" not in str(told)


def test_a_source_that_cannot_be_opened_is_a_problem(world: World) -> None:
    told = checked(world, GOOD, url="sqlite:////nowhere/shop.sqlite")
    assert (told.ok, told.fields) == (False, ("source",))


def test_a_question_never_shows_its_url(world: World) -> None:
    asked = []

    class Listening:
        def ask(self, work: Any, question: Any, limit_seconds: float) -> Any:
            asked.append(repr(question))
            return work(question)

    workshop = world.workshop.__class__(**{**vars(world.workshop), "questions": Listening()})
    source = source_at(world, "cobol://ada:s3cret-pw@host/shop")
    try_source(messages.TestSource(test_id=UUID(int=9), source=source, requested_at=NOON), FIRST, workshop)
    assert asked == ["SourceQuestion(shop)"]
