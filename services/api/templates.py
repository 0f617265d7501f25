"""Templates: checked before they are kept, so that what can never work is refused while its author is there."""

from __future__ import annotations

from typing import cast
from uuid import UUID

import msgspec
from msgspec import UNSET
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from libs.common.conditions import Checks
from libs.common.handling import Drop, Keeping, Limits
from libs.common.look import CsvDialect, Style, Widget
from libs.common.messages import Format
from services.api.announcements import announce_schedules, refuse_unfit
from services.api.audit import note
from services.api.definitions import alone, as_uuid, assign, is_taken, set_fields
from services.api.people import Caller
from services.api.platform import Platform
from services.api.problems import conflict, missing
from services.api.schemas.handling import NewDrop, NewPacking
from services.api.schemas.templates import (
    NewParameter,
    NewQuery,
    NewTemplate,
    TemplateChanges,
)
from services.api.tables import ScheduleRow, TemplateRow
from services.api.template_check import checked_template


def create_template(session: Session, platform: Platform, caller: Caller, template_id: UUID, new: NewTemplate) -> None:
    """Keep a new template."""
    alone(session)
    values = checked_template(session, platform.sealer, new)
    _refuse_taken_slug(session, new.slug, template_id)
    now = platform.now
    session.add(TemplateRow(id=template_id, created_at=now, updated_at=now, **values))
    note(session, caller, "created", "template", template_id, now, slug=new.slug)
    session.flush()


def change_template(
    session: Session, platform: Platform, caller: Caller, key: str, changes: TemplateChanges
) -> TemplateRow:
    """Change a template, and let the timetable know of it for every schedule that uses it."""
    alone(session)
    row = find_template(session, key)
    given = set_fields(changes)
    if "query" in given and "queries" not in given:
        given["queries"] = UNSET
    values = checked_template(session, platform.sealer, msgspec.structs.replace(_as_new(row), **given), row)
    _refuse_taken_slug(session, values["slug"], row.id)
    if changed := assign(row, values):
        row.updated_at = platform.now
        session.flush()
        session.refresh(row)
        refuse_unfit(session, row)
        note(session, caller, "changed", "template", row.id, platform.now, fields=sorted(changed))
        announce_schedules(session, platform, TemplateRow.id == row.id)
    return row


def changes_what_the_source_sees(changes: TemplateChanges) -> bool:
    """Whether the source has to be asked again about the template."""
    return not {"query", "queries", "parameters", "source", "widgets", "checks"}.isdisjoint(set_fields(changes))


def delete_template(session: Session, platform: Platform, caller: Caller, key: str) -> None:
    """Delete a template that no schedule uses; the record of its reports stays."""
    alone(session)
    row = find_template(session, key)
    query = select(func.count()).select_from(ScheduleRow).where(ScheduleRow.template_id == row.id)
    if users := session.execute(query).scalar_one():
        schedules = "a schedule" if users == 1 else f"{users} schedules"
        raise conflict(f"The template {row.slug} is in use by {schedules}; change or delete that first.")
    session.delete(row)
    note(session, caller, "deleted", "template", row.id, platform.now, slug=row.slug)


def find_template(session: Session, key: str) -> TemplateRow:
    """The template with this slug or id; Refused (404) if there is none."""
    query = select(TemplateRow).where(or_(TemplateRow.slug == key, TemplateRow.id == as_uuid(key)))
    found = session.execute(query).scalars().all()
    if not found:
        raise missing(f"There is no template {key}.")
    return next((row for row in found if row.slug == key), found[0])


def _refuse_taken_slug(session: Session, slug: str, template_id: UUID) -> None:
    if is_taken(session, TemplateRow.slug, slug, template_id):
        raise conflict(f"There is a template with the slug {slug} already; take another slug or change that template.")


def _as_new(row: TemplateRow) -> NewTemplate:
    """The template as somebody would send it."""
    return NewTemplate(
        slug=row.slug,
        title=row.title,
        description=row.description,
        source=str(row.source_id),
        queries=[NewQuery(**query) for query in row.queries],
        parameters=[NewParameter(**one) for one in row.parameters],
        formats=cast("list[Format]", row.formats),
        widgets=msgspec.convert(row.widgets, tuple[Widget, ...]),
        look=msgspec.convert(row.look, Style),
        csv=msgspec.convert(row.csv, CsvDialect),
        checks=msgspec.convert(row.checks, Checks),
        packing=NewPacking(pack=row.packing.get("pack")),
        drop=None if row.drop is None else NewDrop(pattern=msgspec.convert(row.drop, Drop).pattern),
        keeping=msgspec.convert(row.keeping, Keeping),
        limits=msgspec.convert(row.limits, Limits),
    )
