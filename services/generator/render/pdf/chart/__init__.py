"""Charts, drawn as vectors: axes, legend, and bars, lines, areas or a ring."""

from services.generator.render.pdf.chart.draw import chart_height, draw_chart

__all__ = ["chart_height", "draw_chart"]
