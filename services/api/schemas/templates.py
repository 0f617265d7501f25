"""Templates as people send and see them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from libs.common.conditions import Checks
from libs.common.handling import Keeping, Limits
from libs.common.look import CsvDialect, Style, Widget
from libs.common.messages import Format, ParameterType
from services.api.schemas.common import END, LINE, Formats, Name
from services.api.schemas.handling import DropView, NewDrop, NewPacking, PackingView

Slug = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[a-z0-9][a-z0-9_-]{0,79}" + END,
        description="The name by which reports and schedules ask for the template (`report_type`).",
        extra={"right": "1 to 80 small letters, digits, - and _, beginning with a letter or a digit"},
    ),
]
Description = Annotated[str, msgspec.Meta(max_length=5_000, description="What the report tells; shown in its files.")]
Sql = Annotated[
    str, msgspec.Meta(min_length=1, max_length=100_000, description="One SELECT; `:name` stands for a parameter.")
]
SourceName = Annotated[str, msgspec.Meta(min_length=1, description="The name or the id of a source.")]


class NewQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One SELECT of a template."""

    name: Annotated[
        str,
        msgspec.Meta(
            pattern=LINE,
            max_length=80,
            description="Names the sheet, section or file.",
            extra={"right": "one line of 1 to 80 characters, without blanks at its ends"},
        ),
    ]
    sql: Sql


class NewParameter(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A typed value that a report can be asked with; the SQL knows it as `:name`."""

    name: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}" + END,
            extra={"right": "1 to 63 letters, digits and _, not beginning with a digit"},
        ),
    ]
    type: ParameterType
    required: Annotated[
        bool | None,
        msgspec.Meta(description="Must a value be given? Without this field: yes, unless there is a default."),
    ] = None
    default: Annotated[Any, msgspec.Meta(description="The value if none is given.")] = None
    allowed: Annotated[list[Any] | None, msgspec.Meta(description="The only values that may be given.")] = None


Queries = Annotated[list[NewQuery], msgspec.Meta(min_length=1, max_length=20)]
Parameters = Annotated[list[NewParameter], msgspec.Meta(max_length=50)]
Widgets = Annotated[
    tuple[Widget, ...],
    msgspec.Meta(max_length=50, description="What to draw, in this order; without any a table of each query."),
]


class NewTemplate(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What to produce. Give either `query` or `queries`."""

    slug: Slug
    title: Name
    description: Description = ""
    source: SourceName
    query: Sql | UnsetType = UNSET
    queries: Queries | UnsetType = UNSET
    parameters: Parameters = []
    formats: Formats = msgspec.field(default_factory=lambda: ["xlsx"])
    widgets: Widgets = ()
    look: Style = Style()
    csv: CsvDialect = CsvDialect()
    checks: Checks = Checks()
    packing: NewPacking = NewPacking()
    drop: NewDrop | None = None
    keeping: Keeping = Keeping()
    limits: Limits = Limits()


class TemplateChanges(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What to change in a template; what is left out stays. Schedules that use it follow at once."""

    slug: Slug | UnsetType = UNSET
    title: Name | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    source: SourceName | UnsetType = UNSET
    query: Sql | UnsetType = UNSET
    queries: Queries | UnsetType = UNSET
    parameters: Parameters | UnsetType = UNSET
    formats: Formats | UnsetType = UNSET
    widgets: Widgets | UnsetType = UNSET
    look: Style | UnsetType = UNSET
    csv: CsvDialect | UnsetType = UNSET
    checks: Checks | UnsetType = UNSET
    packing: NewPacking | UnsetType = UNSET
    drop: NewDrop | UnsetType | None = UNSET
    keeping: Keeping | UnsetType = UNSET
    limits: Limits | UnsetType = UNSET


class QueryView(msgspec.Struct):
    """One SELECT of a template."""

    name: str
    sql: str


class ParameterView(msgspec.Struct, kw_only=True):
    """A parameter of a template. A default or an allowed date is ISO 8601 text."""

    name: str
    type: ParameterType
    required: bool
    default: Any
    allowed: list[Any] | None


class SourceLink(msgspec.Struct):
    """The source of a template."""

    id: UUID
    name: str


class TemplateView(msgspec.Struct, kw_only=True):
    """What to produce. Inside `widgets`, `look` and the like, what is left out is as by default."""

    id: UUID
    slug: str
    title: str
    description: str
    source: SourceLink
    queries: list[QueryView]
    parameters: list[ParameterView]
    formats: list[Format]
    widgets: tuple[Widget, ...]
    look: Style
    has_logo: bool
    has_workbook: Annotated[bool, msgspec.Meta(description="A branded workbook is filled instead of a new one.")]
    csv: CsvDialect
    checks: Checks
    packing: PackingView
    drop: DropView | None
    keeping: Keeping
    limits: Limits
    created_at: datetime
    updated_at: datetime
    checked: Annotated[
        bool | None,
        msgspec.Meta(
            description="After saving: did its source see the SQL and give the columns that it names? Else null."
        ),
    ] = None
    warnings: Annotated[list[str], msgspec.Meta(description="After saving: what its author must know.")] = []


class TemplateList(msgspec.Struct):
    """Templates, by slug."""

    items: list[TemplateView]
    next: str | None
