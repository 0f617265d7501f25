"""Excel's number formats, as a locale writes numbers, dates and times.

Excel itself puts the reader's own marks for decimals and thousands; what stands before and behind a number, and the
order of a date, is ours to say.
"""

from __future__ import annotations

import re

from babel.numbers import NumberPattern, get_currency_symbol

from services.generator.answers import Column
from services.generator.parts.formats import NumberFormat
from services.generator.parts.writing import Writer
from services.generator.parts.writing.numbers import SHOWN_DECIMALS, is_rounded
from services.generator.render.xlsx.cells import EXACT_DIGITS

_ISO_DATE, _ISO_TIME = "yyyy-mm-dd", "hh:mm:ss"
_TOKEN = re.compile(r"'([^']*)'|(([A-Za-z])\3*)|(.)", re.DOTALL)
_FIELDS = {"y": "yyyy", "yy": "yy", "M": "m", "L": "m", "d": "d", "H": "h", "h": "h", "m": "m", "s": "s", "a": "AM/PM"}
_PLAIN = " -/:.,"
_MARKS = dict.fromkeys(map(ord, "\u200e\u200f"))
"""Directions of writing, which a number format has no use for."""


class Codes:
    """Number formats in the ways of the locale `name` (`de`, `en_GB`).

    As everywhere in Pressroom, English without a country is read all over the world, and gets the dates of ISO 8601.
    """

    def __init__(self, name: str) -> None:
        self._locale = Writer(name).locale
        neutral = self._locale.language == "en" and self._locale.territory is None
        self._date = _ISO_DATE if neutral else _code_of(self._locale.date_formats["medium"].pattern) or _ISO_DATE
        self._time = _ISO_TIME if neutral else _code_of(self._locale.time_formats["medium"].pattern) or _ISO_TIME

    def asked(self, format_: NumberFormat) -> str:
        """The code of a format that was asked for."""
        fraction = "." + "0" * format_.decimals if format_.decimals else ""
        if format_.kind == "percent":
            return _dressed("0" + fraction, self._locale.percent_formats[None])
        if format_.kind == "currency":
            symbol = get_currency_symbol(format_.currency, self._locale)
            return _dressed("#,##0" + fraction, self._locale.currency_formats["standard"], symbol)
        moments = {"date": self._date, "time": self._time, "datetime": f"{self._date} {self._time}"}
        return moments.get(format_.kind, format_.excel)

    def usual(self, column: Column) -> str | None:
        """The code that follows from a column's kind and the digits that occur; None is Excel's own choice."""
        if column.kind in ("number", "numeric"):
            return _decimals(column)
        clock = self._time.replace("ss", "ss.000") if column.has_fraction else self._time
        codes = {"integer": "0", "date": self._date, "time": self._time}
        codes |= dict.fromkeys(("timestamp", "instant"), f"{self._date} {clock}")
        return codes.get(column.kind)

    def of(self, column: Column, format_: NumberFormat | None) -> str | None:
        """The code of a column's cells."""
        return self.usual(column) if format_ is None else self.asked(format_)


def _decimals(column: Column) -> str | None:
    if column.decimals == 0:
        return "0"
    if column.kind == "numeric" or column.decimals <= SHOWN_DECIMALS:
        return "#,##0." + "0" * min(column.decimals, EXACT_DIGITS)
    return "#,##0.00##" if is_rounded(column) else None  # to the eye: the cell has all its digits


def _dressed(number: str, pattern: NumberPattern, symbol: str = "") -> str:
    """`number` within what the pattern has before and behind it: a percent sign, a currency."""
    before, behind = (str(part[0]).translate(_MARKS) for part in (pattern.prefix, pattern.suffix))
    if before.endswith("¤") and symbol[-1:].isalpha():
        before += "\u00a0"
    return _literal(before, symbol) + number + _literal(behind, symbol)


def _literal(text: str, symbol: str) -> str:
    signs = {"¤": f"[${symbol}]", "%": "%"}
    return "".join(signs.get(sign, f'"{sign}"') for sign in text)


def _code_of(pattern: str) -> str | None:
    """A pattern of Unicode's locale data as Excel writes it; None if Excel has no word for a part of it."""
    code = ""
    for found in _TOKEN.finditer(pattern.translate(_MARKS)):
        quoted, field, letter, sign = found.groups()
        if field is not None:
            word = _FIELDS.get(field) or _FIELDS.get(letter)
            if word is None:
                return None
            code += word if letter in "ya" else word * len(field)
        elif quoted is not None:
            code += f'"{quoted}"'
        else:
            code += sign if sign in _PLAIN else f'"{sign}"'
    return code
