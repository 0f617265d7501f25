"""Checks the SQL of a template before it is kept: one statement that only reads, with the parameters it declares.

This is a kindness to the author, not the guard: the database itself refuses to write in the generator's session.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokens import Token, TokenType  # type: ignore[attr-defined]  # its home moves between releases

DIALECTS = {
    "postgresql": "postgres",
    "mysql": "mysql",
    "mariadb": "mysql",
    "sqlite": "sqlite",
    "duckdb": "duckdb",
    "mssql": "tsql",
    "oracle": "oracle",
    "redshift": "redshift",
    "snowflake": "snowflake",
    "bigquery": "bigquery",
    "databricks": "databricks",
    "trino": "trino",
    "clickhouse": "clickhouse",
    "cockroachdb": "postgres",
    "teradata": "teradata",
    "athena": "athena",
    "exasol": "exasol",
}
"""How sqlglot calls the kinds of sources; it reads others as plain SQL."""

ONE_SELECT = "it must be one SELECT, WITH or VALUES"

_BEGINNINGS = (TokenType.SELECT, TokenType.WITH, TokenType.VALUES)
_WRITES = (exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.DDL, exp.Command)
_WRITING_WORDS = (TokenType.INSERT, TokenType.UPDATE, TokenType.DELETE, TokenType.MERGE)


def complaint(sql: str, kind: str) -> str | None:
    """What is wrong with `sql` for a source of this `kind`, as the end of a sentence; None if it may be kept."""
    try:
        tokens = sqlglot.tokenize(sql, read=DIALECTS.get(kind))
    except TokenError:
        return "has a quote or a comment that is not closed"
    statements = list(_statements(tokens))
    if not statements:
        return f"holds no statement; {ONE_SELECT}"
    if len(statements) > 1:
        return f"holds {len(statements)} statements; {ONE_SELECT}"
    first = next((token for token in statements[0] if token.token_type != TokenType.L_PAREN), statements[0][0])
    if first.token_type not in _BEGINNINGS:
        return f"begins with {first.text.upper()}; {ONE_SELECT}"
    return _writing(sql, kind, statements[0])


def _statements(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    statement: list[Token] = []
    for token in tokens:
        if token.token_type != TokenType.SEMICOLON:
            statement.append(token)
        elif statement:
            yield statement
            statement = []
    if statement:
        yield statement


def _writing(sql: str, kind: str, statement: Sequence[Token]) -> str | None:
    try:
        parsed = sqlglot.parse_one(sql, read=DIALECTS.get(kind))
    except (ParseError, RecursionError):
        # sqlglot does not know every construct of every database; then the words alone must do.
        return _writing_words(statement)
    for node in parsed.walk():
        if isinstance(node, _WRITES):
            return f"writes ({node.key.upper()}); {ONE_SELECT} that only reads"
        if isinstance(node, exp.Into):
            return f"writes a table (SELECT INTO); {ONE_SELECT} that only reads"
        if isinstance(node, exp.Lock):
            return f"locks rows (FOR UPDATE or its like); {ONE_SELECT} that only reads"
    return None


def _writing_words(statement: Sequence[Token]) -> str | None:
    for before, word in itertools.pairwise(statement):
        if before.token_type == TokenType.L_PAREN and word.token_type in _WRITING_WORDS:
            return f"writes ({word.text.upper()}); {ONE_SELECT} that only reads"
    return None
