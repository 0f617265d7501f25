"""The page about templates can be copied from: every example is accepted, and every field is told of."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar.testing import TestClient

from libs.common.conditions import Change, Checks, Condition, Conditions, Freshness, NullShare
from libs.common.handling import Keeping, Limits
from libs.common.look import ColourRule, ColumnSetting, CsvDialect, Sort, Style, Widget
from services.api.schemas.handling import NewDrop, NewPacking
from services.api.schemas.templates import NewParameter

PAGE = (Path(__file__).parents[3] / "docs" / "templates.md").read_text(encoding="utf-8")
EXAMPLES = [
    (kind.strip(), body) for kind, body in re.findall(r"^```json(.*?)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
]

KEPT: dict[str, type[msgspec.Struct]] = {
    "look": Style,
    "csv": CsvDialect,
    "checks": Checks,
    "keeping": Keeping,
    "limits": Limits,
    "conditions": Conditions,
}
"""What is shown as it was said, but for what is by default."""

SOURCE = {"name": "flights", "url": "postgresql://reader:password@db.example/flights"}
TEMPLATE: dict[str, Any] = {
    "title": "Examples",
    "source": "flights",
    "queries": [{"name": "Sales", "sql": "SELECT 1"}, {"name": "Months", "sql": "SELECT 1"}],
    "formats": ["xlsx", "csv"],
}
SCHEDULE = {
    "name": "Examples",
    "frequency": "daily",
    "schedule_config": {"hour": 8},
    "recipients": ["ann@example.org"],
}


@pytest.fixture
def slug(client: TestClient[Any], request: pytest.FixtureRequest) -> str:
    """A template of its own, whose queries are those of the examples."""
    slug = f"examples-{request.node.callspec.id}"
    client.post("/api/v1/sources", json=SOURCE)
    assert client.post("/api/v1/templates", json={**TEMPLATE, "slug": slug}).status_code == 201
    return slug


def test_there_are_examples_of_each_kind() -> None:
    assert {kind for kind, _ in EXAMPLES} == {"", "template", "schedule"}
    assert len(EXAMPLES) >= 12


@pytest.mark.parametrize(("kind", "body"), EXAMPLES, ids=[f"{number}" for number in range(len(EXAMPLES))])
def test_every_example_is_accepted_and_kept(client: TestClient[Any], slug: str, kind: str, body: str) -> None:
    said = json.loads(body)
    if kind == "template":
        answer = client.post("/api/v1/templates", json=said)
    elif kind == "schedule":
        answer = client.post("/api/v1/reports/schedules", json={**SCHEDULE, "report_type": slug, **said})
    else:
        answer = client.patch(f"/api/v1/templates/{slug}", json=said)
    assert answer.status_code in (200, 201), answer.text
    shown = answer.json()
    for name in KEPT.keys() & said.keys():
        assert msgspec.convert(shown[name], KEPT[name]) == msgspec.convert(said[name], KEPT[name])


@pytest.mark.parametrize(
    "part",
    [
        Widget,
        ColumnSetting,
        ColourRule,
        Sort,
        Style,
        CsvDialect,
        Checks,
        NullShare,
        Freshness,
        Change,
        Condition,
        Conditions,
        NewPacking,
        NewDrop,
        NewParameter,
        Keeping,
        Limits,
    ],
)
def test_every_field_is_told_of(part: type[msgspec.Struct]) -> None:
    told = set(re.findall(r"`(?:\w+\.)?(\w+)`", PAGE))
    assert set(part.__struct_encode_fields__) - told == set()
