"""Numbers as a locale writes them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from functools import cached_property

from babel import Locale
from babel.numbers import NumberPattern, format_decimal, get_currency_symbol

from services.generator.answers import Column
from services.generator.parts.formats import NumberFormat
from services.generator.parts.writing.excel import number_pattern

SHOWN_DECIMALS = 4
"""A floating-point column with more decimals than this is rounded to it for the eye, and a note says so."""

_NO_BREAK_SPACE = "\u00a0"

_EXACT = Context(prec=200_000, rounding=ROUND_HALF_UP)
"""More digits than any database's NUMERIC has: Python's own context would round to 28."""


def is_rounded(column: Column) -> bool:
    """Whether people see fewer decimals than the column has. Exact decimals (NUMERIC) are never rounded."""
    return column.kind == "number" and column.decimals > SHOWN_DECIMALS and (column.smallest or 0) >= 0.0005


class Numbers:
    """Writes numbers. Half a unit is rounded up, as Excel does, and only where a format asks for fewer digits."""

    def __init__(self, locale: Locale) -> None:
        self._locale = locale
        symbols = locale.number_symbols["latn"]
        self._marks = str.maketrans({",": str(symbols["group"]), ".": str(symbols["decimal"])})
        self._is_usual = (symbols["group"], symbols["decimal"]) == (",", ".")
        self._by_thousands = locale.decimal_formats[None].grouping == (3, 3)

    def formatted(self, number: Decimal, format_: NumberFormat) -> str:
        """`number` as `format_` asks."""
        with localcontext(_EXACT):
            return self._formatted(number, format_)

    def _formatted(self, number: Decimal, format_: NumberFormat) -> str:
        if not number.is_finite():
            return str(number)
        if format_.kind == "excel":
            return self._excel(number, format_)
        if format_.kind == "percent":
            return self._dressed(self._percent, number * 100, format_.decimals or 0)
        if format_.kind == "currency":
            return self._dressed(self._currency, number, format_.decimals or 0, self._symbol(format_.currency))
        if format_.kind in ("integer", "decimal"):
            return self.plain(number, decimals=format_.decimals)
        return format(number, "f")

    def plain(self, number: Decimal, *, decimals: int | None = None, grouped: bool = True) -> str:
        """All digits of `number`, or as many after the point as `decimals` says."""
        if not number.is_finite():
            return str(number)
        if decimals is not None:
            number = _rounded(number, decimals)
        if not grouped:
            return self._marked(f"{number:zf}")
        if self._by_thousands:
            return self._marked(f"{number:z,f}")
        places = max(0, -int(number.as_tuple().exponent))
        pattern = str(self._locale.decimal_formats[None].pattern).partition(".")[0] + "." * (places > 0) + "0" * places
        with localcontext(_EXACT):
            return str(format_decimal(number, pattern, self._locale, decimal_quantization=False))

    def change(self, share: float) -> str:
        """A change as a percentage with its sign: +12.3 %."""
        text = self._dressed(self._percent, abs(Decimal(str(share))) * 100, 1)
        return f"{'−' if share < 0 else '+'}{text}"

    def _marked(self, text: str) -> str:
        return text if self._is_usual else text.translate(self._marks)

    def _dressed(self, pattern: NumberPattern, number: Decimal, decimals: int, symbol: str = "") -> str:
        """The number within what its pattern has before and behind it: a percent sign, a currency."""
        number = _rounded(number, decimals)
        is_negative = number < 0
        before, behind = pattern.prefix[is_negative], pattern.suffix[is_negative]
        before, behind = before.replace("¤", symbol), behind.replace("¤", symbol)
        if symbol and before.endswith(symbol) and symbol[-1].isalpha():
            before += _NO_BREAK_SPACE
        return before + self.plain(abs(number)) + behind

    @cached_property
    def _percent(self) -> NumberPattern:
        pattern: NumberPattern = self._locale.percent_formats[None]
        return pattern

    @cached_property
    def _currency(self) -> NumberPattern:
        pattern: NumberPattern = self._locale.currency_formats["standard"]
        return pattern

    def _symbol(self, code: str) -> str:
        return str(get_currency_symbol(code, self._locale))

    def _excel(self, number: Decimal, format_: NumberFormat) -> str:
        wanted = number_pattern(format_.excel)
        if wanted is None:
            return self.plain(number, grouped=False)
        pattern, thousands = wanted
        scaled = number.scaleb(-3 * thousands)
        return str(format_decimal(scaled, pattern, self._locale))


def _rounded(number: Decimal, decimals: int) -> Decimal:
    """`number` with exactly so many decimals."""
    context = Context(prec=max(number.adjusted(), 0) + decimals + 3, rounding=ROUND_HALF_UP)
    return number.quantize(Decimal(1).scaleb(-decimals), context=context)
