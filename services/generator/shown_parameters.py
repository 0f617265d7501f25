"""The values that a report was asked with, for people."""

from __future__ import annotations

from collections.abc import Iterable

from libs.common.messages import Parameter


def shown_parameters(parameters: Iterable[Parameter]) -> tuple[tuple[str, str], ...]:
    """Names and values, in the given order."""
    return tuple((parameter.name, _shown(parameter)) for parameter in parameters)


def _shown(parameter: Parameter) -> str:
    if parameter.value is None:
        return "–"
    return str(parameter.value).lower() if isinstance(parameter.value, bool) else str(parameter.value)
