from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from generator_content import kept, quiet, report
from pypdf import PageObject, PdfReader

from services.generator.answers import Answer
from services.generator.render import Report
from services.generator.render.pdf import draw_pdf
from services.generator.render.pdf.fonts import REGULAR, Missing, Ruler
from services.generator.render.pdf.wrap import wrap


def opened(tmp_path: Path, what: Report | Answer, **how: Any) -> tuple[PdfReader, tuple[str, ...]]:
    whole = what if isinstance(what, Report) else report(what)
    (drawing,) = draw_pdf(whole, tmp_path, quiet, **how)
    return PdfReader(drawing.path), drawing.notes


def lines(page: PageObject) -> list[str]:
    return [line.strip() for line in page.extract_text().splitlines()]


def placed(page: PageObject) -> dict[str, tuple[float, float]]:
    """Each text that the page draws, with where it begins, in points from the lower left corner."""
    found: dict[str, tuple[float, float]] = {}

    def see(operator: bytes, operands: Any, _cm: Any, matrix: Any) -> None:
        if operator == b"Tj":
            (raw,) = operands
            found[raw.decode("latin-1") if isinstance(raw, bytes) else raw] = (matrix[4], matrix[5])

    page.extract_text(visitor_operand_before=see)
    return found


def test_a_pdf_begins_with_what_it_is(tmp_path: Path) -> None:
    what = report(
        kept(tmp_path, ["n"], [(1,)], name="By carrier"),
        description="All of 2013.",
        parameters=(("since", "2013-01-01"),),
    )
    reader, notes = opened(tmp_path, what)
    text = reader.pages[0].extract_text()
    for part in ("Delays by carrier", "All of 2013.", "since", "2013-01-01", "flights", "2026-11-23 08:00 UTC"):
        assert part in text
    assert "By carrier" in text
    assert "1 row" in text
    assert reader.metadata is not None
    assert (reader.metadata.title, reader.metadata.author) == ("Delays by carrier", "Pressroom")
    assert notes == ()


def test_every_page_has_its_number_and_the_headings(tmp_path: Path) -> None:
    rows = [(number, f"text {number}") for number in range(150)]
    reader, _ = opened(tmp_path, kept(tmp_path, ["number", "text"], rows))
    assert len(reader.pages) > 2
    for number, page in enumerate(reader.pages, 1):
        text = page.extract_text()
        assert f"Page {number}" in text
        assert f"of {len(reader.pages)}" in text
        assert "number" in placed(page)
    drawn = [text for page in reader.pages for text in placed(page) if text.startswith("text ")]
    assert drawn == [f"text {number}" for number in range(150)]


def test_numbers_end_at_one_edge_and_texts_begin_at_one(tmp_path: Path) -> None:
    rows = [(7, "a"), (12345, "bb"), (-5, "ccc")]
    reader, _ = opened(tmp_path, kept(tmp_path, ["number", "text"], rows))
    ruler, at = Ruler(REGULAR, Missing()), placed(reader.pages[0])
    ends = {round(at[text][0] + ruler.width(text, 9), 1) for text in ("7", "12345", "-5")}
    assert len(ends) == 1
    assert len({round(at[text][0], 1) for text in ("a", "bb", "ccc")}) == 1


def test_values_are_exact(tmp_path: Path) -> None:
    row = (Decimal("99999999999999999999.90"), 2**63 - 1, 2.5, datetime(2013, 1, 1, 5, tzinfo=UTC), None)
    reader, notes = opened(tmp_path, kept(tmp_path, ["n", "i", "f", "at", "none"], [row]))
    text = placed(reader.pages[0])
    for value in ("99999999999999999999.90", "9223372036854775807", "2.5", "2013-01-01 05:00:00", "at (UTC)"):
        assert value in text
    assert notes == ()


def test_the_digits_of_a_column_stand_in_line(tmp_path: Path) -> None:
    reader, _ = opened(tmp_path, kept(tmp_path, ["f"], [(2.5,), (3.0,), (4.25,), (-0.0,)]))
    drawn = [line for line in lines(reader.pages[0]) if line[0] in "-0123456789" and "." in line]
    assert drawn == ["2.50", "3.00", "4.25", "0.00"]


def test_rounding_for_the_eye_is_stated(tmp_path: Path) -> None:
    reader, _ = opened(tmp_path, kept(tmp_path, ["average", "exact"], [(2 / 3, Decimal("0.66666666")), (12.0, None)]))
    text = placed(reader.pages[0])
    assert {"0.6667", "12.0000", "0.66666666", "Rounded to 4 decimals here: average."} <= set(text)


def test_small_numbers_are_not_rounded_away(tmp_path: Path) -> None:
    reader, _ = opened(tmp_path, kept(tmp_path, ["f"], [(0.0000125,), (1.5,)]))
    assert {"0.0000125", "1.5"} <= set(placed(reader.pages[0]))


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


def test_an_empty_answer_says_so(tmp_path: Path) -> None:
    reader, _ = opened(tmp_path, kept(tmp_path, ["n"], []))
    assert "No rows." in lines(reader.pages[0])


@pytest.mark.parametrize(
    ("columns", "is_wide", "is_a4"), [(4, False, True), (14, True, True), (30, True, False), (120, True, False)]
)
def test_the_paper_fits_the_columns(columns: int, is_wide: bool, is_a4: bool, tmp_path: Path) -> None:
    names = [f"column_{number}" for number in range(columns)]
    reader, _ = opened(tmp_path, kept(tmp_path, names, [tuple(f"v{number}" for number in range(columns))]))
    page = reader.pages[0]
    width, height = float(page.mediabox.width), float(page.mediabox.height)
    assert (width > height) == is_wide
    assert (round(min(width, height)) == 595) == is_a4
    at = placed(page)
    assert all(0 < at[f"v{number}"][0] < width - 40 for number in range(columns))


def test_long_text_is_wrapped_and_then_cut(tmp_path: Path) -> None:
    long = " ".join(f"word{number}" for number in range(300))
    reader, _ = opened(tmp_path, kept(tmp_path, ["n", "text", "more"], [(1, long, "m"), (2, "short", "m")]))
    drawn = [line for line in lines(reader.pages[0]) if "word" in line]
    assert len(drawn) == 4
    assert "word0 word1" in drawn[0]
    assert "…" in drawn[3]


def test_a_code_is_never_broken(tmp_path: Path) -> None:
    rows = [("BOS", "N10156", "x" * 300), ("WMW", "N104WW", "y" * 300)]
    reader, _ = opened(tmp_path, kept(tmp_path, ["to", "plane", "remark"], rows))
    assert {"BOS", "WMW", "N10156", "N104WW"} <= set(placed(reader.pages[0]))


def test_latin_greek_and_cyrillic_are_drawn_and_what_is_not_is_told(tmp_path: Path) -> None:
    reader, notes = opened(tmp_path, kept(tmp_path, ["text"], [("Größe Ωμέγα Жук Việt €",), ("東京",)]))
    assert "Größe Ωμέγα Жук Việt €" in lines(reader.pages[0])
    assert notes == ("The PDF's font cannot draw some characters, such as 京 東; it shows ◊ in their place.",)
    assert "◊◊" in lines(reader.pages[0])
    fonts = reader.pages[0]["/Resources"]["/Font"].values()  # type: ignore[index]
    embedded = [font for font in fonts if "/FontDescriptor" in font.get_object()]
    assert len(embedded) >= 2
    assert all("/FontFile2" in font.get_object()["/FontDescriptor"] for font in embedded)


def test_sections_follow_each_other(tmp_path: Path) -> None:
    answers = [kept(tmp_path, ["n"], [(1,), (2,)], name=name) for name in ("First", "Second", "Third")]
    reader, _ = opened(tmp_path, report(*answers))
    assert len(reader.pages) == 1
    at = placed(reader.pages[0])
    assert at["First"][1] > at["Second"][1] > at["Third"][1]


def test_lines_never_exceed_their_column() -> None:
    ruler = Ruler(REGULAR, Missing())
    text = "a Donaudampfschifffahrtsgesellschaftskapitän went-to the/harbour, " * 5
    broken = wrap(text, ruler, 9, 70, max_lines=50)
    assert max(ruler.width(line, 9) for line in broken) <= 70
    assert "".join(broken).replace(" ", "") == text.replace(" ", "")


def test_a_width_too_small_for_a_letter_ends_too() -> None:
    assert wrap("abc", Ruler(REGULAR, Missing()), 9, 0.1, max_lines=2) == ["a", "…"]
