"""HTML: one page that needs nothing else, to be read in a browser or printed. It runs no script and loads nothing."""

from services.generator.render.html.page import MEDIA_TYPE, draw_html

__all__ = ["MEDIA_TYPE", "draw_html"]
