"""Writes what was measured into docs/benchmarks.md, each part between its own two marks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table; all columns but the first are to the right."""
    lines = [heads, ["---", *["--:"] * (len(heads) - 1)], *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def keep(part: str, text: str, page: Path = PAGE) -> None:
    """Put `text` in the place of the last figures of `part`; LookupError if the page has no place for it."""
    page.write_text(replaced(page.read_text(encoding="utf-8"), part, text), encoding="utf-8")


def replaced(page: str, part: str, text: str) -> str:
    """The page with `text` between the marks of `part`."""
    begin, end = f"<!-- {part}: begin -->", f"<!-- {part}: end -->"
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise LookupError(f"The page has no place for {part}: the marks {begin} and {end} are missing.")
    return f"{before}{begin}\n{text}\n{end}{after}"
