"""Tells Pressroom about a pack, through its API: what is not there is created, what is there is changed to fit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from libs.client import Pressroom
from samples.pack import Pack


def apply(pack: Pack, pressroom: Pressroom, database: Path) -> Iterator[str]:
    """Make the source, the templates and the schedules of `pack`; a sentence for each. Doing it again is harmless."""
    url = f"sqlite:///{database.absolute()}"
    if any(source.name == pack.name for source in pressroom.sources()):
        pressroom.change_source(pack.name, url=url)
    else:
        pressroom.create_source(pack.name, url)
    yield f"The source {pack.name} reads {database}."
    yield from _templates(pack, pressroom)
    yield from _schedules(pack, pressroom)


def _templates(pack: Pack, pressroom: Pressroom) -> Iterator[str]:
    known = {template.slug for template in pressroom.templates()}
    for body in pack.templates:
        slug, fields = body["slug"], _without(body, "slug") | {"source": pack.name}
        if slug in known:
            pressroom.change_template(slug, **fields)
        else:
            pressroom.create_template(slug, **fields)
        yield f"The template {slug} is there."


def _schedules(pack: Pack, pressroom: Pressroom) -> Iterator[str]:
    known: dict[str, UUID] = {schedule.name: schedule.id for schedule in pressroom.schedules()}
    for body in pack.schedules:
        name = body["name"]
        if name in known:
            schedule = pressroom.change_schedule(known[name], **_without(body, "name"))
        else:
            schedule = pressroom.create_schedule(**body)
        due = f" is due next at {schedule.next_run_at:%Y-%m-%d %H:%M} UTC" if schedule.next_run_at else " is there"
        yield f"The schedule “{name}”{due}."


def _without(body: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != name}
