"""A message for a Teams workflow ("When a Teams webhook request is received"), as an Adaptive Card.

What people have written stands in rich text, which knows no Markdown: it cannot become a link.
"""

from __future__ import annotations

from typing import Any

import msgspec

from libs.common.delivering import Preview
from services.mailer.channels.parcel import Parcel
from services.mailer.channels.words import expiry_of, figure_words, file_words, lead_of, rest_of
from services.mailer.headers import one_line

_MOST_BYTES = 25_000
"""Teams refuses a message of more than 28 KB."""
_MOST_BUTTONS = 6
_MOST_COLUMNS = 6
_MOST_CELL = 60
_MOST_TEXT = 4_000


def teams_message(parcel: Parcel) -> dict[str, Any]:
    """The message; of a preview only as many rows as fit, and in the end of all the rest too."""
    rows = len(parcel.preview.rows) if parcel.preview is not None else 0
    body = _body(parcel, rows)
    while rows and _is_too_large(parcel, body):
        rows //= 2
        body = _body(parcel, rows)
    while len(body) > 1 and _is_too_large(parcel, body):
        body.pop()
    return _message(parcel, body)


def _is_too_large(parcel: Parcel, body: list[dict[str, Any]]) -> bool:
    return len(msgspec.json.encode(_message(parcel, body))) > _MOST_BYTES


def _message(parcel: Parcel, body: list[dict[str, Any]]) -> dict[str, Any]:
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.5",
        "msteams": {"width": "Full"},
        "body": body,
        "actions": _buttons(parcel),
    }
    content_type = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": content_type, "contentUrl": None, "content": card}]}


def _body(parcel: Parcel, rows: int) -> list[dict[str, Any]]:
    pairs = [*parcel.facts, *((one_line(figure.label), figure_words(figure)) for figure in parcel.figures)]
    return [
        _rich(_run(one_line(parcel.title), size="Large", weight="Bolder")),
        *[_rich(_run(part)) for part in lead_of(parcel)],
        *[_rich(_run(f"{label}: "), _run(value, weight="Bolder")) for label, value in pairs],
        *(_table(parcel.preview, rows) if parcel.preview is not None and rows else []),
        *[_rich(_run(file_words(file))) for file in parcel.files],
        *[_rich(_run(words, isSubtle=True)) for words in (expiry_of(parcel), *parcel.notes) if words],
    ]


def _table(preview: Preview, rows: int) -> list[dict[str, Any]]:
    columns = preview.columns[:_MOST_COLUMNS]
    shown = [[column.label for column in columns], *(row[:_MOST_COLUMNS] for row in preview.rows[:rows])]
    right = [column.numeric for column in columns]
    rest = rest_of(msgspec.structs.replace(preview, rows=preview.rows[:rows]))
    return [
        _rich(_run(one_line(preview.title), weight="Bolder")),
        {
            "type": "Table",
            "columns": [{"width": 1} for _ in columns],
            "firstRowAsHeader": True,
            "rows": [
                {"type": "TableRow", "cells": [_cell(*one) for one in zip(row, right, strict=True)]} for row in shown
            ],
        },
        *([_rich(_run(rest, isSubtle=True))] if rest else []),
    ]


def _cell(text: str, right: bool) -> dict[str, Any]:
    side = {"horizontalAlignment": "Right"} if right else {}
    return {"type": "TableCell", "items": [{**_rich(_run(one_line(text)[:_MOST_CELL])), **side}]}


def _buttons(parcel: Parcel) -> list[dict[str, Any]]:
    links = [*((file.filename, file.url) for file in parcel.files if file.url), *parcel.links]
    return [{"type": "Action.OpenUrl", "title": words, "url": url} for words, url in links[:_MOST_BUTTONS]]


def _rich(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": list(runs)}


def _run(text: str, **look: Any) -> dict[str, Any]:
    return {"type": "TextRun", "text": text[:_MOST_TEXT], **look}
