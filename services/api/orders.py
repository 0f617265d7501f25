"""Takes the snapshot that an order is: nobody has to be asked later."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from libs.common import messages
from libs.common.conditions import Checks, Conditions
from libs.common.delivering import Burst
from libs.common.handling import Drop, Keeping, Limits, Packing
from libs.common.look import CsvDialect, Look, Widget
from libs.common.messages import DeliveryPlan, Format, Parameter, Priority, Query, ReportOrder
from services.api.parameters import Declared
from services.api.problems import Findings
from services.api.tables import SourceRow, TemplateRow

DEFAULT_RETRIES = 3
"""Of a report after a transient failure, where neither its schedule nor its template says otherwise."""


def order_for(
    template: TemplateRow,
    parameters: tuple[Parameter, ...],
    formats: Sequence[Format] | None,
    priority: Priority,
    delivery: DeliveryPlan,
    *,
    timezone: str = "UTC",
    conditions: Conditions = Conditions(),  # noqa: B008 - frozen
    filename: str = "",
    burst: Burst | None = None,
    max_retries: int | None = None,
) -> ReportOrder:
    """All that is needed to produce and deliver one report of `template` as it is now."""
    limits = msgspec.convert(template.limits, Limits)
    retries = next((one for one in (max_retries, limits.max_retries) if one is not None), DEFAULT_RETRIES)
    return ReportOrder(
        template=msgspec.structs.replace(template_of(template), filename=filename),
        source=source_of(template.source),
        parameters=parameters,
        formats=tuple(dict.fromkeys(formats or template.formats)),
        priority=priority,
        delivery=delivery,
        timezone=timezone,
        conditions=conditions,
        burst=burst,
        max_retries=retries,
    )


def template_of(template: TemplateRow) -> messages.Template:
    """`template` as it travels."""
    return messages.Template(
        template_id=template.id,
        slug=template.slug,
        title=template.title,
        description=template.description,
        queries=tuple(Query(name=query["name"], sql=query["sql"]) for query in template.queries),
        widgets=msgspec.convert(template.widgets, tuple[Widget, ...]),
        look=look_of(template),
        csv=msgspec.convert(template.csv, CsvDialect),
        checks=msgspec.convert(template.checks, Checks),
        packing=msgspec.convert(template.packing, Packing),
        drop=msgspec.convert(template.drop, Drop | None),
        keeping=msgspec.convert(template.keeping, Keeping),
        limits=msgspec.convert(template.limits, Limits),
    )


def source_of(source: SourceRow) -> messages.Source:
    """`source` as it travels."""
    return messages.Source(
        source_id=source.id,
        name=source.name,
        sealed_url=source.sealed_url,
        statement_timeout_seconds=source.statement_timeout_seconds,
        max_rows=source.max_rows,
        concurrency=source.concurrency,
    )


def look_of(template: TemplateRow) -> Look:
    """The look of `template`, with what was uploaded for it."""
    return msgspec.convert(
        {**template.look, "logo_key": template.logo_key, "workbook_key": template.workbook_key}, Look
    )


def declared(template: TemplateRow) -> list[Declared]:
    """The parameters of `template`."""
    return [Declared(**one) for one in template.parameters]


def query_names(template: TemplateRow) -> tuple[str, ...]:
    """The names of the queries of `template`."""
    return tuple(query["name"] for query in template.queries)


def template_for(session: Session, slug: str, wrong: Findings) -> TemplateRow | None:
    """The template that a request asks for; `report_type` is wrong if there is none."""
    row = session.execute(select(TemplateRow).where(TemplateRow.slug == slug)).scalar_one_or_none()
    if row is None:
        wrong.add("report_type", f"report_type must be the slug of a template; there is none called {slug}.")
    return row
