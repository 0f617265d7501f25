"""What is shown of a template."""

from __future__ import annotations

from typing import cast

import msgspec

from libs.common.conditions import Checks
from libs.common.handling import Drop, Keeping, Limits, Packing
from libs.common.look import CsvDialect, Style, Widget
from libs.common.messages import Format
from services.api.dry_run import NOT_CHECKED, Checked
from services.api.schemas.handling import DropView, PackingView
from services.api.schemas.templates import ParameterView, QueryView, SourceLink, TemplateView
from services.api.tables import TemplateRow


def template_view(row: TemplateRow, checked: Checked = NOT_CHECKED) -> TemplateView:
    """What is shown of a template, and after saving what its source said of it."""
    return TemplateView(
        id=row.id,
        slug=row.slug,
        title=row.title,
        description=row.description,
        source=SourceLink(row.source.id, row.source.name),
        queries=[QueryView(**query) for query in row.queries],
        parameters=[ParameterView(**one) for one in row.parameters],
        formats=cast("list[Format]", row.formats),
        widgets=msgspec.convert(row.widgets, tuple[Widget, ...]),
        look=msgspec.convert(row.look, Style),
        has_logo=bool(row.logo_key),
        has_workbook=bool(row.workbook_key),
        csv=msgspec.convert(row.csv, CsvDialect),
        checks=msgspec.convert(row.checks, Checks),
        packing=_packing(row),
        drop=_drop(row),
        keeping=msgspec.convert(row.keeping, Keeping),
        limits=msgspec.convert(row.limits, Limits),
        created_at=row.created_at,
        updated_at=row.updated_at,
        checked=checked.checked,
        warnings=list(checked.warnings),
    )


def _packing(row: TemplateRow) -> PackingView:
    packing = msgspec.convert(row.packing, Packing)
    return PackingView(pack=packing.pack, has_password=bool(packing.sealed_password))


def _drop(row: TemplateRow) -> DropView | None:
    if row.drop is None:
        return None
    drop = msgspec.convert(row.drop, Drop)
    return DropView(url=drop.shown, pattern=drop.pattern)
