"""The history of the records leads to the tables that the code uses."""

from __future__ import annotations

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from libs.common.migrations import migrate, with_plumbing
from libs.common.store import Store
from services.api.tables import metadata


def test_the_history_ends_at_the_present_tables(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/records.sqlite")
    migrate(store, "services.api.migrations")
    migrate(store, "services.api.migrations")  # the second start finds nothing to do
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, with_plumbing(metadata)) == []
        assert {"outbox", "inbox", "reports", "tokens"} <= set(inspect(connection).get_table_names())
    store.dispose()
