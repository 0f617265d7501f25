"""A message for an incoming webhook of Slack, in blocks (https://docs.slack.dev/reference/block-kit)."""

from __future__ import annotations

from typing import Any

from libs.common.delivering import Preview
from services.mailer.channels.parcel import Parcel, ParcelFile
from services.mailer.channels.words import expiry_of, figure_words, file_words, lead_of, rest_of, table_of
from services.mailer.headers import one_line

_MOST_HEADER = 150
_MOST_TEXT = 2_900
_MOST_FIELDS = 10
_MOST_FIELD = 1_900


def slack_message(parcel: Parcel) -> dict[str, Any]:
    """The message. What people have written can neither become a link nor call anybody."""
    title = one_line(parcel.title)
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": title[:_MOST_HEADER], "emoji": False}},
        *_section("\n\n".join(_safe(part) for part in lead_of(parcel))),
        *_section("\n".join(f"*{_safe(label)}:* {_safe(value)}" for label, value in parcel.facts)),
        *_figures(parcel),
        *(_preview(parcel.preview) if parcel.preview is not None else []),
        *_section("\n".join(_file(file) for file in parcel.files)),
        *_section("\n".join(f"<{_url(url)}|{_safe(words)}>" for words, url in parcel.links)),
        *[_small(words) for words in (expiry_of(parcel), *parcel.notes) if words],
    ]
    return {"text": _safe(title), "blocks": blocks[:50], "unfurl_links": False}


def _section(text: str) -> list[dict[str, Any]]:
    return [{"type": "section", "text": _mrkdwn(text)}] if text else []


def _figures(parcel: Parcel) -> list[dict[str, Any]]:
    fields = [
        _mrkdwn(f"*{_safe(one_line(figure.label))}*\n{_safe(figure_words(figure))}"[:_MOST_FIELD])
        for figure in parcel.figures[:_MOST_FIELDS]
    ]
    return [{"type": "section", "fields": fields}] if fields else []


def _preview(preview: Preview) -> list[dict[str, Any]]:
    # Escaped, a sign may become five; the room is for the escaped text.
    room = _MOST_TEXT - 200
    while room > 0:
        table = _safe(table_of(preview, room)).replace("```", "'''")
        if len(table) <= _MOST_TEXT - 100:
            break
        room -= 400
    else:
        table = ""
    if not table:
        return []
    rest = rest_of(preview)
    return [
        *_section(f"*{_safe(one_line(preview.title)[:60])}*\n```{table}```"),
        *([_small(rest)] if rest else []),
    ]


def _file(file: ParcelFile) -> str:
    words = _safe(file_words(file))
    return f"• <{_url(file.url)}|{words}>" if file.url else f"• {words}"


def _small(words: str) -> dict[str, Any]:
    return {"type": "context", "elements": [_mrkdwn(_safe(words))]}


def _mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text[:3_000], "verbatim": True}


def _safe(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _url(url: str) -> str:
    return url.replace("|", "%7C").replace(">", "%3E")
