"""A club with members, and reports for each of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from generator_world import FIRST, World
from sqlalchemy import select

from libs.common.delivering import Burst
from libs.common.messages import (
    BurstAdvanced,
    BurstChanged,
    GenerateReport,
    Message,
    Parameter,
    Query,
    Source,
    Template,
)
from libs.common.storage import ArtifactStorage
from services.generator.burst.spreader import Spreader
from services.generator.generate import generate
from services.generator.tables import bursts

SCHEDULE = UUID(int=11)
SCORES = Query(name="Scores", sql="SELECT member, quiz, score FROM scores WHERE member = :member ORDER BY quiz")
ALL_SCORES = Query(name="Scores", sql="SELECT member, quiz, score FROM scores ORDER BY quiz")
EACH = "SELECT address, name, id AS member FROM members ORDER BY id"


class Club:
    """A world whose source is a club; `window` reports of a burst are under way at a time."""

    def __init__(self, world: World, window: int = 500) -> None:
        self.world = world
        self.path = world.folder / "club.sqlite"
        self.spreader = Spreader(
            world.workshop.journal, ArtifactStorage(world.workshop.artifacts_url), window, lambda: world.now
        )
        self.run("CREATE TABLE members (id, address, name, locale, formats)")
        self.run("CREATE TABLE scores (member, quiz, score)")

    def run(self, sql: str, rows: Iterable[Sequence[object]] = ((),)) -> None:
        with sqlite3.connect(self.path) as connection:
            connection.executemany(sql, rows)
        connection.close()

    def members(self, *rows: Sequence[object]) -> None:
        """Each is (id, address, name, locale, formats)."""
        self.run("INSERT INTO members VALUES (?, ?, ?, ?, ?)", [tuple([*row, *[None] * 5][:5]) for row in rows])

    def scores(self, *rows: Sequence[object]) -> None:
        """Each is (member, quiz, score)."""
        self.run("INSERT INTO scores VALUES (?, ?, ?)", rows)

    def order(self, burst: Burst, *queries: Query, **changes: Any) -> GenerateReport:
        """An order with the burst; `changes` are for the order."""
        template = Template(
            template_id=UUID(int=1),
            slug="scores",
            title="Scores",
            queries=queries or (SCORES,),
            **changes.pop("look", {}),
        )
        usual: dict[str, Any] = {
            "template": template,
            "source": Source(
                source_id=UUID(int=2), name="club", sealed_url=self.world.sealer.seal(f"sqlite:///{self.path}")
            ),
            "parameters": (Parameter(name="member", type="integer", value=0),),
            "formats": ("csv",),
            "priority": "normal",
            "burst": burst,
        }
        command = self.world.command(**{**usual, **changes})
        return msgspec.structs.replace(command, schedule_id=SCHEDULE)

    def spread(self, command: GenerateReport) -> list[Message]:
        """List the recipients and order their reports as far as that goes; what was said."""
        self.world.generate(command)
        while self.spreader.step():
            pass
        return self.world.said()

    def make(self, commands: Iterable[GenerateReport]) -> list[Message]:
        """Make these reports; what was said."""
        for command in commands:
            generate(command, FIRST, self.world.workshop)
        return self.world.said()

    def state(self) -> Any:
        with self.world.store.read() as session:
            return session.execute(select(bursts)).one_or_none()

    def rows_of(self, artifacts_key: str) -> str:
        """A file, without the mark at its beginning."""
        return self.world.storage.read(artifacts_key).decode("utf-8-sig")


def parts(said: Iterable[Message]) -> list[GenerateReport]:
    """The reports that were ordered."""
    return [one for one in said if isinstance(one, GenerateReport)]


def lines(said: Iterable[Message]) -> list[Any]:
    """What was told of each recipient."""
    return [line for one in said if isinstance(one, BurstAdvanced) for line in one.recipients]


def states(said: Iterable[Message]) -> list[str]:
    """How the state of the burst changed."""
    return [one.state for one in said if isinstance(one, BurstChanged)]


def scratch(path: Path) -> list[Path]:
    """Files that are left."""
    return [one for one in path.rglob("*") if one.is_file()]
