"""What is shown of a template."""

from __future__ import annotations

from typing import cast

from libs.common.messages import Format
from services.api.schemas.templates import ParameterView, QueryView, SourceLink, TemplateView
from services.api.tables import TemplateRow


def template_view(row: TemplateRow) -> TemplateView:
    """What is shown of a template."""
    return TemplateView(
        id=row.id,
        slug=row.slug,
        title=row.title,
        description=row.description,
        source=SourceLink(row.source.id, row.source.name),
        queries=[QueryView(**query) for query in row.queries],
        parameters=[ParameterView(**one) for one in row.parameters],
        formats=cast("list[Format]", row.formats),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
