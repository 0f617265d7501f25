"""What can be measured of the answers without asking the source again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from services.generator.answers import Answer
from services.generator.columns.kinds import kind_of, spoken
from services.generator.judging.digest import digest

ROWS = "rows"
"""The measure that every query has."""

_DATES = ("timestamp", "instant", "date", "text", "empty")


class Unmeasurable(Exception):
    """What was to be measured is not there, or is of another kind; the text is a sentence about it."""


@dataclass(frozen=True)
class Seen:
    """What a pass over a column has found. `latest` is None if there is no value."""

    nulls: int
    latest: datetime | None


@dataclass(frozen=True)
class Readings:
    """The answers of a report; `failed` has the reason of each query that was not read."""

    answers: Sequence[Answer]
    failed: Mapping[str, str] = field(default_factory=dict)
    first: str = ""
    """The name of the template's first query."""

    def answer(self, query: str) -> Answer:
        """The answer of the query; the empty name is the first one's."""
        name = query or self.first
        for one in self.answers:
            if one.name == name:
                return one
        if name in self.failed:
            raise Unmeasurable(f"{name} could not be read: {self.failed[name]}")
        raise Unmeasurable(f"There is no query {name}.")

    def place(self, query: str, column: str) -> int:
        """Where the column is in the query's answer."""
        return place_of(self.answer(query), column)

    def rows(self, query: str) -> int:
        """The rows that the query has, those beyond a limit included as far as they were counted."""
        answer = self.answer(query)
        return (answer.cut.total or answer.rows) if answer.cut is not None else answer.rows

    def measure(self, query: str, measure: str) -> Decimal | None:
        """The number of rows, or the number in a column of the first row; None if there is none."""
        if measure == ROWS:
            return Decimal(self.rows(query))
        answer = self.answer(query)
        place = place_of(answer, measure)
        value = _first_value(answer, place)
        return None if value is None else _number(value, answer, measure)

    def digest(self) -> str:
        """The fingerprint of all answers."""
        for name in self.failed:
            self.answer(name)
        return digest(self.answers)


def place_of(answer: Answer, column: str) -> int:
    """Where the column is."""
    for index, one in enumerate(answer.columns):
        if one.name == column:
            return index
    raise Unmeasurable(f"{answer.name} has no column {column}; it has {', '.join(one.name for one in answer.columns)}.")


def look_through(answer: Answer, columns: Collection[str], dates: Collection[str]) -> Mapping[str, Seen]:
    """One pass over the answer, for the NULLs of `columns` and the latest values of `dates`."""
    nulls = dict.fromkeys(columns, 0)
    latest: dict[str, Any] = dict.fromkeys(dates)
    for name in dates:
        _check_dates(answer, name)
    places = {name: place_of(answer, name) for name in {*columns, *dates}}
    for batch in answer.batches():
        for name in nulls:
            nulls[name] += batch.column(places[name]).null_count
        for name, before in latest.items():
            value = _most(batch, places[name])
            latest[name] = value if before is None or (value is not None and value > before) else before
    return {name: Seen(nulls.get(name, 0), _moment(latest.get(name), answer, name)) for name in {*columns, *dates}}


def _most(batch: pa.RecordBatch, place: int) -> Any:
    array, kind = batch.column(place), kind_of(batch.schema.field(place))
    if kind == "empty":
        return None
    # As a text, ISO 8601 sorts as the moments do.
    return pc.max(array if kind == "text" else array.cast(pa.timestamp("us", "UTC"))).as_py()


def _check_dates(answer: Answer, column: str) -> None:
    kind = answer.columns[place_of(answer, column)].kind
    if kind not in _DATES:
        raise Unmeasurable(f"{answer.name}: {column} holds {spoken(kind)}, where the check for fresh data needs dates.")


def _moment(value: Any, answer: Answer, column: str) -> datetime | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            needed = "where the check for fresh data needs dates as ISO 8601"
            raise Unmeasurable(f"{answer.name}: {column} holds texts like {value[:40]!r}, {needed}.") from None
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return None


def _first_value(answer: Answer, place: int) -> Any:
    for batch in answer.batches():
        if batch.num_rows:
            return batch.column(place)[0].as_py()
    return None


def _number(value: object, answer: Answer, column: str) -> Decimal | None:
    """A float counts with the digits that people see; one that is no number (NaN) counts as none."""
    kind = answer.columns[place_of(answer, column)].kind
    if kind in ("boolean", "integer", "number", "numeric"):
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)  # type: ignore[arg-type]
        return None if number.is_nan() else number
    raise Unmeasurable(f"{answer.name}: {column} holds {spoken(kind)}, where a number is needed to compare with.")
