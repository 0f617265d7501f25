"""What a reader must know: the same sentences in the file, in the letter and in the record."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from libs.common.errors import PermanentFailure
from libs.common.look import Widget
from libs.common.messages import Template
from services.generator.answers import Answer
from services.generator.ask import Asked
from services.generator.parts import FailedPart, Part, resolve


def parts_of(template: Template, asked: Asked, folder: Path) -> tuple[Part, ...]:
    """The parts of the report in the template's order; what could not be read stands in its place as failed.

    A PermanentFailure with the reasons if there is nothing but failures.
    """
    widgets = template.widgets or (tuple(Widget(query=one.name) for one in template.queries) if asked.failed else ())
    readable = [one for one in widgets if one.query not in asked.failed]
    drawn = iter(resolve(readable, asked.answers, folder) if readable or not widgets else ())
    if widgets:
        parts = tuple(
            FailedPart(one.title or one.query, asked.failed[one.query], one.width)
            if one.query in asked.failed
            else next(drawn)
            for one in widgets
        )
    else:
        parts = tuple(drawn)
    if all(is_failure(one) for one in parts):
        raise PermanentFailure(" ".join(shortfalls(parts)))
    return parts


def is_failure(part: Part) -> bool:
    """Whether the part should be there and is not; one without rows has nothing to show, and that is all."""
    return isinstance(part, FailedPart) and not part.no_rows


def shortfalls(parts: Sequence[Part]) -> tuple[str, ...]:
    """A sentence for each part that should be there and is not."""
    return tuple(dict.fromkeys(note for part in parts if is_failure(part) for note in part.notes))


def banners(answers: Sequence[Answer], parts: Sequence[Part], failures: Sequence[str]) -> tuple[str, ...]:
    """What must be seen before the data: failed checks, missing parts, rows that a limit cut, empty answers."""
    checks = [f"A check failed: {one}" for one in failures]
    cuts = [one.cut.sentence(one.name) for one in answers if one.cut is not None]
    empty = [f"{one.name}: the query gave no rows." for one in answers if not one.rows]
    return tuple(dict.fromkeys((*checks, *shortfalls(parts), *cuts, *empty)))
