"""How numbers, dates and times are written: from the words of a template to what each renderer needs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from babel.numbers import get_currency_precision, get_currency_symbol, is_currency

FormatKind = Literal["integer", "decimal", "percent", "currency", "date", "datetime", "time", "text", "excel"]

MOST_DECIMALS = 30
"""Excel's own limit in a number format."""

_WORDS = re.compile(r"(integer|decimal|percent|currency|date|datetime|time|text)(?::(.*))?", re.DOTALL)
_FIXED = {
    "integer": "#,##0",
    "date": "yyyy-mm-dd",
    "datetime": "yyyy-mm-dd hh:mm:ss",
    "time": "hh:mm:ss",
    "text": "@",
}
_USUAL_DECIMALS = {"decimal": 2, "percent": 0}


@dataclass(frozen=True)
class NumberFormat:
    """A format that was asked for. `excel` is its code in a workbook; the rest is for text (PDF, HTML, letters)."""

    kind: FormatKind
    excel: str
    decimals: int | None = None
    currency: str = ""


class WrongFormat(ValueError):
    """Words that are no format, told in one sentence."""


def read_format(words: str) -> NumberFormat | None:
    """The format that `words` of a ColumnSetting or Widget ask for; None where they ask for nothing.

    Whatever does not begin with one of our words is an Excel number format. Raises WrongFormat.
    """
    words = words.strip()
    if not words:
        return None
    match = _WORDS.fullmatch(words)
    if match is None:
        return NumberFormat("excel", words)
    kind, detail = match.group(1), match.group(2)
    if kind == "currency":
        return _currency(detail or "")
    if kind in _FIXED:
        if detail is not None:
            raise WrongFormat(f"the format '{words}' takes nothing after a colon; write '{kind}'")
        return NumberFormat(kind, _FIXED[kind], 0 if kind == "integer" else None)  # type: ignore[arg-type]
    decimals = _USUAL_DECIMALS[kind] if detail is None else _decimals(words, detail)
    number = ("#,##0" if kind == "decimal" else "0") + _fraction(decimals)
    return NumberFormat(kind, number + ("%" if kind == "percent" else ""), decimals)  # type: ignore[arg-type]


def _currency(detail: str) -> NumberFormat:
    code, _, digits = detail.partition(":")
    code = code.upper()
    if not is_currency(code):
        raise WrongFormat(f"the format 'currency:{detail}' needs a currency's code of ISO 4217, like 'currency:EUR'")
    decimals = _decimals(f"currency:{detail}", digits) if digits else get_currency_precision(code)
    symbol = get_currency_symbol(code, "en")
    number = "#,##0" + _fraction(decimals)
    return NumberFormat("currency", f"{number} [${symbol}]", decimals, code)


def _decimals(words: str, detail: str) -> int:
    if not re.fullmatch(r"\d{1,2}", detail) or int(detail) > MOST_DECIMALS:
        raise WrongFormat(
            f"the format '{words}' needs a number of decimals from 0 to {MOST_DECIMALS}, like 'decimal:2'"
        )
    return int(detail)


def _fraction(decimals: int) -> str:
    return "." + "0" * decimals if decimals else ""
