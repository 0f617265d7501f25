"""Two drawings of the same contents: text for every reader, and HTML that is built as a tree.

A tree escapes what it holds by itself, so no title, name or note can become markup.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from textwrap import fill
from xml.etree.ElementTree import Element

from services.mailer.contents import Contents

_LINE = 76
_PAGE = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;font-size:15px;line-height:1.5"
_SHEET = "max-width:38em;margin:0 auto;padding:1em"
_LABEL = "text-align:left;font-weight:normal;opacity:0.7;padding:2px 16px 2px 0;vertical-align:top;white-space:nowrap"
_CELL = "padding:2px 0;vertical-align:top"
_ORIGIN = "margin-top:2em;padding-top:0.8em;border-top:1px solid #8888;font-size:13px;opacity:0.7"


def as_text(contents: Contents) -> str:
    """The contents as plain text."""
    blocks = [
        contents.greeting,
        *contents.paragraphs,
        _columns(contents.facts),
        _titled("Attached", _columns([(file.filename, file.details) for file in contents.files])),
        _titled("Please note", "\n".join(_note(note) for note in contents.notes)),
        # "-- " begins the signature: clients fold it, and leave it out of replies.
        f"-- \n{fill(contents.origin, _LINE)}",
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def as_html(contents: Contents) -> str:
    """The contents as one HTML page, for light and dark clients alike."""
    blocks = [
        *([_element("p", contents.greeting)] if contents.greeting else []),
        *[_element("p", *_lines(paragraph)) for paragraph in contents.paragraphs],
        _table(contents.facts),
        *_section("Attached", [_table([(file.filename, file.details) for file in contents.files])], contents.files),
        *_section("Please note", [_element("ul", *[_element("li", note) for note in contents.notes])], contents.notes),
        _element("p", contents.origin, style=_ORIGIN),
    ]
    page = _element(
        "html",
        _element(
            "head",
            _element("meta", charset="utf-8"),
            _element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            _element("meta", name="color-scheme", content="light dark"),
            _element("title", contents.title),
        ),
        _element("body", _element("div", *blocks, style=_SHEET), style=_PAGE),
        lang="en",
    )
    return "<!DOCTYPE html>\n" + ET.tostring(page, encoding="unicode", method="html") + "\n"


def _titled(title: str, block: str) -> str:
    return f"{title}\n{block}" if block else ""


def _note(note: str) -> str:
    return fill(note, _LINE, initial_indent="  * ", subsequent_indent="    ")


def _columns(rows: Sequence[tuple[str, str]]) -> str:
    width = max((len(left) for left, _ in rows), default=0)
    return "\n".join(f"  {left:<{width}}   {right}" for left, right in rows)


def _table(rows: Sequence[tuple[str, str]]) -> Element:
    return _element("table", *[_row(left, right) for left, right in rows], role="presentation", cellspacing="0")


def _row(left: str, right: str) -> Element:
    return _element("tr", _element("th", left, style=_LABEL), _element("td", right, style=_CELL))


def _section(title: str, content: list[Element], shown_if: object) -> list[Element]:
    return [_element("h2", title, style="font-size:15px;margin:1.5em 0 0.3em"), *content] if shown_if else []


def _lines(text: str) -> list[str | Element]:
    """The lines of a paragraph with <br> between them."""
    first, *rest = text.split("\n")
    return [first, *[part for line in rest for part in (_element("br"), line)]]


def _element(tag: str, *children: str | Element, **attributes: str) -> Element:
    element = Element(tag, attributes)
    for child in children:
        if isinstance(child, Element):
            element.append(child)
        elif len(element):
            element[-1].tail = (element[-1].tail or "") + child
        else:
            element.text = (element.text or "") + child
    return element
