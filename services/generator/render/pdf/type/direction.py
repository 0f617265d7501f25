"""The order in which the characters of a line stand, where some are written from right to left."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from itertools import groupby

from bidi import get_base_level, get_display

_PAIRS = {"(": ")", "[": "]", "{": "}", "«": "»", "‹": "›", "<": ">", "≤": "≥"}
_CLOSING = {closing: opening for opening, closing in _PAIRS.items()}


def is_rtl(character: str) -> bool:
    """Whether a character is written from right to left."""
    return character >= "\u0590" and unicodedata.bidirectional(character) in ("R", "AL")


def visual(text: str) -> str:
    """The characters as they stand from left to right (Unicode's bidirectional algorithm)."""
    if not any(map(is_rtl, text)):
        return text
    return _mirrored(str(get_display(text)), is_rtl_line=get_base_level(text) == 1)


def by_direction(text: str) -> Iterator[tuple[bool, str]]:
    """Neighbours of one direction, still as they stand; a mark has the direction of what it stands by."""
    if not any(map(is_rtl, text)):
        yield False, text
        return
    directions: list[bool] = []
    following = False
    for character in reversed(text):  # as they stand, a mark comes before its base
        if unicodedata.bidirectional(character) not in ("NSM", "BN"):
            following = is_rtl(character)
        directions.append(following)
    directions.reverse()
    for direction, group in groupby(zip(directions, text, strict=True), key=lambda pair: pair[0]):
        yield direction, "".join(character for _, character in group)


def _mirrored(text: str, *, is_rtl_line: bool) -> str:
    """Brackets turned as they must be seen: get_display moves them, and a pair that it swapped stands `)like this(`."""
    characters = list(text)
    waiting: list[int] = []
    for index, character in enumerate(text):
        if character in _PAIRS:
            if waiting and text[waiting[-1]] == _PAIRS[character]:
                _swap(characters, waiting.pop(), index)
            else:
                waiting.append(index)
        elif character in _CLOSING:
            if waiting and text[waiting[-1]] == _CLOSING[character]:
                waiting.pop()
            else:
                waiting.append(index)
    for index in waiting if is_rtl_line else ():
        characters[index] = _PAIRS.get(text[index]) or _CLOSING[text[index]]
    return "".join(characters)


def _swap(characters: list[str], one: int, other: int) -> None:
    characters[one], characters[other] = characters[other], characters[one]
