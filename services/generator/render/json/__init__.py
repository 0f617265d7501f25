"""JSON: one object with the report's facts and the rows of each query; NDJSON: an object per line, a file per query."""

from services.generator.render.json.document import draw_json
from services.generator.render.json.lines import draw_ndjson

__all__ = ["draw_json", "draw_ndjson"]
