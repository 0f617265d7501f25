"""The one interface behind which all kinds of databases look the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from libs.common.messages import Parameter, Query
from services.generator.columns.kinds import Kind
from services.generator.sources.rows import Rows


@dataclass(frozen=True)
class Described:
    """A column that a query would give; `kind` is `empty` where the database tells types only with the values."""

    name: str
    kind: Kind


@dataclass(frozen=True)
class Guard:
    """What the database did with an attempt to write: refused it in these words, or None if it let it pass."""

    refusal: str | None


class Source(Protocol):
    """An open source. All its queries run in one transaction that is never committed."""

    server: str
    """The server and its version, for people: `PostgreSQL 17.2`."""

    session: str
    """Names the session in a database that would not notice a lost client (see sessions.py); empty for all others."""

    def rows(self, query: Query, parameters: Iterable[Parameter] = ()) -> Rows:
        """The answer to `query`, with the parameters that its SQL names bound to it.

        Raises a PermanentFailure or TransientFailure in words here and while the rows are read.
        """

    def columns(self, query: Query, parameters: Iterable[Parameter] = ()) -> tuple[Described, ...]:
        """The columns that `query` would give, without reading a row. Raises as `rows` does."""

    def try_to_write(self) -> Guard | None:
        """Try to make a table, which is never committed, and tell whether the database itself refuses.

        None: there is no way to try that could be undone.
        """
