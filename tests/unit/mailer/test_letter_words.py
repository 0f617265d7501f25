"""The letter's own words: in four languages, and those that people put into their subjects and texts."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest
from babel import Locale
from babel.numbers import format_decimal
from letter_world import letter_of, read, text_of

from libs.common import letter_words
from libs.common.delivering import Figure
from libs.common.messages import DeliverReport, Recipient
from services.mailer.contents import human_size
from services.mailer.words import Words, words_of
from services.mailer.words.catalogue import LANGUAGES

MakeCommand = Callable[..., DeliverReport]

ENGLISH = LANGUAGES["en"]
NUMBERS = (0, 1, 999, 1_204, 9_999, 12_040, 1_204_331)


def sentences(words: Words) -> dict[str, set[str]]:
    """The placeholders of each sentence."""
    found = {}
    for field, value in msgspec.structs.asdict(words).items():
        for index, text in enumerate(value if isinstance(value, tuple) else (value,)):
            if isinstance(text, str):
                found[f"{field}.{index}"] = set(re.findall(r"\{(\w+)\}", text))
    return found


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "en"])
def test_every_language_says_as_much_as_english(code: str) -> None:
    words = LANGUAGES[code]
    usual, found = sentences(ENGLISH), sentences(words)
    for form in ("moment_form.0", "short_moment_form.0"):
        assert {"day", "month", "year", "clock", "zone"} <= found.pop(form)
        usual.pop(form)
    assert found == usual
    same = [
        field
        for field, value in msgspec.structs.asdict(words).items()
        if isinstance(value, str) and len(value) > 12 and "form" not in field and value == getattr(ENGLISH, field)
    ]
    assert same == []


@pytest.mark.parametrize("code", list(LANGUAGES))
def test_dates_and_numbers_are_those_of_the_locale(code: str) -> None:
    words, locale = LANGUAGES[code], Locale.parse(code)
    assert list(words.weekdays) == [locale.days["format"]["wide"][day] for day in range(7)]
    assert list(words.months) == [locale.months["format"]["wide"][month] for month in range(1, 13)]
    for number in NUMBERS:
        grouped = code != "es" or number >= 10_000  # the Academy groups no four digits
        assert words.count(number) == format_decimal(number, locale=locale, group_separator=grouped)
    assert words.size(8_312) == f"{format_decimal(Decimal('8.3'), locale=locale)} {words.kilobytes[-2:]}"


@pytest.mark.parametrize(
    ("locale", "first", "usual", "subject"),
    [
        ("", "Sunday, 1 March 2026, 07:00 UTC", "Monday, 2 March 2026, 07:00 UTC", "2 Mar 2026, 07:00 UTC"),
        ("de", "Sonntag, 1. März 2026, 07:00 UTC", "Montag, 2. März 2026, 07:00 UTC", "2. März 2026, 07:00 UTC"),
        ("fr_CA", "dimanche 1er mars 2026, 07:00 UTC", "lundi 2 mars 2026, 07:00 UTC", "2 mars 2026, 07:00 UTC"),
        (
            "es",
            "domingo, 1 de marzo de 2026, 07:00 UTC",
            "lunes, 2 de marzo de 2026, 07:00 UTC",
            "2 mar 2026, 07:00 UTC",
        ),
        ("ja", "Sunday, 1 March 2026, 07:00 UTC", "Monday, 2 March 2026, 07:00 UTC", "2 Mar 2026, 07:00 UTC"),
    ],
)
def test_a_letter_speaks_the_language_of_its_reader(
    make_command: MakeCommand, locale: str, first: str, usual: str, subject: str
) -> None:
    words = words_of(locale)
    assert words.moment(datetime(2026, 3, 1, 7, tzinfo=UTC), "UTC") == first
    letter = letter_of(make_command(locale=locale))
    assert read(letter)["Subject"] == f"Delays by carrier, {subject}"
    text, html = text_of(letter), text_of(letter, "html")
    for sentence in (usual, words.ready.format(title="Delays by carrier"), words.attached, words.on_schedule):
        assert sentence in text
        assert sentence in html
    assert f'<html lang="{words.code}">' in html


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (1, "1 byte"),
        (812, "812 bytes"),
        (1_000, "1 KB"),
        (8_312, "8.3 KB"),
        (999_949, "999.9 KB"),
        (999_950, "1 MB"),
        (32_100_000, "32.1 MB"),
    ],
)
def test_a_size_is_one_that_a_person_can_judge(size: int, said: str) -> None:
    assert human_size(size) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("For {{recipient_name}}", "For Ada Lovelace"),
        ("{{ recipient_address }}", "ada@example.org"),
        ("{{report_title}}: {{rows}} rows in {{files}}", "Delays by carrier: 16 rows in delays.xlsx, delays.csv"),
        ("Revenue {{figure:Revenue}}, {{ figure : Last  order }}", "Revenue €1,204, 09:00"),
        ("{{figure:Nothing}}", "–"),
        ("{{today}} {{{rows}}} {{unknown}} {{}}", "{{today}} {16} {{unknown}} {{}}"),
    ],
)
def test_the_words_of_a_subject_and_a_text_mean_something_else_in_every_letter(
    make_command: MakeCommand, text: str, said: str
) -> None:
    figures = (Figure(label="Revenue", value="€1,204"), Figure(label="Last order (UTC)", value="09:00"))
    letter = letter_of(make_command(subject=text, body=text, figures=figures))
    assert read(letter)["Subject"] == said
    assert text_of(letter).startswith(f"{said}\n")


def test_what_a_word_means_is_not_read_again(make_command: MakeCommand) -> None:
    recipient = Recipient(address="ada@example.org", name="{{rows}}\r\nBcc: eve@example.org")
    message = read(letter_of(make_command(recipient=recipient, subject="Hi {{recipient_name}}")))
    assert message["Subject"] == "Hi {{rows}} Bcc: eve@example.org"
    assert "Bcc" not in message


def test_who_has_no_name_is_called_by_their_address(make_command: MakeCommand) -> None:
    letter = letter_of(make_command(recipient=Recipient(address="ada@example.org"), subject="{{recipient_name}}"))
    assert read(letter)["Subject"] == "ada@example.org"


def test_every_word_that_can_be_saved_can_be_said(make_command: MakeCommand) -> None:
    every = " ".join(f"{{{{{name}}}}}" for name in letter_words.NAMES)
    assert "{{" not in str(read(letter_of(make_command(subject=every)))["Subject"])
