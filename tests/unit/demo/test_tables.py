from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from openpyxl import Workbook

from demo.tables import Table, difference, from_csv, from_database, from_xlsx

ROUTES = Table(
    headings=("from", "to", "flights", "mean delay"),
    rows=[("EWR", "TYS", 323, 41.2), ("JFK", "BQN", 4, None), ("LGA", 'the "far" one', 0, -3.0)],
)


def xlsx(*rows: Sequence[object]) -> bytes:
    workbook, file = Workbook(), io.BytesIO()
    for row in rows:
        workbook.worksheets[0].append(row)
    workbook.create_sheet("About").append(["The worst routes"])
    workbook.save(file)
    return file.getvalue()


def test_a_workbook_with_the_same_cells_is_the_same() -> None:
    assert difference(from_xlsx(xlsx(ROUTES.headings, *ROUTES.rows)), ROUTES) is None


def test_a_row_may_end_with_nothing() -> None:
    last_empty = Table(headings=("a", "b"), rows=[(1, None), (2, None)])

    assert difference(from_xlsx(xlsx(("a", "b"), (1,), (2,))), last_empty) is None


def test_a_wrong_number_is_found_and_shown() -> None:
    wrong = from_xlsx(xlsx(ROUTES.headings, ROUTES.rows[0], ("JFK", "BQN", 5, None), ROUTES.rows[2]))

    assert difference(wrong, ROUTES) == "row 2 differs from 'flights' on: (5, None) instead of (4, None)"


def test_a_number_that_became_text_is_a_difference() -> None:
    wrong = from_xlsx(xlsx(ROUTES.headings, ("EWR", "TYS", "323", 41.2), *ROUTES.rows[1:]))

    assert "row 1 differs from 'flights' on" in (difference(wrong, ROUTES) or "")


def test_missing_rows_are_counted() -> None:
    assert difference(from_xlsx(xlsx(ROUTES.headings, ROUTES.rows[0])), ROUTES) == "it has 1 rows instead of 3"


def test_other_headings_are_a_difference() -> None:
    assert "headings" in (difference(from_xlsx(xlsx(("from",), ("EWR",))), ROUTES) or "")


def test_csv_is_read_as_the_values_that_it_stands_for() -> None:
    content = '\ufefffrom,to,flights,mean delay\r\nEWR,TYS,323,41.2\r\nJFK,BQN,4,\r\nLGA,"the ""far"" one",0,-3\r\n'

    assert difference(from_csv(content.encode(), like=ROUTES), ROUTES) is None


def test_csv_that_lacks_a_value_or_a_row_is_a_difference() -> None:
    head = "from,to,flights,mean delay\r\nEWR,TYS,323,41.2\r\n"

    short = from_csv(f"{head}JFK,BQN,4,\r\n".encode(), like=ROUTES)
    empty = from_csv(f"{head}JFK,BQN,,\r\nLGA,x,0,-3\r\n".encode(), like=ROUTES)

    assert difference(short, ROUTES) == "it has 2 rows instead of 3"
    assert "row 2 differs from 'flights' on" in (difference(empty, ROUTES) or "")


def test_the_database_is_asked_with_bound_values(few_flights: Path) -> None:
    table = from_database(few_flights, "SELECT count(*) AS n FROM airlines WHERE carrier = :c", {"c": "UA' OR 1=1 --"})

    assert (table.headings, table.rows) == (["n"], [(0,)])
