"""/api/v1/templates"""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, delete, get, patch, post
from litestar.params import JSONBody, PathParameter
from msgspec import UNSET
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.api.bodies import StrictJson
from services.api.controllers.common import CREATES, DELETES, READS, WRITES, Asking, By, Key, Work
from services.api.definitions import created
from services.api.dry_run import dry_run
from services.api.once import asked
from services.api.paging import DEFAULT_LIMIT, Cursor, Limit, Order, Window, next_url, page
from services.api.schemas.templates import NewTemplate, TemplateChanges, TemplateList, TemplateView
from services.api.tables import TemplateRow
from services.api.templates import (
    change_template,
    changes_what_the_source_sees,
    create_template,
    delete_template,
    find_template,
)
from services.api.views.templates import template_view

Which = Annotated[str, PathParameter(description="The slug or the id of the template.")]

BY_SLUG = Order(TemplateRow.slug, TemplateRow.id, kind=str, descending=False)


class TemplateController(Controller):
    """What can be produced. The slug of a template is the `report_type` of reports and schedules."""

    path = "/templates"
    tags = ("templates",)

    @post("/", dto=StrictJson, return_dto=None, responses=CREATES, sync_to_thread=True)
    def create(self, data: JSONBody[NewTemplate], platform: Work, caller: By, key: Key = None) -> TemplateView:
        """Create a template. A generator tries its SQL on the source first, without reading rows."""

        def make(session: Session) -> TemplateRow | None:
            request = asked(session, "template", caller, key, data, platform.now)
            if not request.first:
                return None
            create_template(session, platform, caller, request.id, data)
            return created(session, TemplateRow, request.id)

        checked = dry_run(platform, caller, make, sql_field="" if data.query is UNSET else "query")
        with platform.records.begin() as session:
            request = asked(session, "template", caller, key, data, platform.now)
            if request.first:
                create_template(session, platform, caller, request.id, data)
            return template_view(created(session, TemplateRow, request.id), checked)

    @get("/", responses=READS, sync_to_thread=True)
    def list_all(
        self, request: Asking, platform: Work, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
    ) -> TemplateList:
        """List the templates, by slug."""
        with platform.records.read() as session:
            rows, following = page(session, select(TemplateRow), BY_SLUG, Window(limit, cursor))
            return TemplateList([template_view(row) for row in rows], next_url(request, following))

    @get("/{which:str}", responses=READS, sync_to_thread=True)
    def show(self, which: Which, platform: Work) -> TemplateView:
        """Show a template."""
        with platform.records.read() as session:
            return template_view(find_template(session, which))

    @patch("/{which:str}", dto=StrictJson, return_dto=None, responses=WRITES, sync_to_thread=True)
    def change(self, which: Which, data: JSONBody[TemplateChanges], platform: Work, caller: By) -> TemplateView:
        """Change a template. The schedules that use it follow at once. New SQL is tried on the source first."""

        def make(session: Session) -> TemplateRow | None:
            touched = changes_what_the_source_sees(data)
            return change_template(session, platform, caller, which, data) if touched else None

        checked = dry_run(platform, caller, make, sql_field="" if data.query is UNSET else "query")
        with platform.records.begin() as session:
            return template_view(change_template(session, platform, caller, which, data), checked)

    @delete("/{which:str}", responses=DELETES, sync_to_thread=True)
    def remove(self, which: Which, platform: Work, caller: By) -> None:
        """Delete a template that no schedule uses. The record of its reports stays."""
        with platform.records.begin() as session:
            delete_template(session, platform, caller, which)
