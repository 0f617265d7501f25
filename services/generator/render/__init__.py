"""Formats: each is a drawing of the same facts. To add one, write a renderer and name it here."""

from collections.abc import Mapping

from libs.common.messages import Format
from services.generator.render.columnar import draw_parquet
from services.generator.render.delimited import draw_csv
from services.generator.render.html import draw_html
from services.generator.render.json import draw_json, draw_ndjson
from services.generator.render.pdf import draw_pdf
from services.generator.render.report import Drawing, Renderer, Report
from services.generator.render.xlsx import draw_xlsx

RENDERERS: Mapping[Format, Renderer] = {
    "xlsx": draw_xlsx,
    "csv": draw_csv,
    "pdf": draw_pdf,
    "json": draw_json,
    "ndjson": draw_ndjson,
    "parquet": draw_parquet,
    "html": draw_html,
}

__all__ = ["RENDERERS", "Drawing", "Renderer", "Report"]
