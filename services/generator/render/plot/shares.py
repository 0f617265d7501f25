"""The parts of a pie or ring."""

from __future__ import annotations

from services.generator.parts.chart import ChartPart

_MOST_PARTS = 9


def slices_of(part: ChartPart) -> list[tuple[str, float]]:
    """The parts in their order; the smallest of many are one."""
    values = part.series[0].values if part.series else ()
    slices = [(name, value or 0.0) for name, value in zip(part.categories, values, strict=True)]
    if len(slices) <= _MOST_PARTS:
        return slices
    kept = {index for index, _ in sorted(enumerate(slices), key=lambda pair: -pair[1][1])[: _MOST_PARTS - 1]}
    rest = [value for index, (_, value) in enumerate(slices) if index not in kept]
    return [slices[index] for index in sorted(kept)] + [(f"{len(rest):,} others", sum(rest))]
