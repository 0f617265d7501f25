from __future__ import annotations

import pytest

from services.generator.answers import Column
from services.generator.parts.formats import NumberFormat, read_format
from services.generator.render.xlsx.codes import Codes


@pytest.mark.parametrize(
    ("locale", "date", "time", "currency", "percent"),
    [
        ("en", "yyyy-mm-dd", "hh:mm:ss", "[$€]#,##0.00", "0.0%"),
        ("en_US", "mmm d, yyyy", 'h:mm:ss"\u202f"AM/PM', "[$€]#,##0.00", "0.0%"),
        ("de", "dd.mm.yyyy", "hh:mm:ss", '#,##0.00"\xa0"[$€]', '0.0"\xa0"%'),
        ("de_CH", "dd.mm.yyyy", "hh:mm:ss", '[$EUR]"\xa0"#,##0.00', "0.0%"),
        ("zh", 'yyyy"年"m"月"d"日"', "hh:mm:ss", "[$€]#,##0.00", "0.0%"),
        ("ar", "dd/mm/yyyy", "h:mm:ss AM/PM", '#,##0.00"\xa0"[$€]', "0.0%"),
        ("lv", 'yyyy. "gada" d. mmm', "hh:mm:ss", '#,##0.00"\xa0"[$€]', "0.0%"),
        ("nobody", "yyyy-mm-dd", "hh:mm:ss", "[$€]#,##0.00", "0.0%"),
    ],
)
def test_formats_are_those_of_the_locale(locale: str, date: str, time: str, currency: str, percent: str) -> None:
    codes = Codes(locale)
    found = []
    for words in ("date", "time", "datetime", "currency:EUR", "percent:1"):
        format_ = read_format(words)
        assert format_ is not None
        found.append(codes.asked(format_))
    assert found == [date, time, f"{date} {time}", currency, percent]
    assert codes.usual(Column("c", "date")) == date


def test_what_is_excels_own_stays_as_it_is() -> None:
    assert Codes("de").asked(NumberFormat("excel", "dd/mm/yy")) == "dd/mm/yy"
    assert Codes("de").asked(NumberFormat("currency", "", 0, "JPY")) == '#,##0"\xa0"[$¥]'
    assert Codes("de").usual(Column("c", "instant", has_fraction=True)) == "dd.mm.yyyy hh:mm:ss.000"
    assert Codes("de").of(Column("c", "text"), None) is None
