"""The bookmarks beside the pages."""

from __future__ import annotations

from reportlab.pdfgen.canvas import Canvas

MAX_ENTRIES = 5_000
"""Beyond that groups get no bookmark any more: nobody reads so many, and each is kept in memory."""


class Outline:
    """Bookmarks in the order of the pages; level 0 is the outermost. `entries` counts them."""

    def __init__(self, canvas: Canvas) -> None:
        self.entries = 0
        self._canvas = canvas
        self._level = -1

    def add(self, level: int, title: str, y: float) -> None:
        """Point to the height `y` of the page that is being drawn."""
        if level and self.entries >= MAX_ENTRIES:
            return
        level = min(level, self._level + 1)
        key = f"entry-{self.entries}"
        self._canvas.bookmarkPage(key, fit="XYZ", left=0, top=y)
        self._canvas.addOutlineEntry(title, key, level, closed=1)
        self.entries, self._level = self.entries + 1, level
