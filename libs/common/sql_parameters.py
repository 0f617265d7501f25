"""Where the parameters stand in a report's SQL: the api checks them and the generator binds them, by one reading."""

from __future__ import annotations

import re

PARTS = re.compile(
    r"""
      (?P<quiet> [eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | "(?:[^"]|"")*" | `[^`]*`
               | --[^\n]* | /\*.*?\*/ | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$ )
    | (?<![:\w\\]) : (?P<name>[A-Za-z_]\w*+) (?!:(?!:))
    | (?P<colon> (?<!:) : (?=\w))
    """,
    re.VERBOSE | re.DOTALL,
)
"""What a colon in SQL can belong to: text, a quoted name or a comment; a parameter; or something else (`[1:2]`)."""


def parameter_names(sql: str) -> set[str]:
    """The names that stand as `:name` in `sql`."""
    return {part["name"] for part in PARTS.finditer(sql) if part["name"]}
