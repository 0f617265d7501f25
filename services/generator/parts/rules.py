"""Conditional colours: which rule of its column a value fits."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import pyarrow as pa

from libs.common.look import ColourRule
from services.generator.columns.kinds import RIGHT_ALIGNED
from services.generator.columns.text import as_text
from services.generator.parts.table import ShownColumn

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "!=": operator.ne,
}


def fitting_rules(array: pa.Array, shown: ShownColumn) -> list[int]:
    """For each value the place of the first rule that it fits, -1 where there is none. NULL fits none."""
    is_number = shown.column.kind in RIGHT_ALIGNED
    texts = as_text(array, shown.column.kind, with_zone=False).to_pylist()
    limits = [_limit(rule, is_number=is_number) for rule in shown.rules]
    found: dict[str | None, int] = {None: -1}
    for text in texts:
        if text not in found:
            found[text] = _first(Decimal(text) if is_number else text, shown.rules, limits)
    return [found[text] for text in texts]


def _first(value: Decimal | str, rules: Sequence[ColourRule], limits: Sequence[Decimal | str | None]) -> int:
    for index, (rule, limit) in enumerate(zip(rules, limits, strict=True)):
        if limit is not None and _fits(value, rule, limit):
            return index
    return -1


def _fits(value: Decimal | str, rule: ColourRule, limit: Decimal | str) -> bool:
    if isinstance(value, Decimal) and value.is_nan():
        return rule.when == "!="
    return _COMPARE[rule.when](value, limit)


def _limit(rule: ColourRule, *, is_number: bool) -> Decimal | str | None:
    """What the values are compared with; None where a column of numbers is compared with words."""
    if not is_number:
        return str(rule.value)
    try:
        return Decimal(str(rule.value))
    except InvalidOperation:
        return None
