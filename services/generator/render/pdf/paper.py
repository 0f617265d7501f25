"""Chooses the paper: what the template asks for, or the smallest on which the widest table is readable."""

from __future__ import annotations

from collections.abc import Sequence

from libs.common.look import Look
from services.generator.render.pdf.pages import MARGIN, Size
from services.generator.render.pdf.tables.layout import Need, fitting_size, is_comfortable, least_width

_SIZES: dict[str, Size] = {
    "A4": (595.28, 841.89),
    "A3": (841.89, 1190.55),
    "letter": (612.0, 792.0),
    "legal": (612.0, 1008.0),
}


def choose_paper(look: Look, tables: Sequence[Sequence[Need]]) -> Size:
    """Width and height in points. So many columns that no paper has room make a wider page: nothing is left out."""
    candidates = _candidates(look)
    if not tables:
        return candidates[0]
    for paper in candidates:
        if all(is_comfortable(needs, paper) for needs in tables):
            return paper
    is_given = look.page != "auto"
    for paper in _readable_first(candidates):
        room = paper[0] - 2 * MARGIN
        if all(fitting_size(needs, room, is_given=is_given) is not None for needs in tables):
            return paper
    widest = max(least_width(needs, is_given=is_given) for needs in tables)
    return widest + 2 * MARGIN + 1, candidates[-1][1]


def _candidates(look: Look) -> list[Size]:
    """The papers that the template allows, the preferred ones first."""
    names = ["A4", "A3"] if look.page == "auto" else [look.page]
    upright = [_SIZES[name] for name in names]
    turned = [(height, width) for width, height in upright]
    if look.orientation == "portrait":
        return upright
    if look.orientation == "landscape":
        return turned
    return [*upright[:1], *turned]


def _readable_first(candidates: list[Size]) -> list[Size]:
    """By width: what is narrow on a page upright is easier to read on the same page turned."""
    return sorted(candidates, key=lambda paper: (paper[0] * paper[1], -paper[0]))
