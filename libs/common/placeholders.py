"""Words like `{{yesterday}}` in parameters, subjects and texts, which mean another day at every moment of a schedule.

| form | example | means |
|---|---|---|
| `{{name}}` | `{{last_month_start}}` | a date like 2026-02-01, or an instant in the schedule's zone |
| with an offset | `{{today - 7d}}` | `y`, `mo`, `w`, `d`, `h` and `min`, one or several of them |
| with a format | `{{today|%d.%m.%Y}}` | the codes of strftime that FORMATS lists |

Everything is counted from the moment for which the schedule is due, on the calendar of its zone, and never from the
present: a report that is late or made again is still the report of its day. A week begins on Monday.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import msgspec
from msgspec.structs import replace

from libs.common import letter_words
from libs.common.errors import PermanentFailure
from libs.common.letter_words import is_letter_word
from libs.common.messages import Parameter, ReportOrder
from libs.common.zones import zone_of

Meaning = date | datetime

BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)
"""`last_success_at` of a schedule that has never succeeded: an incremental report begins with everything."""

FORMATS = "YymdHMSBbAajVGu"
"""What may follow a % in a format; %% is a per cent sign."""

_PLACEHOLDER = re.compile(r"\{\{(?P<inside>[^{}]*)\}\}")
_INSIDE = re.compile(r"\s*(?P<name>\w+)\s*(?P<offsets>(?:[+-]\s*\d{1,5}\s*[a-z]+\s*)*)(?:\|(?P<format>.*))?", re.DOTALL)
_OFFSET = re.compile(r"(?P<sign>[+-])\s*(?P<count>\d{1,5})\s*(?P<unit>[a-z]+)")
_CODE = re.compile(r"%(.?)", re.DOTALL)


class Placeholder(PermanentFailure):
    """A placeholder that means nothing; the sentence says which one and what there is."""


class Occasion(msgspec.Struct, frozen=True, kw_only=True):
    """The moment from which everything is counted."""

    scheduled_for: datetime
    timezone: str = "UTC"
    last_success_at: datetime | None = None


ANY_DAY = Occasion(scheduled_for=BEFORE_ALL + timedelta(days=20_000))
"""For a look whether a placeholder means anything."""


def has_placeholders(text: str) -> bool:
    """True if there may be something to resolve in `text`."""
    return "{{" in text


def resolved(text: str, occasion: Occasion) -> str:
    """`text` with every placeholder replaced by what it means; a Placeholder failure if one means nothing."""
    return _PLACEHOLDER.sub(lambda found: _said(*_read(found["inside"], occasion)), text)


def resolved_letter(text: str, occasion: Occasion) -> str:
    """The same for a subject or the text of a letter, whose own words (letter_words.py) are left to the letter."""

    def meaning(found: re.Match[str]) -> str:
        inside = found["inside"]
        return found[0] if is_letter_word(inside) else _said(*_read(inside, occasion, LETTER_NAMES))

    return _PLACEHOLDER.sub(meaning, text)


def resolved_order(order: ReportOrder, occasion: Occasion) -> ReportOrder:
    """The order with the placeholders of its parameters, subject, text and file name replaced."""
    template = order.template
    return replace(
        order,
        template=replace(template, filename=resolved(template.filename, occasion)) if template.filename else template,
        parameters=tuple(resolved_parameter(one, occasion) for one in order.parameters),
        delivery=replace(
            order.delivery,
            subject=resolved_letter(order.delivery.subject, occasion),
            body=resolved_letter(order.delivery.body, occasion),
        ),
    )


def resolved_parameter(parameter: Parameter, occasion: Occasion) -> Parameter:
    """The parameter with its placeholders replaced, as a value of its type; a Placeholder failure if it is none."""
    value = parameter.value
    if not isinstance(value, str) or not has_placeholders(value):
        return parameter
    whole = _PLACEHOLDER.fullmatch(value.strip())
    meaning, form = _read(whole["inside"], occasion) if whole else (None, None)
    if meaning is not None and form is None and parameter.type in ("date", "datetime"):
        return replace(parameter, value=_as_type(meaning, parameter.type))
    text = resolved(value, occasion)
    try:
        return replace(parameter, value=_TYPED[parameter.type](text))
    except (ValueError, ArithmeticError, KeyError) as error:
        raise Placeholder(f"{value} becomes {text}, which is no {parameter.type}.") from error


def check_text(text: str) -> None:
    """Refuse a text with a placeholder that means nothing, with a Placeholder failure."""
    resolved(text, ANY_DAY)


def check_letter_text(text: str) -> None:
    """The same for a subject or the text of a letter, which may use words of its own."""
    resolved_letter(text, ANY_DAY)


def _as_type(meaning: Meaning, kind: str) -> str:
    if kind == "date":
        return (meaning.date() if isinstance(meaning, datetime) else meaning).isoformat()
    if isinstance(meaning, datetime):
        return meaning.isoformat()
    return datetime.combine(meaning, time()).isoformat()


_TYPED: Mapping[str, Callable[[str], bool | int | str]] = {
    "text": str,
    "integer": int,
    "number": lambda text: str(Decimal(text)),
    "boolean": lambda text: {"true": True, "false": False}[text],
    "date": lambda text: date.fromisoformat(text).isoformat(),
    "datetime": lambda text: datetime.fromisoformat(text).isoformat(),
}


# One placeholder -------------------------------------------------------------------------------------------


def _read(inside: str, occasion: Occasion, others: Iterable[str] = ()) -> tuple[Meaning, str | None]:
    """What stands between the braces means, and in which format it is to be said."""
    found = _INSIDE.fullmatch(inside)
    if found is None:
        raise Placeholder(
            f"{{{{{inside}}}}} cannot be read; write a name, like {{{{today}}}}, and if need be an offset and a "
            "format, like {{today - 7d|%d.%m.%Y}}."
        )
    name = found["name"]
    if name not in NAMES:
        known = ", ".join((*NAMES, *others))
        raise Placeholder(f"{{{{{inside}}}}} means nothing: there is no {name}; there are {known}.")
    try:
        meaning = NAMES[name](occasion)
        for offset in _OFFSET.finditer(found["offsets"]):
            count = int(offset["count"]) * (1 if offset["sign"] == "+" else -1)
            meaning = _moved(meaning, count, offset["unit"], inside)
    except (OverflowError, ValueError) as error:
        raise Placeholder(f"{{{{{inside}}}}} lies outside of the calendar.") from error
    if found["format"] is not None:
        _check_format(found["format"].strip(), inside)
    return meaning, found["format"].strip() if found["format"] is not None else None


def _said(meaning: Meaning, form: str | None) -> str:
    return meaning.isoformat() if form is None else meaning.strftime(form)


def _check_format(form: str, inside: str) -> None:
    for code in _CODE.findall(form):
        if not code or code not in FORMATS + "%":
            known = ", ".join(f"%{one}" for one in FORMATS)
            raise Placeholder(f"{{{{{inside}}}}} has a format with %{code}; there are {known}.")


def _moved(meaning: Meaning, count: int, unit: str, inside: str) -> Meaning:
    if unit in ("mo", "y"):
        return _by_months(meaning, count * (12 if unit == "y" else 1))
    if unit not in _LENGTHS:
        raise Placeholder(f"{{{{{inside}}}}} has the unit {unit}; there are y, mo, {', '.join(_LENGTHS)}.")
    if unit in ("h", "min") and not isinstance(meaning, datetime):
        meaning = datetime.combine(meaning, time())
    if isinstance(meaning, datetime) and meaning.tzinfo is not None and unit in ("h", "min"):
        # Hours pass on the clock of the world, whatever the clock on the wall does meanwhile.
        return (meaning.astimezone(UTC) + count * _LENGTHS[unit]).astimezone(meaning.tzinfo)
    return meaning + count * _LENGTHS[unit]


_LENGTHS = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "min": timedelta(minutes=1),
}


def _by_months(meaning: Meaning, count: int) -> Meaning:
    """The same day `count` months later, or the last day of that month if it has no such day."""
    year, month = divmod(meaning.year * 12 + meaning.month - 1 + count, 12)
    day = min(meaning.day, calendar.monthrange(year, month + 1)[1])
    return meaning.replace(year=year, month=month + 1, day=day)


# Names -----------------------------------------------------------------------------------------------------

_DAY = timedelta(days=1)


def _today(occasion: Occasion) -> date:
    return _local(occasion, occasion.scheduled_for).date()


def _local(occasion: Occasion, instant: datetime) -> datetime:
    return instant.astimezone(zone_of(occasion.timezone))


def _start(months: int) -> Callable[[date], date]:
    """The first day of the period of so many months in which a day lies."""
    return lambda day: day.replace(month=(day.month - 1) // months * months + 1, day=1)


def _week(day: date) -> date:
    return day - day.weekday() * _DAY


def _after(months: int) -> Callable[[date], date]:
    """The first day of the next period."""

    def following(start: date) -> date:
        moved = _by_months(start, months)
        assert not isinstance(moved, datetime)
        return moved

    return following


def _periods() -> dict[str, tuple[Callable[[date], date], Callable[[date], date]]]:
    months = {"month": 1, "quarter": 3, "year": 12}
    return {"week": (_week, lambda start: start + 7 * _DAY)} | {
        name: (_start(count), _after(count)) for name, count in months.items()
    }


def _names() -> dict[str, Callable[[Occasion], Meaning]]:
    names: dict[str, Callable[[Occasion], Meaning]] = {
        "today": _today,
        "yesterday": lambda occasion: _today(occasion) - _DAY,
        "tomorrow": lambda occasion: _today(occasion) + _DAY,
    }
    for name, (start, following) in _periods().items():
        names |= _named(name, start, following)
    return names | {
        "scheduled_for": lambda occasion: _local(occasion, occasion.scheduled_for),
        "last_success_at": lambda occasion: _local(occasion, occasion.last_success_at or BEFORE_ALL),
    }


def _named(
    name: str, start: Callable[[date], date], following: Callable[[date], date]
) -> dict[str, Callable[[Occasion], Meaning]]:
    return {
        f"{name}_start": lambda occasion: start(_today(occasion)),
        f"{name}_end": lambda occasion: following(start(_today(occasion))) - _DAY,
        f"last_{name}_start": lambda occasion: start(start(_today(occasion)) - _DAY),
        f"last_{name}_end": lambda occasion: start(_today(occasion)) - _DAY,
    }


NAMES: Mapping[str, Callable[[Occasion], Meaning]] = _names()
"""What a placeholder may be called, and what it means."""

LETTER_NAMES = (*letter_words.NAMES, f"{letter_words.FIGURE}:Title")
"""Of a letter too."""
