"""The placeholders of dates and the words of letters do not get in each other's way."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.letter_words import NAMES, figure_label, is_letter_word, said
from libs.common.placeholders import NAMES as DATES
from libs.common.placeholders import Occasion, Placeholder, check_letter_text, check_text, resolved_letter

MONDAY = Occasion(scheduled_for=datetime(2026, 3, 2, 7, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("{{today}} {{recipient_name}}", "2026-03-02 {{recipient_name}}"),
        ("{{ rows }}{{yesterday|%d}}", "{{ rows }}01"),
        ("{{figure:Last week: new}} {{ figure : x }}", "{{figure:Last week: new}} {{ figure : x }}"),
    ],
)
def test_the_words_of_a_letter_are_left_to_it(text: str, meaning: str) -> None:
    check_letter_text(text)
    assert resolved_letter(text, MONDAY) == meaning


@pytest.mark.parametrize("text", ["{{recipient}}", "{{figures:x}}", "{{rows - 1d}}", "{{figure}}"])
def test_what_is_no_word_means_nothing(text: str) -> None:
    with pytest.raises(Placeholder, match=r"means nothing|cannot be read"):
        check_letter_text(text)


def test_elsewhere_there_are_no_words_of_letters() -> None:
    with pytest.raises(Placeholder) as failure:
        check_text("{{recipient_name}}")
    assert "files" not in str(failure.value)


def test_no_word_is_the_name_of_a_date() -> None:
    assert set(NAMES).isdisjoint(DATES)
    assert all(is_letter_word(f" {name} ") for name in NAMES)


def test_every_word_is_explained() -> None:
    page = (Path(__file__).parents[3] / "docs" / "letters.md").read_text()
    assert [name for name, meaning in NAMES.items() if f"| `{{{{{name}}}}}` | {meaning}" not in page] == []


@pytest.mark.parametrize(("inside", "label"), [("figure:a:b", "a:b"), (" figure : a ", "a"), ("figures:a", None)])
def test_a_figure_is_called_by_its_title(inside: str, label: str | None) -> None:
    assert figure_label(inside) == label


@settings(max_examples=50, deadline=None)
@given(st.text(alphabet="{} :figurerows%", max_size=60))
def test_what_is_said_has_no_word_left(text: str) -> None:
    spoken = said(text, lambda name: "!", lambda label: "!")
    assert "{{rows}}" not in spoken
    assert said("{{rows}}" + text, lambda name: "?", lambda label: "?").startswith("?")
