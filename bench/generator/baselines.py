"""What one would write instead, each in a process of its own: `python -m bench.generator.baselines NAME URL ROWS FILE`.

Each prints a line `seconds megabytes`: without its imports, and the most memory that the process ever held.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

import psycopg

from bench.processes import peak_megabytes
from libs.local import installed

_BATCH = 10_000


def main() -> int:
    """Run one baseline and print what it took."""
    name, url, rows, file = sys.argv[1:]
    prepare = BASELINES[name]
    work = prepare(url, int(rows), Path(file))
    began = time.perf_counter()
    work()
    seconds = time.perf_counter() - began
    sys.stdout.write(f"{seconds:.3f} {peak_megabytes(os.getpid()):.1f}\n")
    return 0


def _copy(url: str, rows: int, file: Path) -> Callable[[], object]:
    """`psql \\copy`: the server writes CSV, and psql puts it into a file."""
    programs = installed.postgres_programs(installed.program_path(os.environ))
    psql = str(programs / "psql") if programs is not None else "psql"
    command = rf"\copy (SELECT * FROM lines WHERE id <= {rows}) TO '{file}' WITH (FORMAT csv, HEADER)"
    return lambda: subprocess.run([psql, url, "-c", command], check=True, capture_output=True)


def _openpyxl(url: str, rows: int, file: Path) -> Callable[[], object]:
    """openpyxl's write-only mode, with lxml, which makes it faster."""
    import lxml  # noqa: F401
    from openpyxl import Workbook

    def work() -> None:
        book = Workbook(write_only=True)
        sheet = book.create_sheet()
        for row in _fetched(url, f"SELECT * FROM lines WHERE id <= {rows}"):
            sheet.append([_without_zone(value) for value in row])
        book.save(file)

    return work


def _platypus(url: str, rows: int, file: Path) -> Callable[[], object]:
    """A platypus table that repeats its header on each page."""
    from reportlab.lib import colors
    from reportlab.lib.pagesizes import A4, landscape
    from reportlab.platypus import SimpleDocTemplate, Table, TableStyle

    style = TableStyle([("FONTSIZE", (0, 0), (-1, -1), 8), ("LINEBELOW", (0, 0), (-1, -1), 0.25, colors.grey)])

    def work() -> None:
        values = [[str(value) for value in row] for row in _fetched(url, narrow(rows))]
        SimpleDocTemplate(str(file), pagesize=landscape(A4)).build([Table(values, repeatRows=1, style=style)])

    return work


def _without_zone(value: object) -> object:
    """Excel knows no zones, and openpyxl refuses them."""
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


BASELINES: Mapping[str, Callable[[str, int, Path], Callable[[], object]]] = {
    "copy": _copy,
    "openpyxl": _openpyxl,
    "platypus": _platypus,
}


def narrow(rows: int) -> str:
    """8 of the 16 columns."""
    columns = "id, order_number, quantity, price, is_open, shipped_on, instructions, comment"
    return f"SELECT {columns} FROM lines WHERE id <= {rows}"


def _fetched(url: str, sql: str) -> Iterator[tuple[object, ...]]:
    """Column names and rows, streamed: to hold them all would be unfair."""
    with psycopg.connect(url) as connection, connection.cursor("bench") as cursor:
        cursor.itersize = _BATCH
        cursor.execute(sql.encode())
        rows = iter(cursor)
        first = next(rows, None)
        yield tuple(column.name for column in cursor.description or ())
        if first is not None:
            yield first
        yield from rows


if __name__ == "__main__":
    raise SystemExit(main())
