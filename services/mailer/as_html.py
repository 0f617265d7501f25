"""A letter as a page. Its template is compiled once and escapes whatever it is given."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from services.mailer.contents import Contents

_TEMPLATES = Path(__file__).parent / "templates"


def as_html(contents: Contents) -> str:
    """The contents as one HTML page, for light and dark clients alike."""
    return _page().render(letter=contents, words=contents.words)


@cache
def _page() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("letter.html.j2")
