"""/api/v1/templates/{…}/logo and …/workbook"""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, delete, put
from litestar.params import PathParameter, RawBody

from services.api.controllers.common import READS, WRITES, By, Work
from services.api.schemas.templates import TemplateView
from services.api.uploads import LOGO_BYTES, WORKBOOK_BYTES, assign_upload, upload
from services.api.views.templates import template_view

Which = Annotated[str, PathParameter(description="The slug or the id of the template.")]


class UploadController(Controller):
    """Files that belong to a template. The body is the file itself."""

    path = "/templates/{which:str}"
    tags = ("templates",)

    @put("/logo", request_max_body_size=LOGO_BYTES, responses=WRITES, sync_to_thread=True)
    def put_logo(self, which: Which, body: RawBody, platform: Work, caller: By) -> TemplateView:
        """Give a template a logo: a PNG or JPEG of at most 1 MB. The schedules that use it follow at once."""
        key = upload(platform, which, "logo", body)
        with platform.records.begin() as session:
            return template_view(assign_upload(session, platform, caller, which, "logo", key))

    @delete("/logo", status_code=200, responses=READS, sync_to_thread=True)
    def remove_logo(self, which: Which, platform: Work, caller: By) -> TemplateView:
        """Let a template have no logo."""
        with platform.records.begin() as session:
            return template_view(assign_upload(session, platform, caller, which, "logo", ""))

    @put("/workbook", request_max_body_size=WORKBOOK_BYTES, responses=WRITES, sync_to_thread=True)
    def put_workbook(self, which: Which, body: RawBody, platform: Work, caller: By) -> TemplateView:
        """Give a template a branded xlsx workbook of at most 5 MB, whose named ranges and tables are filled."""
        key = upload(platform, which, "workbook", body)
        with platform.records.begin() as session:
            return template_view(assign_upload(session, platform, caller, which, "workbook", key))

    @delete("/workbook", status_code=200, responses=READS, sync_to_thread=True)
    def remove_workbook(self, which: Which, platform: Work, caller: By) -> TemplateView:
        """Let a template fill no workbook but make new ones."""
        with platform.records.begin() as session:
            return template_view(assign_upload(session, platform, caller, which, "workbook", ""))
