"""When a report is worth sending: conditions of a schedule, and checks of a template."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from libs.common.look import ColumnName, Comparison
from libs.common.values import Choice

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Condition(Choice, frozen=True, kw_only=True):
    """Compares something that was read with a number."""

    query: str = ""
    """The name of a query; empty takes the first."""
    measure: str = "rows"
    """`rows`, or a column of the first row (a key figure)."""
    when: Comparison
    value: float


class Conditions(Choice, frozen=True, kw_only=True):
    """When a schedule's report is sent; else it ends as skipped, with the reason."""

    only_if: tuple[Condition, ...] = ()
    """All must hold."""
    crossing: bool = False
    """Send when `only_if` begins to hold, and not again before it has ceased to hold (the alert is re-armed)."""
    quiet_seconds: Annotated[int, msgspec.Meta(ge=0, le=31_622_400)] = 0
    """Having sent once, stay quiet for so long."""
    only_if_changed: bool = False
    """Send only if the rows differ from those of the last report of this schedule that was sent."""
    send_empty: bool = True
    """False: no rows in any query, no report."""


class NullShare(Choice, frozen=True, kw_only=True):
    """At most this share of a column may be NULL."""

    query: str = ""
    column: ColumnName
    at_most: Share


class Freshness(Choice, frozen=True, kw_only=True):
    """The latest value of a date or timestamp column may be at most so old. A value without a zone is in UTC."""

    query: str = ""
    column: ColumnName
    within_seconds: Annotated[int, msgspec.Meta(ge=1)]


class Change(Choice, frozen=True, kw_only=True):
    """A measure may differ from that of the last report of the same template and schedule by at most this share."""

    query: str = ""
    measure: str = "rows"
    """`rows`, or a column of the first row."""
    at_most: Annotated[float, msgspec.Meta(ge=0)]


class Checks(Choice, frozen=True, kw_only=True):
    """What must be true of the data before anybody gets to see it."""

    min_rows: Annotated[int, msgspec.Meta(ge=0)] | None = None
    """Of each query."""
    max_rows: Annotated[int, msgspec.Meta(ge=0)] | None = None
    required_columns: tuple[ColumnName, ...] = ()
    """Of the first query."""
    nulls: tuple[NullShare, ...] = ()
    fresh: tuple[Freshness, ...] = ()
    change: tuple[Change, ...] = ()
    on_failure: Literal["block", "hold", "warn"] = "block"
    """`block`: the report fails. `hold`: it waits for an approval. `warn`: it is sent with a banner."""
