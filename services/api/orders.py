"""Takes the snapshot that an order is: nobody has to be asked later."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from libs.common import messages
from libs.common.messages import DeliveryPlan, Format, Parameter, Priority, Query, Recipient, ReportOrder
from services.api.parameters import Declared
from services.api.problems import Findings
from services.api.tables import TemplateRow


def order_for(
    template: TemplateRow,
    parameters: tuple[Parameter, ...],
    formats: Sequence[Format] | None,
    priority: Priority,
    delivery: DeliveryPlan,
    *,
    timezone: str = "UTC",
) -> ReportOrder:
    """All that is needed to produce and deliver one report of `template` as it is now."""
    source = template.source
    return ReportOrder(
        template=messages.Template(
            template_id=template.id,
            slug=template.slug,
            title=template.title,
            description=template.description,
            queries=tuple(Query(name=query["name"], sql=query["sql"]) for query in template.queries),
        ),
        source=messages.Source(
            source_id=source.id,
            name=source.name,
            sealed_url=source.sealed_url,
            statement_timeout_seconds=source.statement_timeout_seconds,
            max_rows=source.max_rows,
        ),
        parameters=parameters,
        formats=tuple(dict.fromkeys(formats or template.formats)),
        priority=priority,
        delivery=delivery,
        timezone=timezone,
    )


def plan(recipients: Sequence[Recipient], subject: str, body: str) -> DeliveryPlan:
    """Letters by e-mail to `recipients`."""
    return DeliveryPlan(recipients=tuple(recipients), subject=subject, body=body)


def declared(template: TemplateRow) -> list[Declared]:
    """The parameters of `template`."""
    return [Declared(**one) for one in template.parameters]


def template_for(session: Session, slug: str, wrong: Findings) -> TemplateRow | None:
    """The template that a request asks for; `report_type` is wrong if there is none."""
    row = session.execute(select(TemplateRow).where(TemplateRow.slug == slug)).scalar_one_or_none()
    if row is None:
        wrong.add("report_type", f"report_type must be the slug of a template; there is none called {slug}.")
    return row
