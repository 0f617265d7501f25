from __future__ import annotations

import psycopg
import pytest

from libs.local.postgres import PrivatePostgres


def test_each_test_has_a_database_of_its_own(postgres_url, new_database):
    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE TABLE letters (id integer)")
    with psycopg.connect(new_database("other")) as connection:
        assert connection.execute("SELECT to_regclass('letters')").fetchone() == (None,)


def test_the_server_lets_nobody_in_without_its_password(postgres_url):
    user, rest = postgres_url.removeprefix("postgresql://").split(":", 1)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgresql://{user}@{rest.split('@')[1]}", connect_timeout=5)


def test_databases_survive_a_restart_and_nothing_survives_the_end(tmp_path):
    postgres = PrivatePostgres(tmp_path / "postgres.log")
    try:
        postgres.start()
        url = postgres.new_database("records")
        postgres.restart()
        psycopg.connect(url).close()
        assert psycopg.connect(url).info.server_version >= 130000
    finally:
        postgres.close()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url, connect_timeout=5)
    assert not postgres.folder.exists()
