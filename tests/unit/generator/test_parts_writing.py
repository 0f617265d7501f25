from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from generator_content import kept

from libs.common.look import ColumnSetting, Widget
from services.generator.parts import FigurePart, TablePart, resolve
from services.generator.parts.formats import WrongFormat, read_format
from services.generator.parts.writing import Writer, rounding_note

NOON = datetime(2026, 3, 4, 15, 5, 6)  # noqa: DTZ001
BIG = Decimal("12345678901234567890.50")


def written(value: Any, format_: str, locale: str) -> str:
    return Writer(locale).value(value, read_format(format_)).replace("\u00a0", "_").replace("\u202f", "_")


@pytest.mark.parametrize(
    ("value", "format_", "locale", "wanted"),
    [
        (1234567, "", "en", "1,234,567"),
        (BIG, "", "en", "12,345,678,901,234,567,890.50"),
        (BIG, "", "de", "12.345.678.901.234.567.890,50"),
        (BIG, "", "fr", "12_345_678_901_234_567_890,50"),
        (BIG, "decimal:1", "de_CH", "12’345’678’901’234’567’890.5"),
        (BIG, "", "hi_IN", "1,23,45,67,89,01,23,45,67,890.50"),
        (0.1 + 0.2, "", "en", "0.3"),
        (0.00001234, "", "en", "0.00001234"),
        (Decimal("2.5"), "integer", "en", "3"),
        (Decimal("-0.004"), "decimal:2", "en", "0.00"),
        (-1234.5, "decimal:2", "de", "-1.234,50"),
        (0.1234, "percent:1", "en", "12.3%"),
        (0.1234, "percent:1", "de", "12,3_%"),
        (Decimal("1234.5"), "currency:EUR", "de", "1.234,50_€"),
        (Decimal("-1234.5"), "currency:USD", "en", "-$1,234.50"),
        (1234, "currency:JPY", "en", "¥1,234"),
        (1234, "currency:CHF", "en", "CHF_1,234.00"),
        (1234, "currency:EUR:0", "de_AT", "€_1.234"),
        (1234.5, "#,##0.00", "de", "1.234,50"),
        (1234567, '#,##0.0,, "Mio."', "de", "1,2 Mio."),
        (0.125, "0.0%", "de", "12,5%"),
        (-5, "0.00;[Red](0.00)", "en", "(5.00)"),
        (1234.5, "[$€-407] #,##0.00", "en", "€ 1,234.50"),
        (1234.5, "General", "de", "1234,5"),
        (7, "text", "en", "7"),
        (float("nan"), "decimal:2", "de", "NaN"),
        (float("-inf"), "", "de", "-Infinity"),
        (date(2026, 3, 4), "", "en", "2026-03-04"),
        (date(2026, 3, 4), "", "de", "04.03.2026"),
        (date(2026, 3, 4), "", "en_GB", "4 Mar 2026"),
        (date(2026, 3, 4), "dd.mm.yyyy", "en", "04.03.2026"),
        (date(2026, 3, 4), "dddd, d. mmmm yy", "de", "Mittwoch, 4. März 26"),
        (NOON, "", "de", "04.03.2026 15:05:06"),
        (NOON, "", "en", "2026-03-04 15:05:06"),
        (NOON, "date", "de", "04.03.2026"),
        (NOON, "time", "en", "15:05:06"),
        (NOON, "yyyy/mm/dd hh:mm:ss", "en", "2026/03/04 15:05:06"),
        (NOON, "h:mm AM/PM", "en", "3:05 PM"),
        (NOON, "mm:ss", "en", "05:06"),
        (NOON.replace(microsecond=120), "", "de", "04.03.2026 15:05:06.000120"),
        (date(2026, 3, 4), "datetime", "en", "2026-03-04 00:00:00"),
        (time(7, 5), "", "de", "07:05:00"),
        ("text", "decimal:2", "en", "text"),
        (None, "decimal:2", "en", "–"),
        (5, "", "tlh", "5"),
    ],
)
def test_a_value_is_written_as_its_locale_and_format_ask(value: Any, format_: str, locale: str, wanted: str) -> None:
    assert written(value, format_, locale) == wanted


@pytest.mark.parametrize(
    ("words", "excel"),
    [
        ("", None),
        ("integer", "#,##0"),
        ("decimal", "#,##0.00"),
        ("decimal:0", "#,##0"),
        ("percent:1", "0.0%"),
        ("currency:EUR", "#,##0.00 [$€]"),
        ("currency:jpy", "#,##0 [$¥]"),
        ("date", "yyyy-mm-dd"),
        ("datetime", "yyyy-mm-dd hh:mm:ss"),
        ("time", "hh:mm:ss"),
        ("text", "@"),
        (' "km" 0', '"km" 0'),
    ],
)
def test_words_of_a_template_become_excels(words: str, excel: str | None) -> None:
    found = read_format(words)
    assert (found.excel if found else None) == excel


@pytest.mark.parametrize("words", ["decimal:x", "decimal:31", "percent:-1", "currency", "currency:XYZ", "date:2"])
def test_words_that_are_no_format_are_refused(words: str) -> None:
    with pytest.raises(WrongFormat, match=words):
        read_format(words)


def column_of(tmp_path: Path, values: list[Any], locale: str = "en", **setting: Any) -> tuple[list[str], TablePart]:
    answer = kept(tmp_path, ["it"], [(value,) for value in values], name="Q")
    (part,) = resolve([Widget(query="Q", columns=(ColumnSetting(column="it", **setting),))], [answer], tmp_path)
    assert isinstance(part, TablePart)
    writer, (shown,) = Writer(locale), part.columns
    texts = [text for batch in part.batches() for text in writer.column(batch.column(0), shown)]
    return texts + ([writer.total(part.totals[0], shown)] if part.totals else []), part


@pytest.mark.parametrize(
    ("values", "locale", "setting", "wanted"),
    [
        ([1, None, 12345], "en", {}, ["1", "", "12345"]),
        ([1, 12345], "en", {"total": "sum"}, ["1", "12345", "12346"]),
        ([1, 12345], "de", {"format": "integer", "total": "count"}, ["1", "12.345", "2"]),
        ([Decimal("1234.50"), None], "de", {"total": "sum"}, ["1.234,50", "", "1.234,50"]),
        ([1.5, 0.25, 1e20], "en", {"total": "max"}, ["1.50", "0.25", "1e+20", "100,000,000,000,000,000,000.00"]),
        ([1 / 3, None], "de", {"total": "average"}, ["0,3333", "", "0,3333"]),
        ([1.25e-7, 1.0], "en", {}, ["0.000000125", "1"]),
        ([float("nan"), 1.5], "en", {}, ["NaN", "1.5"]),
        ([date(2026, 3, 4), None], "de", {}, ["04.03.2026", ""]),
        ([datetime(2026, 3, 4, 5, tzinfo=UTC)], "en", {}, ["2026-03-04 05:00:00"]),
        ([True, None], "de", {}, ["true", ""]),
        ([None], "de", {"total": "sum"}, ["", ""]),
        (["a", "b"], "de", {"format": "decimal:2", "total": "count"}, ["a", "b", "2"]),
        ([Decimal("0.10")], "de", {"format": "text"}, ["0.10"]),
    ],
)
def test_a_column_is_written(
    values: list[Any], locale: str, setting: dict[str, Any], wanted: list[str], tmp_path: Path
) -> None:
    assert column_of(tmp_path, values, locale, **setting)[0] == wanted


def test_columns_that_people_see_rounded_are_named(tmp_path: Path) -> None:
    _, part = column_of(tmp_path, [1 / 3], label="share")
    assert rounding_note(part) == "Rounded to 4 decimals here: share."
    assert rounding_note(column_of(tmp_path, [1 / 3], format="decimal:2")[1]) == ""
    assert rounding_note(column_of(tmp_path, [Decimal("0.333333")])[1]) == ""


def test_the_label_of_an_instant_states_its_zone(tmp_path: Path) -> None:
    at = [datetime(2026, 3, 4, 5, tzinfo=UTC)]
    labels = [column_of(tmp_path, at, label=label)[1].columns[0].label for label in ("", "Seen", "Seen, UTC")]
    assert labels == ["it (UTC)", "Seen (UTC)", "Seen, UTC"]


def test_a_figure_is_written_with_its_change() -> None:
    part = FigurePart(title="Sales", value=Decimal("1234.50"), previous=Decimal(1000), change=-0.19, mood="bad")
    text = Writer("de").figure(part)
    assert (text.value, text.previous, text.change) == ("1.234,50", "1.000", "−19,0\u00a0%")


@pytest.mark.parametrize("locale", ["en", "hi", "de"])
def test_a_number_of_any_length_keeps_its_digits(locale: str, tmp_path: Path) -> None:
    long = Decimal("1234567890123456789012345678901234567890.1234567890")
    shown = column_of(tmp_path, [long], locale)[0][0]
    assert "".join(filter(str.isdigit, shown)) == "12345678901234567890123456789012345678901234567890"
    percent = column_of(tmp_path, [long], locale, format="percent:1")[0][0]
    assert "".join(filter(str.isdigit, percent)) == "1234567890123456789012345678901234567890123"
