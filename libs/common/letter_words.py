"""Words like `{{recipient_name}}` in the subject and the text of a letter, which mean something else in every letter.

The api checks them when they are saved, the placeholders of dates leave them alone (placeholders.py), and the mailer
says them when it writes the letter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

NAMES: Mapping[str, str] = {
    "recipient_name": "the recipient's name, or their address if they have none",
    "recipient_address": "the recipient's address",
    "report_title": "the title of the report",
    "rows": "how many rows it has",
    "files": "the names of its files",
}
"""What a word may be called, and what it means."""

FIGURE = "figure"
"""`{{figure:Revenue}}` is the key figure with that title, as the letter shows it."""

_WORD = re.compile(r"\{\{\s*(?:(?P<name>\w+)|figure\s*:(?P<label>[^{}]*))\s*\}\}")


def is_letter_word(inside: str) -> bool:
    """Whether what stands between two braces is left to the letter."""
    return inside.strip() in NAMES or figure_label(inside) is not None


def figure_label(inside: str) -> str | None:
    """The title of the key figure that is meant; None if none is."""
    name, colon, label = inside.partition(":")
    return label.strip() if colon and name.strip() == FIGURE else None


def said(text: str, value: Callable[[str], str], figure: Callable[[str], str]) -> str:
    """`text` with each of the letter's words replaced by its `value`, or by that of a `figure` with some title.

    Anything else in braces stays; so do braces in what the words mean.
    """

    def meaning(found: re.Match[str]) -> str:
        if found["label"] is not None:
            return figure(found["label"].strip())
        return value(found["name"]) if found["name"] in NAMES else found[0]

    return _WORD.sub(meaning, text) if "{{" in text else text
