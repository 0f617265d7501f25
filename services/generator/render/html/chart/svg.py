"""Elements of SVG."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup

Point = tuple[float, float]


def element(name: str, *content: Markup | str, **attributes: object) -> Markup:
    """An element; `class_` is its class, and `_` in a name stands for `-`. Content that is text is escaped."""
    said = Markup("").join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), _short(value))
        for key, value in attributes.items()
        if value is not None
    )
    inner = Markup("").join(content)
    return Markup("<{}{}>{}</{}>").format(Markup(name), said, inner, Markup(name))  # noqa: S704 - names are our own


def text(words: str, at: Point, class_: str = "", **attributes: object) -> Markup:
    """Words whose baseline begins (or ends, or is centred) at a point."""
    return element("text", words, x=at[0], y=at[1], class_=class_ or None, **attributes)


def title(words: str) -> Markup:
    """What a reader sees who points at the element around it."""
    return element("title", words)


def line(start: Point, end: Point, class_: str) -> Markup:
    """A straight line."""
    return element("line", x1=start[0], y1=start[1], x2=end[0], y2=end[1], class_=class_)


def path(points: Iterable[Point]) -> str:
    """The way through the points."""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def group(parts: Sequence[Markup], **attributes: object) -> Markup:
    """Elements that have something in common."""
    return element("g", *parts, **attributes)


def _short(value: object) -> object:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else value
