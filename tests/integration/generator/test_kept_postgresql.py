"""A connection to PostgreSQL that the next report takes over: as good as new, or not taken."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import make_url

from libs.common.errors import PermanentFailure
from libs.common.messages import Query
from services.generator.sources import Limits, open_source
from services.generator.sources.postgresql import _KEPT

LIMITS = Limits(max_rows=1000, statement_timeout_seconds=30)
WHO = "SELECT pg_backend_pid() AS pid, current_setting('work_mem') AS memory, pg_try_advisory_lock(7) AS locked"


def ask(url: str, sql: str, limits: Limits = LIMITS) -> list[dict[str, object]]:
    with open_source("warehouse", url, limits) as source:
        return [row for batch in source.rows(Query(name="Sales", sql=sql)) for row in batch.to_pylist()]


def sessions(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").fetchone()
        assert row is not None
        return int(row[0])


def test_the_next_report_has_the_connection_but_nothing_of_what_was_done_on_it(postgres_url: str) -> None:
    [first] = ask(postgres_url, f"{WHO}, set_config('work_mem', '77MB', false) AS set")
    assert sessions(postgres_url) == 1
    [second] = ask(postgres_url, WHO)
    assert second["pid"] == first["pid"]
    assert second["memory"] == first["memory"] != "77MB"
    [third] = ask(postgres_url, "SELECT current_setting('transaction_read_only') AS only, pg_backend_pid() AS pid")
    assert third == {"only": "on", "pid": first["pid"]}


def test_each_report_has_the_time_limit_of_its_own_order(postgres_url: str) -> None:
    limit = "SELECT current_setting('statement_timeout') AS t"
    assert ask(postgres_url, limit) == [{"t": "30s"}]
    assert ask(postgres_url, limit, Limits(max_rows=1000, statement_timeout_seconds=7)) == [{"t": "7s"}]


def test_a_session_is_left_as_it_was_found(postgres_url: str) -> None:
    """A pooler may give it to somebody else as soon as the transaction has ended."""
    names = ("statement_timeout", "default_transaction_read_only", "client_connection_check_interval", "datestyle")
    shown = "SELECT " + ", ".join(f"current_setting('{name}')" for name in names)
    with psycopg.connect(postgres_url) as fresh:
        before = fresh.execute(shown).fetchone()
    ask(postgres_url, WHO)
    used = _KEPT.take(make_url(postgres_url).render_as_string(hide_password=False))
    assert used is not None
    with used:
        assert used.execute(shown).fetchone() == before


@pytest.mark.parametrize("times", [8])
def test_the_same_report_many_times(postgres_url: str, times: int) -> None:
    assert len({ask(postgres_url, WHO)[0]["pid"] for _ in range(times)}) == 1


def test_a_connection_that_was_lost_meanwhile_is_replaced(postgres_url: str) -> None:
    [first] = ask(postgres_url, WHO)
    with psycopg.connect(postgres_url, autocommit=True) as owner:
        owner.execute("SELECT pg_terminate_backend(%s, 10000)", (first["pid"],))
    [second] = ask(postgres_url, WHO)
    assert second["pid"] != first["pid"]


def test_after_a_report_that_a_limit_has_cut_the_next_one_is_whole(postgres_url: str) -> None:
    many = "SELECT n FROM generate_series(1, 100000) AS n"
    assert len(ask(postgres_url, many, Limits(max_rows=10, statement_timeout_seconds=30))) == 10
    assert ask(postgres_url, "SELECT count(*) AS n FROM generate_series(1, 100000)") == [{"n": 100_000}]


def test_a_report_that_failed_leaves_no_connection(postgres_url: str) -> None:
    [first] = ask(postgres_url, WHO)
    with pytest.raises(PermanentFailure):
        ask(postgres_url, "SELECT * FROM nothing_of_the_kind")
    [second] = ask(postgres_url, WHO)
    assert second["pid"] != first["pid"]
