"""What a letter shows, as text and as a page: the same in both, and nothing that was not meant to be markup."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from letter_world import letter_of, manner, read, stored, text_of

from libs.common.delivering import Figure, Manner, Preview, PreviewColumn
from libs.common.messages import DeliverReport

MakeCommand = Callable[..., DeliverReport]

PREVIEW = Preview(
    title="Sales by region",
    columns=(PreviewColumn(label="Region"), PreviewColumn(label="Amount", numeric=True)),
    rows=(("North", "1\u202f204,50"), ("South", "−3,10")),
    total_rows=1_204,
    more_columns=3,
)
FIGURES = (
    Figure(label="Revenue", value="10.234,50 €", change="+12 %", direction="up", previous="9.138,00 €", mood="good"),
    Figure(label="Orders", value="311"),
)


class Page(HTMLParser):
    """The texts of a page, its tags, and whether each is closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.texts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())


@pytest.fixture
def command(make_command: MakeCommand) -> DeliverReport:
    return make_command(
        preview=PREVIEW,
        figures=FIGURES,
        notes=("A check failed.", "10 rows were cut."),
        parameters=(("from", "2026-02-23"),),
        timezone="Europe/Berlin",
    )


def test_the_first_rows_stand_in_the_text(command: DeliverReport) -> None:
    text = text_of(letter_of(command))
    assert (
        "  Revenue   10.234,50 €   ▲ +12 %   before: 9.138,00 €\n"
        "  Orders    311\n"
        "\n"
        "Sales by region (2 of 1,204 rows, 3 more columns)\n"
        "  Region    Amount\n"
        "  ------  --------\n"
        "  North   1\u202f204,50\n"
        "  South      −3,10\n"
    ) in text
    assert "  from     2026-02-23\n" in text


def test_a_table_that_is_too_wide_is_told_row_by_row(command: DeliverReport) -> None:
    wide = tuple(PreviewColumn(label=f"Column {number}") for number in range(4))
    preview = msgspec.structs.replace(PREVIEW, columns=wide, rows=(("x" * 60, "b", "c", "d" * 40),), total_rows=1)
    text = text_of(letter_of(msgspec.structs.replace(command, preview=preview)))
    assert f"(1 row, 3 more columns)\n  Column 0   {'x' * 60}\n  Column 1   b\n" in text


def test_the_page_and_the_text_say_the_same(command: DeliverReport) -> None:
    letter = letter_of(manner(command, subscription=True))
    page = Page(text_of(letter, "html"))
    flat = " ".join(text_of(letter).split())
    facts = ["Monday, 2 March 2026, 08:00 Europe/Berlin", "2026-02-23", "2 of 1,204 rows, 3 more columns"]
    cells = [cell for row in PREVIEW.rows for cell in row] + [column.label for column in PREVIEW.columns]
    figures = ["10.234,50 €", "▲ +12 %", "before: 9.138,00 €", "Revenue", "311"]
    files = ["delays.xlsx", "Excel, 16 rows, 8.3 KB", "delays.csv"]
    notes = ["A check failed.", "10 rows were cut.", "You get these letters because you are subscribed to them."]
    for said in (*facts, *cells, *figures, *files, *notes):
        assert " ".join(said.split()) in page.text
        assert " ".join(said.split()) in flat
    assert page.open == []


def test_numbers_stand_to_the_right_and_the_mood_has_a_colour(command: DeliverReport) -> None:
    html = text_of(letter_of(command), "html")
    assert html.count("text-align:right;white-space:nowrap") == len(PREVIEW.rows)
    assert 'class="good" style="font-size:13px;color:#1a7f37"' in html
    assert 'name="color-scheme" content="light dark"' in html
    assert "prefers-color-scheme:dark" in html
    assert "border-top:4px solid #1F4E79" in html


@pytest.mark.parametrize(
    ("accent", "colour"), [("#AA3300", "#AA3300"), ("red;x:y", "#1F4E79"), ("#aa3300\n", "#1F4E79")]
)
def test_the_brand_has_its_colour_and_only_a_colour(command: DeliverReport, accent: str, colour: str) -> None:
    html = text_of(letter_of(msgspec.structs.replace(command, accent=accent)), "html")
    assert f"border-top:4px solid {colour};" in html


def test_a_test_cannot_be_mistaken(command: DeliverReport) -> None:
    letter = letter_of(manner(msgspec.structs.replace(command, subject="Sales"), is_test=True))
    assert read(letter)["Subject"] == "[Test] Sales"
    sentence = "This is a test: somebody wanted to see what this letter looks like."
    assert text_of(letter).startswith(f"*** {sentence} ***\n")
    assert sentence in text_of(letter, "html")
    assert sentence not in text_of(letter_of(command))


def test_data_is_shown_only_where_it_is_wanted(command: DeliverReport) -> None:
    letter = letter_of(manner(msgspec.structs.replace(command, subject="{{figure:Orders}}"), preview_rows=0))
    assert read(letter)["Subject"] == "311"  # who asks for it there gets it
    for text in (text_of(letter), text_of(letter, "html")):
        assert "Sales by region" not in text
        assert "10.234,50" not in text


def test_a_long_letter_is_not_cut_by_the_client(command: DeliverReport) -> None:
    columns = tuple(PreviewColumn(label=f"Column {number}", numeric=True) for number in range(8))
    rows = tuple(("1,204,331.50",) * 8 for _ in range(50))
    preview = msgspec.structs.replace(PREVIEW, columns=columns, rows=rows)
    letter = letter_of(msgspec.structs.replace(command, preview=preview, manner=Manner(preview_rows=50)))
    assert len(text_of(letter, "html").encode()) < 102_000  # Gmail shows no more


any_text = st.text(max_size=60)


@settings(max_examples=15, deadline=None)
@given(texts=st.lists(any_text, min_size=9, max_size=9))
def test_no_text_becomes_markup(make_command: MakeCommand, texts: list[str]) -> None:
    safe = Page(text_of(letter_of(hostile(make_command, ["x"] * 9)), "html")).tags
    attack = ["</td><script>alert(1)</script>", "<img src=x onerror=y>", "\"><b a='"]
    for chosen in (texts, (texts + attack)[-9:]):
        letter = letter_of(hostile(make_command, chosen))
        page = Page(text_of(letter, "html"))
        assert page.tags <= safe | {"br"}
        assert page.open == []
        assert read(letter).defects == []
        assert letter.content.isascii()


def hostile(make_command: MakeCommand, texts: list[str]) -> DeliverReport:
    title, label, cell, value, change, note, name, body, parameter = texts
    preview = Preview(title=title, columns=(PreviewColumn(label=label),), rows=((cell,),), total_rows=1)
    figure = Figure(label=label, value=value, change=change, previous=value)
    return make_command(
        title=title,
        body=body,
        preview=preview,
        figures=(figure,),
        notes=(note,),
        parameters=((parameter, value),),
        artifacts=(msgspec.structs.replace(stored("a.csv", b"1"), filename=name),),
        accent=value,
        locale=label,
        manner=Manner(is_test=True, subscription=True),
    )
