"""What the tests of this folder say and do more than once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from libs.common.messages import GenerateReport, Priority, Query, ReportOrder, Source, Template
from libs.common.store import Store

NOW = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)


def order(priority: Priority) -> GenerateReport:
    template = Template(
        template_id=UUID(int=2), slug="sales", title="Sales", queries=(Query(name="all", sql="SELECT 1"),)
    )
    source = Source(source_id=UUID(int=3), name="shop", sealed_url="sealed")
    return GenerateReport(
        report_id=UUID(int=1),
        order=ReportOrder(template=template, source=source, priority=priority),
        requested_at=NOW,
    )


def undone(store: Store, work: Callable[[Session], object]) -> None:
    """Do `work` in a transaction that fails at its end."""
    with pytest.raises(RuntimeError, match="undone"):
        _do_and_fail(store, work)


def _do_and_fail(store: Store, work: Callable[[Session], object]) -> None:
    with store.begin() as session:
        work(session)
        raise RuntimeError("undone")
