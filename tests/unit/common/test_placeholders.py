"""What placeholders mean: on the calendar of the zone, from the moment for which a report is due."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.messages import DeliveryPlan, Parameter, Query, ReportOrder, Source, Template
from libs.common.placeholders import (
    NAMES,
    Occasion,
    Placeholder,
    check_text,
    resolved,
    resolved_order,
    resolved_parameter,
)

SOME_ID = UUID(int=1)

# 00:30 on Monday, 2 March 2026, in Berlin; it is still Sunday in London.
BERLIN = Occasion(scheduled_for=datetime(2026, 3, 1, 23, 30, tzinfo=UTC), timezone="Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("{{today}}", "2026-03-02"),
        ("{{ yesterday }}", "2026-03-01"),
        ("{{tomorrow}}", "2026-03-03"),
        ("{{week_start}}/{{week_end}}", "2026-03-02/2026-03-08"),
        ("{{last_week_start}}/{{last_week_end}}", "2026-02-23/2026-03-01"),
        ("{{month_start}}/{{month_end}}", "2026-03-01/2026-03-31"),
        ("{{last_month_start}}/{{last_month_end}}", "2026-02-01/2026-02-28"),
        ("{{quarter_start}}/{{quarter_end}}", "2026-01-01/2026-03-31"),
        ("{{last_quarter_start}}/{{last_quarter_end}}", "2025-10-01/2025-12-31"),
        ("{{year_start}}/{{year_end}}", "2026-01-01/2026-12-31"),
        ("{{last_year_start}}/{{last_year_end}}", "2025-01-01/2025-12-31"),
        ("{{scheduled_for}}", "2026-03-02T00:30:00+01:00"),
        ("{{last_success_at}}", "1970-01-01T01:00:00+01:00"),
        ("{{today - 7d}}", "2026-02-23"),
        ("{{today-1w}}", "2026-02-23"),
        ("{{today + 1mo - 1d}}", "2026-04-01"),
        ("{{month_end - 1mo}}", "2026-02-28"),
        ("{{today - 2y}}", "2024-03-02"),
        ("{{scheduled_for - 3h + 15min}}", "2026-03-01T21:45:00+01:00"),
        ("{{today|%d.%m.%Y}}", "02.03.2026"),
        ("Sales of {{ last_month_start | %B %Y }}, 100%", "Sales of February 2026, 100%"),
        ("{{scheduled_for|%H:%M 100%%}}", "00:30 100%"),
        ("nothing { } {today}", "nothing { } {today}"),
    ],
)
def test_a_placeholder_means(text: str, meaning: str) -> None:
    assert resolved(text, BERLIN) == meaning


def test_hours_are_counted_on_the_clock_of_the_world() -> None:
    spring = Occasion(scheduled_for=datetime(2026, 3, 29, 2, 0, tzinfo=UTC), timezone="Europe/Berlin")
    assert resolved("{{scheduled_for - 2h}}", spring) == "2026-03-29T01:00:00+01:00"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{{yesteday}}", "{{yesteday}} means nothing: there is no yesteday; there are today, yesterday"),
        ("{{}}", "cannot be read"),
        ("{{today 7d}}", "cannot be read"),
        ("{{today.year}}", "cannot be read"),
        ("{{__class__}}", "there is no __class__"),
        ("{{today - 7x}}", "has the unit x; there are y, mo, w, d, h, min"),
        ("{{today|%Q}}", "has a format with %Q"),
        ("{{today|%}}", "has a format with %;"),
        ("{{today - 99999y}}", "lies outside of the calendar"),
    ],
)
def test_one_that_means_nothing_is_refused_in_a_sentence(text: str, words: str) -> None:
    with pytest.raises(Placeholder) as caught:
        check_text(text)
    assert words in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("date", "{{yesterday}}", "2026-03-01"),
        ("date", "{{scheduled_for}}", "2026-03-02"),
        ("datetime", "{{today}}", "2026-03-02T00:00:00"),
        ("datetime", "{{scheduled_for}}", "2026-03-02T00:30:00+01:00"),
        ("integer", "{{today|%Y}}", 2026),
        ("number", "{{today|%Y.%m}}", "2026.03"),
        ("text", "Q {{today|%m}}", "Q 03"),
        ("boolean", True, True),
        ("text", "plain", "plain"),
    ],
)
def test_a_parameter_keeps_its_type(kind: Any, text: Any, value: Any) -> None:
    assert resolved_parameter(Parameter(name="p", type=kind, value=text), BERLIN).value == value


@pytest.mark.parametrize("kind", ["integer", "number", "boolean"])
def test_a_date_is_none_of_the_other_types(kind: Any) -> None:
    with pytest.raises(Placeholder, match=f"becomes 2026-03-02, which is no {kind}"):
        resolved_parameter(Parameter(name="p", type=kind, value="{{today}}"), BERLIN)


def test_an_order_is_resolved_in_its_parameters_and_words_and_nowhere_else() -> None:
    sql = "SELECT '{{today}}'"
    order = ReportOrder(
        template=Template(
            template_id=SOME_ID,
            slug="s",
            title="{{today}}",
            filename="S {{today|%Y}}",
            queries=(Query(name="q", sql=sql),),
        ),
        source=Source(source_id=SOME_ID, name="shop", sealed_url="sealed"),
        parameters=(Parameter(name="day", type="date", value="{{yesterday}}"),),
        delivery=DeliveryPlan(subject="Sales of {{yesterday}}", body="Until {{today}}"),
    )
    meant = resolved_order(order, BERLIN)
    assert [one.value for one in meant.parameters] == ["2026-03-01"]
    assert (meant.delivery.subject, meant.delivery.body) == ("Sales of 2026-03-01", "Until 2026-03-02")
    assert meant.template == msgspec.structs.replace(order.template, filename="S 2026")


@settings(max_examples=50, deadline=None)
@given(name=st.sampled_from(sorted(NAMES)), at=st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001
def test_a_period_begins_before_it_ends_and_the_last_one_ends_before_this_begins(name: str, at: datetime) -> None:
    occasion = Occasion(scheduled_for=at.replace(tzinfo=UTC), timezone="Africa/Casablanca")
    period = name.removeprefix("last_").rpartition("_")[0]
    if f"last_{period}_end" in NAMES:
        meant = [resolved(f"{{{{{one}}}}}", occasion) for one in (f"last_{period}_start", f"last_{period}_end")]
        meant += [resolved(f"{{{{{one}}}}}", occasion) for one in (f"{period}_start", "today", f"{period}_end")]
        assert meant == sorted(meant)
    else:
        assert resolved(f"{{{{{name}}}}}", occasion)
