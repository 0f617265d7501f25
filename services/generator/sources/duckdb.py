"""A DuckDB file as a source: opened read-only, without access to any other file or to the network."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy.engine import URL

from libs.common.errors import PermanentFailure
from libs.common.messages import Parameter, Query
from services.generator.columns.kinds import Kind, field_of
from services.generator.sources.cause import Cause, Place
from services.generator.sources.failures import Failures
from services.generator.sources.rows import BATCH_ROWS, Limited, Limits, Rows
from services.generator.sources.source import Described, Guard
from services.generator.sources.statement import Numbered, numbered, without_end

_SETTINGS: Mapping[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "memory_limit": "512MB",
    "threads": "2",
    "lock_configuration": "true",
}
"""No other file, no network, no extensions, and no statement that could undo this. DuckDB runs inside our process, so
it may use only a part of the memory that a report may have."""

CASTS = {
    "text": "varchar",
    "integer": "bigint",
    "number": "",  # the value itself says how many digits it has
    "boolean": "boolean",
    "date": "date",
    "datetime": "timestamp",
    "instant": "timestamptz",
}

_KINDS: dict[str, Kind] = {
    "BOOLEAN": "boolean",
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"), "integer"),
    **dict.fromkeys(("UBIGINT", "HUGEINT", "UHUGEINT", "BIGNUM", "VARINT", "DECIMAL"), "numeric"),
    **dict.fromkeys(("FLOAT", "DOUBLE"), "number"),
    "BLOB": "binary",
    "DATE": "date",
    "TIME": "time",
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS"), "timestamp"),
    "TIMESTAMP WITH TIME ZONE": "instant",
}
"""By the name of the type, without what stands in brackets; everything else is text."""

_VALUES: dict[Kind, str] = {
    "integer": "CAST({} AS BIGINT)",
    "numeric": "CAST({} AS VARCHAR)",
    "number": "CAST(CAST({} AS VARCHAR) AS DOUBLE)",  # the digits of a FLOAT, not of the double nearest to it
    "timestamp": "CAST({} AS TIMESTAMP)",
    "text": "CAST({} AS VARCHAR)",
}
_NESTED = re.compile(r"(STRUCT|MAP|UNION)\b|.*\[\d*\]$")

_LINE = re.compile(r"\n\s*\nLINE (?P<line>\d+): (?P<shown>.*)\n(?P<arrow> *)\^", re.DOTALL)

_FORBIDDEN = (
    "read-only",
    "configuration has been locked",
    "disabled by configuration",
    "disabled through configuration",
)
_DAYS = (-719_162, 2_932_896)
"""0001-01-01 and 9999-12-31 as days since 1970: what Python and the file formats can hold."""
_MICROSECONDS = (_DAYS[0] * 86_400_000_000, (_DAYS[1] + 1) * 86_400_000_000 - 1)


@contextmanager
def open_duckdb(name: str, url: URL, limits: Limits, failures: Failures) -> Iterator[DuckDB]:
    """The file that `url` names; one that is not there is a PermanentFailure and is not made."""
    path = Path(url.database or "")
    if not url.database or url.database == ":memory:" or not path.is_file():
        raise PermanentFailure(f"The source '{name}' has no database: its file '{path.name}' does not exist.")
    try:
        connection = duckdb.connect(str(path), read_only=True, config=dict(_SETTINGS))
    except duckdb.Error as error:
        raise failures.of_connecting(_cause(error, is_at_the_door=True)) from error
    try:
        connection.execute("BEGIN TRANSACTION READ ONLY")
        yield DuckDB(connection, limits, failures)
    finally:
        with suppress(duckdb.Error):
            connection.close()


class DuckDB:
    """An open file in one read-only transaction."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, limits: Limits, failures: Failures) -> None:
        self._connection = connection
        self._limits = limits
        self._failures = failures
        self.server = f"DuckDB {duckdb.__version__}"
        self.session = ""

    def rows(self, query: Query, parameters: Iterable[Parameter] = ()) -> Rows:
        statement = numbered(without_end(query.sql), parameters, CASTS)
        return Limited(self._batches(query, statement, self._described(query, statement)), self._limits.max_rows)

    def columns(self, query: Query, parameters: Iterable[Parameter] = ()) -> tuple[Described, ...]:
        described = self._described(query, numbered(without_end(query.sql), parameters, CASTS))
        return tuple(Described(name, kind) for name, kind, _ in described)

    def try_to_write(self) -> Guard:
        try:
            self._connection.execute("CREATE TABLE pressroom_must_not_write (it INTEGER)")
        except duckdb.Error as error:
            return Guard(self._failures.without_secrets(_cause(error).words))
        finally:
            with suppress(duckdb.Error):
                self._connection.execute("ROLLBACK")
            self._connection.execute("BEGIN TRANSACTION READ ONLY")
        return Guard(None)

    def _described(self, query: Query, statement: Numbered) -> list[tuple[str, Kind, str]]:
        """Name, kind and exact SQL of each column."""
        with self._in_words(query, statement, before=len("DESCRIBE ")):
            found = self._connection.execute(f"DESCRIBE {statement.sql}", list(statement.values)).fetchall()
        return [(row[0], *_read(str(row[1]), f"q.c{index}")) for index, row in enumerate(found)]

    def _batches(
        self, query: Query, statement: Numbered, columns: list[tuple[str, Kind, str]]
    ) -> Generator[pa.RecordBatch, None, None]:
        aliases = ", ".join(f"c{index}" for index in range(len(columns)))
        head = f"SELECT {', '.join(value for _, _, value in columns)} FROM (\n"  # noqa: S608 - our own words
        schema = pa.schema([field_of(name, kind) for name, kind, _ in columns])
        is_empty = True
        with self._in_words(query, statement, before=len(head)):
            answer = self._connection.sql(f"{head}{statement.sql}\n) AS q({aliases})", params=list(statement.values))
            for batch in answer.to_arrow_reader(BATCH_ROWS):
                yield _exact(batch, schema)
                is_empty = False
        if is_empty:
            yield pa.RecordBatch.from_arrays([pa.array([], field.type) for field in schema], schema=schema)

    @contextmanager
    def _in_words(self, query: Query, statement: Numbered, before: int) -> Iterator[None]:
        """Ends what runs too long, for DuckDB has no limit of its own, and puts its errors into words."""
        started = time.monotonic()
        timer = threading.Timer(self._limits.statement_timeout_seconds, self._connection.interrupt)
        timer.daemon = True
        timer.start()
        try:
            yield
        except (duckdb.Error, OSError) as error:  # Arrow passes on what breaks off a stream as an OSError
            cause = _cause(error)
            if cause.place is not None:
                cause = cause._replace(place=_written_place(cause.place, statement, before))
            raise self._failures.of_query(query.name, cause, time.monotonic() - started) from error
        finally:
            timer.cancel()


def _read(type_: str, column: str) -> tuple[Kind, str]:
    if _NESTED.match(type_):
        return "text", f"CAST(to_json({column}) AS VARCHAR)"
    kind = _KINDS.get(type_.partition("(")[0], "text")
    return kind, _VALUES.get(kind, "{}").format(column)


def _exact(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    arrays = []
    for array, field in zip(batch.columns, schema, strict=True):
        _refuse_far_moments(array, field.name)
        arrays.append(array if array.type == field.type else array.cast(field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _refuse_far_moments(array: pa.Array, name: str) -> None:
    if pa.types.is_date(array.type):
        numbers, (least, most) = array.cast(pa.int32()), _DAYS
    elif pa.types.is_timestamp(array.type):
        numbers, (least, most) = array.cast(pa.int64()), _MICROSECONDS
    else:
        return
    if pc.any(pc.or_(pc.less(numbers, least), pc.greater(numbers, most))).as_py():
        raise PermanentFailure(
            f"The column '{name}' holds a date outside the years 1 to 9999, or infinity; "
            "convert it in the SQL, for example with CAST to VARCHAR."
        )


def _cause(error: Exception, *, is_at_the_door: bool = False) -> Cause:
    message = str(error)
    found = _LINE.search(message)
    words = " ".join((message[: found.start()] if found else message).split())
    if isinstance(error, duckdb.InterruptException) or words.startswith("INTERRUPT"):
        return Cause(words, "cancelled")
    if any(part in words for part in _FORBIDDEN):
        return Cause(words, "forbidden")
    if is_at_the_door and "lock" in words.lower():
        return Cause(words, "transient")
    place = None
    if found:
        place = Place(int(found["line"]), len(found["arrow"]) - len(f"LINE {found['line']}: ") + 1)
    return Cause(words, "permanent", place)


def _written_place(place: Place, statement: Numbered, before: int) -> Place | None:
    """The place in what the author wrote, of a place in what was sent: our words stand `before` it."""
    # Ours are the first line when rows are asked for, and the beginning of it when columns are.
    lines = statement.sql.split("\n")
    line = place.line if before == len("DESCRIBE ") else place.line - 1
    column = (place.column or 1) - (before if place.line == 1 else 0)
    if not 1 <= line <= len(lines):
        return None
    return statement.place(sum(len(one) + 1 for one in lines[: line - 1]) + column - 1)
