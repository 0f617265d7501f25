"""The totals of the groups that are open while the rows stream by, one set for each level."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pyarrow as pa

from services.generator.parts import ShownColumn
from services.generator.parts.totals import Totals


class Subtotals:
    """Hears the rows of the innermost groups, and gives the totals of a level when its group ends."""

    def __init__(self, columns: Sequence[ShownColumn], levels: int) -> None:
        self._columns = columns
        self._totals = [Totals(columns) for _ in range(levels)]

    def add(self, rows: pa.RecordBatch) -> None:
        """Count rows that lie within one group on every level."""
        for totals in self._totals:
            totals.add(rows)

    def take(self, level: int) -> tuple[Decimal | None, ...]:
        """The totals of the group on `level`, which ends here."""
        values = self._totals[level].values()
        self._totals[level] = Totals(self._columns)
        return values
