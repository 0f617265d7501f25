"""A value fits its parameter's type or is refused with what would be right."""

from __future__ import annotations

from typing import Any

import pytest

from services.api.parameters import Declared, Misfit, given_values, normalised
from services.api.problems import Findings


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        ("text", "May", "May"),
        ("text", "", ""),
        ("integer", 5, 5),
        ("integer", -(2**63), -(2**63)),
        ("number", 0.5, 0.5),
        ("number", 3, 3),
        ("number", " 12345678901234567890.123456789 ", "12345678901234567890.123456789"),
        ("boolean", False, False),
        ("date", "2026-02-28", "2026-02-28"),
        ("date", "20260228", "2026-02-28"),
        ("datetime", "2026-02-28T08:00", "2026-02-28T08:00:00"),
        ("datetime", "2026-02-28 08:00:00+01:00", "2026-02-28T08:00:00+01:00"),
        ("datetime", "2026-02-28T08:00:00Z", "2026-02-28T08:00:00+00:00"),
    ],
)
def test_a_fitting_value_is_normalised(kind: Any, value: object, kept: object) -> None:
    found = normalised(value, kind)
    assert found == kept
    assert type(found) is type(kept)


@pytest.mark.parametrize(
    ("kind", "value", "sentence"),
    [
        ("text", 5, "text, not 5"),
        ("text", None, "text, not null"),
        ("text", "x" * 10_001, "text of at most 10,000 characters"),
        ("integer", "5", 'an integer, not "5"'),
        ("integer", 5.0, "an integer, not 5.0"),
        ("integer", True, "an integer, not true"),
        ("integer", 2**63, "an integer of at most 64 bits, not 9223372036854775808"),
        ("number", "many", 'a number, not "many"'),
        ("number", "NaN", 'a number, not "NaN"'),
        ("number", "1e999999999", None),
        ("number", True, "a number, not true"),
        ("number", [], "a number, not an empty list"),
        ("boolean", 1, "true or false, not 1"),
        ("boolean", "true", 'true or false, not "true"'),
        ("date", "31.01.2026", 'a date like 2026-01-31, not "31.01.2026"'),
        ("date", "2026-02-30", 'a date like 2026-01-31, not "2026-02-30"'),
        ("date", 20260131, "a date like 2026-01-31, not 20260131"),
        ("datetime", "tomorrow", 'a date and time like 2026-01-31T08:00:00, not "tomorrow"'),
        ("datetime", {}, "a date and time like 2026-01-31T08:00:00, not an object"),
    ],
)
def test_a_value_of_another_type_is_refused(kind: Any, value: object, sentence: str | None) -> None:
    if sentence is None:
        assert normalised(value, kind) == value
        return
    with pytest.raises(Misfit) as misfit:
        normalised(value, kind)
    assert str(misfit.value) == sentence


def given(declared: Declared, values: dict[str, object]) -> tuple[Any, list[str]]:
    wrong = Findings()
    (parameter,) = given_values([declared], values, wrong)
    return parameter.value, [error.detail for error in wrong.errors]


def test_a_parameter_that_is_not_required_may_be_left_out_or_null() -> None:
    optional = Declared(name="month", type="integer", required=False)
    assert given(optional, {}) == (None, [])
    assert given(optional, {"month": None}) == (None, [])


def test_a_required_parameter_is_not_null() -> None:
    required = Declared(name="month", type="integer", required=True)
    assert given(required, {})[1] == ["parameters.month is missing; it must be an integer."]
    assert given(required, {"month": None})[1] == ["parameters.month must be an integer, not null."]


def test_the_default_is_taken_where_nothing_is_given() -> None:
    assert given(Declared(name="month", type="integer", required=False, default=3), {}) == (3, [])


def test_only_allowed_values_may_be_given() -> None:
    declared = Declared(name="day", type="date", required=True, allowed=["2026-01-31", "2026-02-28"])
    assert given(declared, {"day": "20260131"}) == ("2026-01-31", [])
    assert given(declared, {"day": "2026-03-31"})[1] == [
        'parameters.day must be one of "2026-01-31", "2026-02-28", not "2026-03-31".'
    ]
