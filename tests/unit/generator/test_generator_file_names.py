"""What the files of a report are called."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from services.generator.render.report import Report


@pytest.mark.parametrize(
    ("named", "part", "expected"),
    [
        ("", "", "sales-2026-03-02.xlsx"),
        ("", "Orders", "sales-Orders-2026-03-02.xlsx"),
        ("Umsatz Februar 2026", "", "Umsatz Februar 2026.xlsx"),
        ("Umsatz", "Orders", "Umsatz-Orders.xlsx"),
        ("../../etc/passwd", "", "-.-..-etc-passwd.xlsx"),
        ("a\\b:c\nd", "", "a-b-c-d.xlsx"),
    ],
)
def test_a_name_of_ones_own_takes_the_place_of_slug_and_day(named: str, part: str, expected: str) -> None:
    report = Report(
        slug="sales",
        title="Sales",
        description="",
        source="shop",
        parameters=(),
        made_at=datetime(2026, 3, 2, 7, tzinfo=UTC),
        day=date(2026, 3, 2),
        answers=(),
        parts=(),
        named=named,
    )
    assert report.filename("xlsx", part) == expected
