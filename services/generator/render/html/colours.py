"""The report's own colours, for light and for dark screens."""

from __future__ import annotations

from services.generator.parts import ChartPart
from services.generator.render.plot.colour import is_dark
from services.generator.render.plot.palette import colours
from services.generator.render.report import Report


def series_count(part: ChartPart) -> int:
    """How many colours a chart takes."""
    return len(part.categories) if part.kind == "pie" else len(part.series)


def style_of(report: Report) -> str:
    """CSS that names the accent and as many colours of series as the charts need."""
    accent = report.look.accent
    count = max((series_count(part) for part in report.parts if isinstance(part, ChartPart)), default=0)
    palette = colours(accent, min(count, 24))
    on_accent = "#FFFFFF" if is_dark(accent) else "#1B2733"
    light = "".join(f"--s{number}:{colour};" for number, colour in enumerate(palette))
    dark = "".join(f"--s{n}:color-mix(in oklab,{colour} 72%,white);" for n, colour in enumerate(palette))
    screen = "@media screen and (prefers-color-scheme:dark)"
    return (
        f":root{{--accent:{accent};--accent-ink:{accent};--on-accent:{on_accent};{light}}}\n"
        f"{screen}{{:root{{--accent-ink:color-mix(in oklab,{accent} 45%,white);{dark}}}}}\n"
    )
