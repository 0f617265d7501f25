"""Why a database refused or failed, as its driver tells it, before it is put into our words."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

Nature = Literal["cancelled", "forbidden", "transient", "permanent"]
"""`cancelled`: ended by a timeout or by somebody; `forbidden`: it would have written; else: can trying again help?"""


class Place(NamedTuple):
    """Where in the SQL of a query something is wrong; both count from 1."""

    line: int
    column: int | None = None

    def spoken(self) -> str:
        """The place in words."""
        return f"line {self.line}" if self.column is None else f"line {self.line}, column {self.column}"


class Cause(NamedTuple):
    """The database's own words, what kind of failure it is, and where in the SQL it lies if that is known."""

    words: str
    nature: Nature
    place: Place | None = None


def place_at(sql: str, offset: int) -> Place | None:
    """The place of the character `offset` (0 is the first) of `sql`, or None if there is none."""
    if not 0 <= offset <= len(sql):
        return None
    before = sql[:offset]
    return Place(before.count("\n") + 1, offset - before.rfind("\n"))


def place_of_word(sql: str, words: str) -> Place | None:
    """The place of the thing that a database without places names, if it stands in `sql` only once."""
    named = _NAMED.search(words)
    if named is None:
        return None
    thing = next(group for group in named.groups() if group)
    # Of `table.column` and `database.table` the SQL may hold the last part only.
    for wanted in (thing, thing.rpartition(".")[2]):
        found = list(re.finditer(rf"(?<!\w){re.escape(wanted)}(?!\w)", sql, re.IGNORECASE))
        if len(found) == 1:
            return place_at(sql, found[0].start())
    return None


_NAMED = re.compile(
    r'near "([^"]+)"'
    r"|no such (?:column|table|function): (\S+)"
    r"|ambiguous column name: (\S+)"
    r"|Unknown column '([^']+)'"
    r"|Table '([^']+)' doesn't exist"
    r"|FUNCTION (\S+) does not exist"
)
"""How SQLite and MySQL name the thing that they do not know."""
