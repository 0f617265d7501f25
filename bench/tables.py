"""The data that is reported on: made by PostgreSQL itself from row numbers, so it is the same every time."""

from __future__ import annotations

import psycopg

LARGE_ROWS = 1_000_000

SMALL = "SELECT id, customer, city, ordered_on, quantity, price, total, is_paid FROM orders ORDER BY id"
SMALL_ROWS = 200

LARGE = "SELECT * FROM lines WHERE id <= :rows"
"""16 columns; `lines` is stored in the order of its ids."""

_ORDERS = """
CREATE TABLE orders AS
SELECT n::integer AS id,
       'Customer ' || lpad((n * 7919 % 1000)::text, 4, '0') AS customer,
       (ARRAY['Aachen', 'Bergen', 'Cádiz', 'Dublin', 'Łódź', 'Malmö', 'Porto', 'Zürich'])[1 + n * 31 % 8] AS city,
       date '2026-01-01' + (n * 13 % 365)::integer AS ordered_on,
       (1 + n * 17 % 50)::integer AS quantity,
       ((100 + n * 7907 % 99900) / 100.0)::numeric(10, 2) AS price,
       ((1 + n * 17 % 50) * (100 + n * 7907 % 99900) / 100.0)::numeric(12, 2) AS total,
       n % 3 <> 0 AS is_paid
FROM generate_series(1, %(rows)s::bigint) AS n
"""

_LINES = """
CREATE TABLE lines AS
SELECT n::integer AS id,
       (n * 7919 % 1500000)::bigint AS order_number,
       (n * 104729 % 200000)::integer AS part,
       (1 + n % 7)::smallint AS line_number,
       (1 + n * 31 % 50)::numeric(15, 2) AS quantity,
       ((90000 + n * 7907 % 10400000) / 100.0)::numeric(15, 2) AS price,
       (n * 3 % 11 / 100.0)::numeric(15, 2) AS discount,
       (n * 5 % 9 / 100.0)::numeric(15, 2) AS tax,
       (ARRAY['A', 'N', 'R'])[1 + n * 13 % 3] AS return_flag,
       n % 2 = 0 AS is_open,
       date '2020-01-01' + (n * 11 % 2500)::integer AS shipped_on,
       date '2020-02-01' + (n * 17 % 2500)::integer AS due_on,
       timestamptz '2020-01-01 00:00:00+00' + n * interval '61 seconds' AS entered_at,
       sqrt(n)::double precision AS weight,
       (ARRAY['DELIVER IN PERSON', 'COLLECT COD', 'NONE', 'TAKE BACK RETURN'])[1 + n * 19 % 4] AS instructions,
       CASE WHEN n % 10 = 0 THEN NULL ELSE 'note ' || md5(n::text) END AS comment
FROM generate_series(1, %(rows)s::bigint) AS n
"""


def load(url: str, large_rows: int) -> None:
    """Make the tables in the empty database at `url`."""
    with psycopg.connect(url, autocommit=True) as connection:
        _make(connection, _ORDERS, SMALL_ROWS)
        _make(connection, _LINES, large_rows)
        connection.execute("ALTER TABLE lines ADD PRIMARY KEY (id)")
        connection.execute("VACUUM ANALYZE")


def _make(connection: psycopg.Connection, create: str, rows: int) -> None:
    # CREATE TABLE AS takes no bound parameters; the number is ours.
    connection.execute(create.replace("%(rows)s", str(int(rows))))
