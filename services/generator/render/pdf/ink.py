"""What is drawn, as the operators of a page (ISO 32000-1, 8 and 9)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cache

INK, MUTED, RULE, ZEBRA, WHITE = "#1B2733", "#5B6B7B", "#C9D3DD", "#F4F7FA", "#FFFFFF"
WARNING, WARNING_PAPER = "#8A4B00", "#FFF3D1"
FAILED, FAILED_PAPER = "#A4262C", "#FCE9EA"
GOOD, BAD = "#1E7B45", "#B3261E"

Point = tuple[float, float]


@cache
def rgb(colour: str) -> str:
    """`#1F4E79` as the three numbers of a PDF."""
    return " ".join(f"{int(colour[start : start + 2], 16) / 255:.3g}" for start in (1, 3, 5))


def box(x: float, y: float, width: float, height: float, colour: str) -> str:
    """A filled rectangle whose lower left corner is at (x, y)."""
    return f"{rgb(colour)} rg {x:.2f} {y:.2f} {width:.2f} {height:.2f} re f"


def boxes(rectangles: Iterable[tuple[float, float, float, float]], colour: str) -> str:
    """Filled rectangles of one colour."""
    path = " ".join(f"{x:.2f} {y:.2f} {width:.2f} {height:.2f} re" for x, y, width, height in rectangles)
    return f"{rgb(colour)} rg {path} f"


def frame(x: float, y: float, width: float, height: float, colour: str, thickness: float = 0.5) -> str:
    """The edge of a rectangle."""
    return f"{rgb(colour)} RG {thickness:g} w {x:.2f} {y:.2f} {width:.2f} {height:.2f} re S"


def line(start: Point, end: Point, colour: str = RULE, thickness: float = 0.5) -> str:
    """A straight line."""
    return f"{rgb(colour)} RG {thickness:g} w {start[0]:.2f} {start[1]:.2f} m {end[0]:.2f} {end[1]:.2f} l S"


def polyline(points: Sequence[Point], colour: str, thickness: float) -> str:
    """A line through all points, with round corners."""
    return f"{rgb(colour)} RG {thickness:g} w 1 j 1 J {_path(points)} S 0 j 0 J"


def polygon(points: Sequence[Point], colour: str) -> str:
    """A filled area."""
    return f"{rgb(colour)} rg {_path(points)} h f"


def disc(centre: Point, radius: float, colour: str) -> str:
    """A filled circle."""
    return wedge(centre, radius, 0, 2 * math.pi, colour, with_centre=False)


def wedge(
    centre: Point, radius: float, start: float, end: float, colour: str, *, inner: float = 0.0, with_centre: bool = True
) -> str:
    """The part of a disc between two angles in radians, without a hole of radius `inner`."""
    outside = _arc(centre, radius, start, end)
    first = f"{centre[0] + radius * math.cos(start):.2f} {centre[1] + radius * math.sin(start):.2f} m"
    back = ""
    if inner:
        corner = f"{centre[0] + inner * math.cos(end):.2f} {centre[1] + inner * math.sin(end):.2f} l"
        back = f"{corner} {_arc(centre, inner, end, start)}"
    elif with_centre:
        back = f"{centre[0]:.2f} {centre[1]:.2f} l"
    return f"{rgb(colour)} rg {first} {outside} {back} h f"


def _path(points: Sequence[Point]) -> str:
    (x, y), *others = points
    return f"{x:.2f} {y:.2f} m " + " ".join(f"{x:.2f} {y:.2f} l" for x, y in others)


def _arc(centre: Point, radius: float, start: float, end: float) -> str:
    """Bézier curves along a circle, each over at most an eighth of it."""
    steps = max(1, math.ceil(abs(end - start) / (math.pi / 4)))
    turn = (end - start) / steps
    reach = 4 / 3 * math.tan(turn / 4) * radius
    curves = []
    for step in range(steps):
        one, two = start + step * turn, start + (step + 1) * turn
        x1, y1 = centre[0] + radius * math.cos(one), centre[1] + radius * math.sin(one)
        x2, y2 = centre[0] + radius * math.cos(two), centre[1] + radius * math.sin(two)
        curves.append(
            f"{x1 - reach * math.sin(one):.2f} {y1 + reach * math.cos(one):.2f}"
            f" {x2 + reach * math.sin(two):.2f} {y2 - reach * math.cos(two):.2f} {x2:.2f} {y2:.2f} c"
        )
    return " ".join(curves)
