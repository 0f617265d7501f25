"""Draws a report as one HTML page."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from services.generator.parts import ChartPart, FailedPart, FigurePart, TablePart
from services.generator.parts.writing import Writer
from services.generator.render.facts import facts_of
from services.generator.render.html.chart import draw_chart
from services.generator.render.html.colours import style_of
from services.generator.render.html.table import Table, limit_note
from services.generator.render.html.text import visible
from services.generator.render.report import Drawing, Progress, Report, shifted

MEDIA_TYPE = "text/html"
MAX_ROWS = 5_000
"""Rows of one table that a page shows; a browser gets slow with more."""

_HERE = Path(__file__).parent
_PICTURES = {b"\x89PNG": "image/png", b"\xff\xd8": "image/jpeg"}


def draw_html(report: Report, folder: Path, progress: Progress, max_rows: int = MAX_ROWS) -> list[Drawing]:
    """One page with all parts. What it does not show of a table is told, in the page and in a note."""
    path = folder / report.filename("html")
    writer = Writer(report.look.locale)
    sections = list(_sections(report, writer, progress, max_rows))
    page = (
        _environment()
        .get_template("page.html.j2")
        .stream(
            report=report,
            language=writer.locale.language,
            direction=writer.locale.text_direction,
            facts=facts_of(report, writer),
            logo=_logo(report.logo),
            style=Markup((_HERE / "style.css").read_text() + style_of(report)),  # noqa: S704 - our own, and checked colours
            sections=sections,
        )
    )
    page.enable_buffering(100)
    with path.open("wb", buffering=1 << 20) as file:
        page.dump(file, encoding="utf-8", errors="replace")
    notes = [limit_note(part, max_rows) for part in report.parts if isinstance(part, TablePart)]
    progress(report.rows)
    return [Drawing(path, "html", MEDIA_TYPE, report.rows, tuple(note for note in notes if note))]


def _sections(report: Report, writer: Writer, progress: Progress, max_rows: int) -> Iterator[dict[str, Any]]:
    done = 0
    for part in report.parts:
        if isinstance(part, TablePart):
            table = Table(part, writer, max_rows, shifted(progress, done), report.banners)
            yield {"kind": "table", "part": part, "table": table}
            done += part.answer.rows
        else:
            yield _section(part, writer)


def _section(part: FigurePart | ChartPart | FailedPart, writer: Writer) -> dict[str, Any]:
    if isinstance(part, FigurePart):
        return {"kind": "figure", "part": part, "text": writer.figure(part)}
    if isinstance(part, ChartPart):
        return {"kind": "chart", "part": part, "svg": draw_chart(part, writer)}
    return {"kind": "failed", "part": part}


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters["plural"] = _plural
    return environment


def _shown(value: object) -> object:
    """Whatever stands in the page; a character that no page may hold is made visible."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _plural(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _logo(file: Path | None) -> str:
    """The logo as a URL that holds it; empty if there is none."""
    if file is None:
        return ""
    content = file.read_bytes()
    type_ = next((type_ for start, type_ in _PICTURES.items() if content.startswith(start)), "")
    return f"data:{type_};base64,{base64.b64encode(content).decode()}" if type_ else ""
