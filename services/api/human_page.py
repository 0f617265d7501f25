"""A page for people who followed a link: one heading, a few sentences, nothing to load."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from http import HTTPStatus

from litestar import Response

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>{title}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 12vh auto 0; padding: 0 1.25rem; }}
h1 {{ font-size: 1.4rem; margin: 0 0 0.75rem; }}
p {{ margin: 0 0 0.75rem; }}
</style>
</head>
<body>
<h1>{title}</h1>
{paragraphs}
</body>
</html>
"""

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def human_page(
    title: str, sentences: Sequence[str], status: HTTPStatus, headers: Mapping[str, str] | None = None
) -> Response[str]:
    """The page; `title` and `sentences` are plain text."""
    paragraphs = "\n".join(f"<p>{escape(one)}</p>" for one in sentences)
    return Response(
        _PAGE.format(title=escape(title), paragraphs=paragraphs),
        status_code=status.value,
        media_type="text/html; charset=utf-8",
        headers={**_HEADERS, **(headers or {})},
    )


def wants_page(accept: str) -> bool:
    """True for a browser, which says that it can show HTML; programs get a problem instead."""
    return any(one.partition(";")[0].strip().lower() == "text/html" for one in accept.split(","))
