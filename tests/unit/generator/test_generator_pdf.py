from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from generator_content import kept, report
from generator_pdf import drawn, font_names, lines, opened, placed

from libs.common.look import ColourRule, ColumnSetting, Look, Widget
from services.generator.parts import FailedPart, resolve
from services.generator.render.pdf.type import Fonts


def one_table(
    tmp_path: Path, names: list[str], rows: list[tuple[Any, ...]], *columns: ColumnSetting, **how: Any
) -> Any:
    answers = (kept(tmp_path, names, rows),)
    return report(*answers, parts=resolve([Widget(query="Rows", columns=columns, **how)], answers, tmp_path))


def test_a_pdf_begins_with_what_it_is(tmp_path: Path) -> None:
    what = report(
        kept(tmp_path, ["n"], [(1,)], name="By carrier"),
        description="All of 2013.",
        parameters=(("since", "2013-01-01"),),
        look=Look(subtitle="On time or not"),
        timezone="Europe/Vienna",
        scheduled_for=datetime(2026, 11, 23, 7, 30, tzinfo=UTC),
    )
    reader, notes = opened(tmp_path, what)
    text = lines(reader.pages[0])
    for part in ("Delays by carrier", "On time or not", "All of 2013.", "since", "2013-01-01", "flights", "By carrier"):
        assert part in text
    assert "2026-11-23 09:00 Europe/Vienna" in text
    assert "2026-11-23 08:30 Europe/Vienna" in text
    assert "1 row" in text
    assert notes == ()


def test_a_cover_can_be_left_out_but_not_the_title(tmp_path: Path) -> None:
    what = report(kept(tmp_path, ["n"], [(1,)]), parameters=(("since", "ever"),), look=Look(cover=False))
    text = lines(opened(tmp_path, what)[0].pages[0])
    assert "Delays by carrier" in text
    assert "since" not in text


def test_the_file_says_what_it_is(tmp_path: Path) -> None:
    what = report(
        kept(tmp_path, ["n"], [(1,)]), title="Задержки (東京)", description="About", parameters=(("since", "2013"),)
    )
    reader, _ = opened(tmp_path, what)
    told = reader.metadata
    assert told is not None
    assert (told.title, told.subject, told.author) == ("Задержки (東京)", "About", "Pressroom")
    assert told.keywords == "delays, flights, since=2013"
    assert told.creation_date == datetime(2026, 11, 23, 8, tzinfo=UTC)


def test_every_page_has_its_number_and_the_headings(tmp_path: Path) -> None:
    rows = [(number, f"text {number}") for number in range(150)]
    reader, _ = opened(tmp_path, kept(tmp_path, ["number", "text"], rows))
    assert len(reader.pages) > 2
    for number, page in enumerate(reader.pages, 1):
        text = lines(page)
        assert f"Page {number}" in text
        assert f"of {len(reader.pages)}" in text
        assert "number" in text
    found = [text for page in reader.pages for text in lines(page) if text.startswith("text ")]
    assert found == [f"text {number}" for number in range(150)]


def test_numbers_end_at_one_edge_and_texts_begin_at_one(tmp_path: Path) -> None:
    rows = [(7, "a"), (12345, "bb"), (-5, "ccc")]
    reader, _ = opened(tmp_path, kept(tmp_path, ["number", "text"], rows))
    pen, at = Fonts().regular, placed(reader.pages[0])
    ends = [at[text][0] + pen.width(text, 9) for text in ("7", "12345", "-5")]
    assert max(ends) - min(ends) < 0.1
    assert len({round(at[text][0], 1) for text in ("a", "bb", "ccc")}) == 1


def test_values_are_exact(tmp_path: Path) -> None:
    row = (Decimal("99999999999999999999.90"), 2**63 - 1, 2.5, datetime(2013, 1, 1, 5, tzinfo=UTC), None)
    reader, notes = opened(tmp_path, kept(tmp_path, ["n", "i", "f", "at", "none"], [row]))
    text = lines(reader.pages[0])
    for value in ("99,999,999,999,999,999,999.90", "9223372036854775807", "2.5", "2013-01-01 05:00:00", "at (UTC)"):
        assert value in text
    assert notes == ()


def test_rounding_for_the_eye_is_stated(tmp_path: Path) -> None:
    reader, _ = opened(tmp_path, kept(tmp_path, ["average", "exact"], [(2 / 3, Decimal("0.66666666")), (12.0, None)]))
    expected = {"0.6667", "12.0000", "0.66666666", "Rounded to 4 decimals here: average."}
    assert expected <= set(lines(reader.pages[0]))


def test_a_cut_is_printed(tmp_path: Path) -> None:
    answer = kept(tmp_path, ["n"], [(number,) for number in range(9)], max_rows=5, name="Flights")
    reader, _ = opened(tmp_path, answer)
    assert "Flights: 5 of 9 rows are shown; the limit is 5." in lines(reader.pages[0])


def test_more_rows_than_a_pdf_shows_are_told_of(tmp_path: Path) -> None:
    answer = kept(tmp_path, ["n"], [(f"row {number}",) for number in range(9)], name="Flights")
    reader, notes = opened(tmp_path, answer, max_rows=4)
    note = "Flights: the PDF shows the first 4 of 9 rows."
    assert notes == (note,)
    assert note in lines(reader.pages[0])
    assert [line for line in lines(reader.pages[0]) if line.startswith("row ")] == ["row 0", "row 1", "row 2", "row 3"]


def test_banners_are_on_the_first_page_and_every_other_points_to_them(tmp_path: Path) -> None:
    rows = [(number,) for number in range(150)]
    reader, _ = opened(tmp_path, report(kept(tmp_path, ["n"], rows), banners=("A check failed: too few rows.",)))
    assert "A check failed: too few rows." in lines(reader.pages[0])
    assert all("See the notice on page 1" in lines(page) for page in reader.pages[1:])


def test_an_empty_answer_says_so(tmp_path: Path) -> None:
    reader, _ = opened(tmp_path, kept(tmp_path, ["n"], []))
    assert "No rows: the query found nothing." in lines(reader.pages[0])


def test_a_part_that_failed_is_said_in_its_place(tmp_path: Path) -> None:
    answer = kept(tmp_path, ["n"], [(1,)], name="Whole")
    parts = (*resolve((), (answer,), tmp_path), FailedPart("Broken", "The column 'x' is not there."))
    reader, _ = opened(tmp_path, report(answer, parts=parts))
    at = placed(reader.pages[0])
    assert at["Whole"][1] > at["Broken"][1] > at["This part could not be made. The column 'x' is not there."][1]


@pytest.mark.parametrize(
    ("columns", "look", "size"),
    [
        (4, Look(), (595, 842)),
        (14, Look(), (842, 595)),
        (24, Look(), (1191, 842)),
        (4, Look(orientation="landscape"), (842, 595)),
        (4, Look(page="letter"), (612, 792)),
        (14, Look(page="legal", orientation="portrait"), (612, 1008)),
    ],
)
def test_the_paper_fits_the_columns_and_the_wish(
    columns: int, look: Look, size: tuple[int, int], tmp_path: Path
) -> None:
    names = [f"column_{number}" for number in range(columns)]
    rows = [tuple(f"v{number}" for number in range(columns))]
    reader, _ = opened(tmp_path, report(kept(tmp_path, names, rows), look=look))
    page = reader.pages[0]
    assert (round(float(page.mediabox.width)), round(float(page.mediabox.height))) == size
    at = placed(page)
    assert all(0 < at[f"v{number}"][0] < size[0] - 40 for number in range(columns))


def test_no_column_is_left_out_however_many_there_are(tmp_path: Path) -> None:
    names = [f"column_{number}" for number in range(120)]
    reader, _ = opened(tmp_path, kept(tmp_path, names, [tuple(f"v{number}" for number in range(120))]))
    page = reader.pages[0]
    at = placed(page)
    assert all(at[f"v{number}"][0] < float(page.mediabox.width) - 40 for number in range(120))


def test_long_text_is_wrapped_and_then_cut(tmp_path: Path) -> None:
    long = " ".join(f"word{number}" for number in range(300))
    reader, _ = opened(tmp_path, kept(tmp_path, ["n", "text", "more"], [(1, long, "m"), (2, "short", "m")]))
    found = [line for line in lines(reader.pages[0]) if "word" in line]
    assert len(found) == 4
    assert "word0 word1" in found[0]
    assert "…" in found[3]
    at = placed(reader.pages[0])
    assert at["short"][1] < min(at[line][1] for line in found)


def test_a_text_has_the_room_that_others_leave(tmp_path: Path) -> None:
    long = "a remark of some length that needs most of the width of a page to stand on one line, and has it"
    reader, _ = opened(tmp_path, kept(tmp_path, ["n", "remark"], [(1, long), (2, "short")]))
    assert long in lines(reader.pages[0])


def test_a_total_without_room_before_it_has_its_name_above(tmp_path: Path) -> None:
    what = one_table(
        tmp_path, ["n", "of"], [(1, "x"), (2, "x")], ColumnSetting(column="n", total="sum"), group_by=("of",)
    )
    at = placed(opened(tmp_path, what)[0].pages[0])
    assert at["Total x"][1] > at["3"][1]
    assert at["Total x"][0] < at["3"][0]


def test_a_code_is_never_broken(tmp_path: Path) -> None:
    rows = [("BOS", "N10156", "x" * 300), ("WMW", "N104WW", "y" * 300)]
    reader, _ = opened(tmp_path, kept(tmp_path, ["to", "plane", "remark"], rows))
    assert {"BOS", "WMW", "N10156", "N104WW"} <= set(lines(reader.pages[0]))


def test_columns_are_shown_as_they_were_set(tmp_path: Path) -> None:
    rows = [(1, "a", Decimal("1234.5"), 0.125), (2, "b", Decimal(-10), 0.5)]
    what = one_table(
        tmp_path,
        ["id", "name", "amount", "share"],
        rows,
        ColumnSetting(column="amount", label="Betrag", format="currency:EUR", total="sum"),
        ColumnSetting(column="share", label="Anteil", format="percent:1", align="center"),
        ColumnSetting(column="id", hidden=True),
    )
    reader, _ = opened(tmp_path, report(*what.answers, parts=what.parts, look=Look(locale="de")))
    text = [line.replace("\xa0", " ") for line in lines(reader.pages[0])]
    for value in ("Betrag", "Anteil", "1.234,50 €", "-10,00 €", "12,5 %", "Total", "1.224,50 €"):
        assert value in text
    assert "id" not in text


def test_groups_have_headings_subtotals_and_bookmarks(tmp_path: Path) -> None:
    rows = [("North", "Ann", 5), ("North", "Bob", 6), ("South", "Ann", 7), ("South", "Ann", 8)]
    what = one_table(
        tmp_path, ["region", "who", "n"], rows, ColumnSetting(column="n", total="sum"), group_by=("region", "who")
    )
    reader, _ = opened(tmp_path, what)
    below = lines(reader.pages[0])[lines(reader.pages[0]).index("n") :]
    text = [line for line in below if line.startswith(("region:", "who:", "Total")) or line.isdigit()]
    assert text == [
        *("region: North", "who: Ann", "5", "Total Ann", "5", "who: Bob", "6", "Total Bob", "6", "Total North", "11"),
        *("region: South", "who: Ann", "7", "8", "Total Ann", "15", "Total South", "15", "Total", "26"),
    ]
    table, *_ = reader.outline
    levels = reader.outline[1]
    assert table["/Title"] == "Rows"  # type: ignore[index, call-overload]
    assert [entry["/Title"] for entry in levels if not isinstance(entry, list)] == [  # type: ignore[union-attr]
        "region: North",
        "region: South",
    ]


def test_a_group_that_goes_on_says_so(tmp_path: Path) -> None:
    rows = [("North", f"row {number}") for number in range(80)]
    reader, _ = opened(tmp_path, one_table(tmp_path, ["region", "row"], rows, group_by=("region",)))
    assert "region: North (continued)" in lines(reader.pages[1])


def test_a_value_that_fits_a_rule_has_its_colour(tmp_path: Path) -> None:
    rules = (ColourRule(when="<", value=0, text="#FF0000"), ColourRule(when=">=", value=100, paper="#00FF00"))
    what = one_table(tmp_path, ["n"], [(-5,), (7,), (100,)], ColumnSetting(column="n", rules=rules))
    reader, _ = opened(tmp_path, what)
    code = reader.pages[0].get_contents().get_data().decode("cp1252")  # type: ignore[union-attr]
    assert code.count("1 0 0 rg") == 1
    assert "1 0 0 rg" in next(line for line in code.splitlines() if "(-5)" in line)
    assert code.count("0 1 0 rg") == 1


def test_sections_follow_each_other(tmp_path: Path) -> None:
    answers = [kept(tmp_path, ["n"], [(1,), (2,)], name=name) for name in ("First", "Second", "Third")]
    reader, _ = opened(tmp_path, report(*answers))
    assert len(reader.pages) == 1
    at = placed(reader.pages[0])
    assert at["First"][1] > at["Second"][1] > at["Third"][1]
    assert [entry["/Title"] for entry in reader.outline] == ["First", "Second", "Third"]  # type: ignore[call-overload]


def test_progress_is_told_of_all_tables(tmp_path: Path) -> None:
    answers = [kept(tmp_path, ["n"], [(number,) for number in range(30)], name=name) for name in ("First", "Second")]
    heard: list[int] = []
    drawn(tmp_path, report(*answers), progress=heard.append)
    assert heard[-1] == 60
    assert heard == sorted(heard)


def test_a_password_closes_the_file(tmp_path: Path) -> None:
    what = report(kept(tmp_path, ["n"], [(1,)], name="Secret"), password="páss-wörd 1")
    reader, _ = opened(tmp_path, what)
    assert reader.is_encrypted
    assert not reader.decrypt("wrong")
    assert reader.decrypt("páss-wörd 1")
    assert "Secret" in lines(reader.pages[0])
    assert b"/AESV3" in next(tmp_path.glob("*.pdf")).read_bytes()


def test_the_fonts_are_in_the_file(tmp_path: Path) -> None:
    reader, _ = opened(tmp_path, kept(tmp_path, ["text"], [("Größe",), ("東京",)]))
    names = font_names(reader.pages[0])
    assert len(names) == 3
    assert all(is_embedded for is_embedded in names.values())


def test_a_text_that_is_longer_than_its_cell_is_told(tmp_path: Path) -> None:
    rows = [("short", "word " * 2_000, "ends with …"), ("a", "b", "c")]
    reader, notes = opened(tmp_path, kept(tmp_path, ["a", "b", "c"], rows, name="Words"))
    assert notes == ("Words: in the PDF long texts end with …: b.",)
    assert notes[0] in lines(reader.pages[0])
