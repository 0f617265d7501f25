"""Charts as SVG within the page: they take its colours, also the dark ones, and stay sharp in print."""

from services.generator.render.html.chart.draw import draw_chart

__all__ = ["draw_chart"]
