"""/api/v1/deliveries"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Controller, get
from litestar.params import FromPath, QueryParameter
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from services.api.controllers.common import READS, Asking, Work
from services.api.paging import DEFAULT_LIMIT, Cursor, Limit, Order, Window, next_url, page
from services.api.problems import missing
from services.api.schemas.common import DeliveryState
from services.api.schemas.reports import DeliveryList, DeliveryView
from services.api.tables import DeliveryRow
from services.api.views.deliveries import delivery_view

LATEST_CREATED = Order(DeliveryRow.created_at, DeliveryRow.id)


class DeliveryController(Controller):
    """What was sent to whom, what was not, and why."""

    path = "/deliveries"
    tags = ("deliveries",)

    @get("/", responses=READS, sync_to_thread=True)
    def list_all(
        self,
        request: Asking,
        platform: Work,
        report: Annotated[UUID | None, QueryParameter(description="Only those of this report.")] = None,
        address: Annotated[str | None, QueryParameter(description="Only those to this address.")] = None,
        status: Annotated[
            DeliveryState | None, QueryParameter(name="state", description="Only those in this state.")
        ] = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> DeliveryList:
        """List deliveries, the latest first."""
        query = select(DeliveryRow).options(selectinload(DeliveryRow.attempts))
        if report is not None:
            query = query.where(DeliveryRow.report_id == report)
        if address is not None:
            query = query.where(DeliveryRow.address == address.strip().lower())
        if status is not None:
            query = query.where(DeliveryRow.state == status)
        with platform.records.read() as session:
            rows, following = page(session, query, LATEST_CREATED, Window(limit, cursor))
            return DeliveryList([delivery_view(row) for row in rows], next_url(request, following))

    @get("/{delivery_id:uuid}", responses=READS, sync_to_thread=True)
    def show(self, delivery_id: FromPath[UUID], platform: Work) -> DeliveryView:
        """Show a delivery with its attempts."""
        with platform.records.read() as session:
            row = session.get(DeliveryRow, delivery_id)
            if row is None:
                raise missing(f"There is no delivery {delivery_id}.")
            return delivery_view(row)
