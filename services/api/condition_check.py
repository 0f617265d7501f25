"""Checks of a template and conditions of a schedule: what they say must be about queries that there are."""

from __future__ import annotations

from collections.abc import Sequence

from libs.common.conditions import Change, Checks, Conditions, Freshness, NullShare
from services.api.problems import Findings
from services.api.widget_check import check_distinct, check_query


def check_checks(checks: Checks, queries: Sequence[str], wrong: Findings) -> None:
    """What cannot work in `checks` goes to `wrong`."""
    if checks.min_rows is not None and checks.max_rows is not None and checks.min_rows > checks.max_rows:
        sentence = f"must be at least min_rows, which is {checks.min_rows:,}, not {checks.max_rows:,}."
        wrong.add("checks.max_rows", f"checks.max_rows {sentence}")
    check_distinct(checks.required_columns, "checks.required_columns", wrong)
    looks: dict[str, Sequence[NullShare | Freshness | Change]] = {
        "nulls": checks.nulls,
        "fresh": checks.fresh,
        "change": checks.change,
    }
    for name, parts in looks.items():
        for index, part in enumerate(parts):
            check_query(part.query, queries, f"checks.{name}[{index}].query", wrong)
    _check_measures([one.measure for one in checks.change], "checks.change", wrong)


def check_conditions(conditions: Conditions, queries: Sequence[str], wrong: Findings) -> None:
    """What cannot work in `conditions` goes to `wrong`."""
    for index, one in enumerate(conditions.only_if):
        check_query(one.query, queries, f"conditions.only_if[{index}].query", wrong)
    _check_measures([one.measure for one in conditions.only_if], "conditions.only_if", wrong)
    if conditions.crossing and not conditions.only_if:
        wrong.add("conditions.only_if", "conditions.only_if must hold what is to be crossed, if crossing is true.")


def _check_measures(measures: Sequence[str], field: str, wrong: Findings) -> None:
    for index, measure in enumerate(measures):
        if not measure:
            at = f"{field}[{index}].measure"
            wrong.add(at, f"{at} must be rows or the name of a column, not empty.")
