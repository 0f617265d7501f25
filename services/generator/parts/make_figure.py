"""Makes a key figure of a widget and the first row of its answer."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from libs.common.look import Widget
from services.generator.answers import Answer
from services.generator.columns.kinds import Kind
from services.generator.columns.text import as_text
from services.generator.parts.figure import FigurePart
from services.generator.parts.formats import WrongFormat, read_format
from services.generator.parts.unfit import Unfit, place_of

Number = Decimal | int | float


def make_figure(widget: Widget, answer: Answer) -> FigurePart:
    """The figure that `widget` asks for. Raises Unfit."""
    try:
        format_ = read_format(widget.format)
    except WrongFormat as wrong:
        raise Unfit(f"Here {wrong}.") from wrong
    value_at = place_of(answer, widget.value) if widget.value else 0
    previous_at = place_of(answer, widget.previous) if widget.previous else None
    value = _value(answer, value_at)
    previous = None if previous_at is None else _number(_value(answer, previous_at))
    change = _change(_number(value), previous)
    return FigurePart(
        title=_title(widget.title or answer.name, answer.columns[value_at].kind),
        value=value,
        previous=previous,
        change=change,
        mood=_mood(change, widget.better),
        format=format_,
        width=widget.width,
    )


def _title(words: str, kind: Kind) -> str:
    """The words, and the zone of an instant: it is stated wherever one is shown."""
    return f"{words} (UTC)" if kind == "instant" and "UTC" not in words else words


def _value(answer: Answer, index: int) -> Number | str | date | datetime | None:
    """The value in the first row: a number, date or moment as such, anything else as text."""
    for batch in answer.batches():
        if batch.num_rows:
            kind = answer.columns[index].kind
            first = batch.column(index).slice(0, 1)
            if kind == "numeric":
                text = first[0].as_py()
                return None if text is None else Decimal(text)
            plain = kind in ("integer", "number", "date", "timestamp", "instant")
            value: Number | str | date | datetime | None = (first if plain else as_text(first, kind))[0].as_py()
            return value
    raise Unfit(f"The query '{answer.name}' gave no row, so there is no figure to show.", no_rows=True)


def _number(value: object) -> Number | None:
    return value if isinstance(value, Decimal | int | float) else None


def _change(value: Number | None, previous: Number | None) -> float | None:
    """The share by which `value` differs; None where there is none, as against 0."""
    if value is None or previous is None:
        return None
    now, before = Decimal(str(value)), Decimal(str(previous))
    if not (now.is_finite() and before.is_finite()) or before == 0:
        return None
    return float((now - before) / abs(before))


def _mood(change: float | None, better: Literal["higher", "lower"] | None) -> Literal["good", "bad"] | None:
    if not change or better is None:
        return None
    return "good" if (change > 0) == (better == "higher") else "bad"
