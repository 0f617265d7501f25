"""The tables of `docs/types.md`: what a value of each database becomes in each format."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "types.md"


@dataclass(frozen=True)
class Case:
    """One row. `cells` are by the heading of the column, without what comes of it in brackets."""

    database: str
    type: str
    value: str
    cells: dict[str, str]


def cases() -> list[Case]:
    """All rows of all tables, under the headings of their databases."""
    found, database, headings = [], "", []
    for line in PAGE.read_text().splitlines():
        if line.startswith("## "):
            database, headings = line.removeprefix("## "), []
        elif line.startswith("|") and not set(line) <= set("|-: "):
            fields = [field.strip().replace("\\|", "|") for field in re.split(r"(?<!\\)\|", line)[1:-1]]
            if headings:
                type_, value, *cells = fields
                found.append(
                    Case(database, type_.strip("`"), value.strip("`"), dict(zip(headings, cells, strict=True)))
                )
            else:
                headings = fields[2:]
    return found


def statements(rows: list[Case]) -> tuple[str, str]:
    """SQL that makes a table of one row with the values of `rows`, in columns named c0, c1, …"""
    columns = ", ".join(f"c{index} {case.type}" for index, case in enumerate(rows))
    return f"CREATE TABLE cases ({columns})", f"INSERT INTO cases VALUES ({', '.join(case.value for case in rows)})"
