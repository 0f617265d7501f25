"""Reading the tables of a page in docs/, for tests that compare them with the code."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def rows(page: str, section: str = "") -> set[str]:
    """The lines of all tables in `docs/<page>`, or of those under one heading; without the heads of the tables."""
    text = (DOCS / page).read_text(encoding="utf-8")
    if section:
        _, _, rest = text.partition(f"\n## {section}\n")
        text = rest.partition("\n## ")[0]
    lines = [line.strip() for line in text.splitlines()]
    return {
        line
        for line, after in zip(lines, [*lines[1:], ""], strict=True)
        if line.startswith("|") and not _is_rule(line) and not _is_rule(after)
    }


def row(*cells: str) -> str:
    """A line of a table; a `|` inside a cell would begin another one."""
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def code(text: str) -> str:
    """`text` as code, inside a cell."""
    return f"`{text}`"


def names(page: str) -> set[str]:
    """Everything that is written as code in `docs/<page>`."""
    return set(re.findall(r"`([^`\n]+)`", (DOCS / page).read_text(encoding="utf-8")))


def difference(page: str, found: set[str], wanted: set[str]) -> str:
    """What to change on the page; empty if nothing."""
    missing = [f"+ {line}" for line in sorted(wanted - found)]
    stale = [f"- {line}" for line in sorted(found - wanted)]
    return "\n".join([f"docs/{page} must change:", *stale, *missing]) if missing or stale else ""


def _is_rule(line: str) -> bool:
    return bool(re.fullmatch(r"\|[ :|-]+\|", line))
