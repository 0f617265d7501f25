"""Any script that a customer's name may have."""

from __future__ import annotations

from pathlib import Path

import pytest
from generator_content import kept
from generator_pdf import drawn, font_names, lines, opened

from services.generator.render.pdf.type import Fonts
from services.generator.render.pdf.type.direction import visual
from services.generator.render.pdf.type.faces import FaceFile
from services.generator.render.pdf.type.faces import opened as opened_face
from services.generator.render.pdf.type.word import Word
from services.generator.render.pdf.wrap import wrap

NAMES = {
    "Größe Müller AG, Łódź": "Roboto",
    "Ωμέγα Α.Ε.": "Roboto",
    "ООО «Жук»": "Roboto",
    "Công ty Đặng Việt": "Roboto",
    "東京都山田製作所": "wqy",
    "北京有限公司（總部）": "wqy",
    "삼성전자주식회사": "wqy",
    "شركة الأمل": "NotoSansArabic",
    "בנק לאומי": "NotoSansHebrew",
    "บริษัทไทย": "NotoSansThai",
    "हिन्दी कंपनी": "NotoSansDevanagari",
    "Հայաստան": "NotoSansArmenian",
    "საქართველო": "NotoSansGeorgian",
    "😀🎉": "NotoEmoji",
}


def used(word: Word, fonts: Fonts) -> set[str]:
    """The typefaces in which a word is set."""
    names = {used.glyph_font: face.name for face, used in fonts._used.items()}
    return {names[run.font] for run in word.runs} or {"Roboto-Regular"}


def test_any_script_is_drawn_and_can_be_copied(tmp_path: Path) -> None:
    reader, notes = opened(tmp_path, kept(tmp_path, ["name"], [(name,) for name in NAMES]))
    assert set(NAMES) <= set(lines(reader.pages[0]))
    assert notes == ()
    fonts = font_names(reader.pages[0])
    assert all(fonts.values())
    for face in set(NAMES.values()):
        assert any(face in name for name in fonts), face


def test_each_script_has_its_face() -> None:
    fonts = Fonts()
    for text, face in NAMES.items():
        word = fonts.regular.word(text)
        others = {name for name in used(word, fonts) if not name.startswith("Roboto")}
        assert len(others) == (face != "Roboto"), text
        assert all(name.startswith(face) for name in others), text
        assert all(glyph.number for run in word.runs for glyph in run.glyphs), text


def test_arabic_letters_are_joined_and_run_to_the_left() -> None:
    fonts = Fonts()
    apart = [fonts.regular.word(letter).runs[0].glyphs[0].number for letter in "سلم"]
    (run,) = fonts.regular.word("سلم").runs
    joined = [glyph.number for glyph in run.glyphs]
    assert len(joined) == 3
    assert joined[0] == fonts.regular.word("ـم").runs[0].glyphs[0].number  # the last letter stands at the left
    assert joined != apart[::-1]


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("abc", "abc"),
        ("אבג", "גבא"),
        ("אב (12) גד", "דג (12) בא"),
        ("Ltd אב (xy)", "Ltd בא (xy)"),
        ("אב (גד", "דג) בא"),
    ],
)
def test_a_line_stands_in_the_order_in_which_it_is_seen(text: str, seen: str) -> None:
    assert visual(text) == seen


def test_a_character_that_no_face_has_is_told(tmp_path: Path) -> None:
    reader, notes = opened(tmp_path, kept(tmp_path, ["text"], [("a\U00020000b",)]))
    assert notes == ("The PDF's fonts cannot draw some characters, such as \U00020000; it shows ◊ in their place.",)
    assert "a◊b" in lines(reader.pages[0])


def test_a_face_whose_package_is_missing_is_passed_over() -> None:
    assert opened_face(FaceFile("no_such_package/fonts", "any.ttf")) is None
    assert opened_face(FaceFile("font_roboto/files", "NoSuchFile.ttf")) is None


def test_strange_characters_do_no_harm(tmp_path: Path) -> None:
    strange = [
        "\x00\x01",
        "tab\there",
        "\u200f\u202e",
        "a\u200db",
        "\ufe0f",
        "\u0301",
        "\ufffe\uffff",
        "(\\)",
        "\r",
        "𝕏",
    ]
    rows = [(text, f"after {number}", text * 200) for number, text in enumerate(strange)]
    reader, _ = opened(tmp_path, kept(tmp_path, ["a", "b", "c"], rows, name="".join(strange)))
    text = lines(reader.pages[0])
    assert {f"after {number}" for number in range(len(strange))} <= set(text)
    assert {"tab here", "(\\)"} <= set(text)


def test_only_what_is_used_of_a_face_is_in_the_file(tmp_path: Path) -> None:
    drawing = drawn(tmp_path, kept(tmp_path, ["name"], [("東京",)]))
    assert drawing.path.stat().st_size < 40_000


def test_figures_have_one_width() -> None:
    pen = Fonts().regular
    assert len({pen.width(figure, 1) for figure in "0123456789"}) == 1


def test_lines_never_exceed_their_column() -> None:
    pen = Fonts().regular
    for once in ("a Donaudampfschifffahrtsgesellschaftskapitän went-to the/harbour, ", "株式会社の長い説明文。"):
        text = once * 6
        broken = wrap(text, pen, 9, 70, max_lines=50)
        assert max(pen.width(line, 9) for line in broken) <= 70 + 9  # a full stop may stand beyond the edge
        assert "".join(broken).replace(" ", "") == text.replace(" ", "")
        assert not any(line.startswith("。") for line in broken)


def test_a_width_too_small_for_a_letter_ends_too() -> None:
    assert wrap("abc", Fonts().regular, 9, 0.1, max_lines=2) == ["a", "…"]
    assert wrap("abc", Fonts().regular, 9, -5, max_lines=9) == ["a", "b", "c"]
