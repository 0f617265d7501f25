"""The scheduler's settings and the first revision of its store."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from libs.common.errors import SettingsError
from libs.common.migrations import migrate, with_plumbing
from libs.common.settings import load
from libs.common.store import Store
from services.scheduler.settings import SchedulerSettings
from services.scheduler.tables import metadata

BROKER = {"PRESSROOM_BROKER_URL": "amqp://guest:guest@localhost/"}


def test_the_broker_is_all_that_must_be_said() -> None:
    settings = load(SchedulerSettings, BROKER)

    assert settings.scheduler_store_url == "sqlite:///var/timetable.sqlite"
    assert settings.scheduler_operations_port == 9101
    assert settings.scheduler_catch_up_seconds == 3600


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PRESSROOM_SCHEDULER_CATCH_UP_SECONDS", "-1"),
        ("PRESSROOM_SCHEDULER_CATCH_UP_SECONDS", "an hour"),
        ("PRESSROOM_SCHEDULER_OPERATIONS_PORT", "70000"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        load(SchedulerSettings, {**BROKER, name: value})


def test_the_first_revision_makes_the_tables_that_the_code_expects(store: Store) -> None:
    migrate(store, "services.scheduler.migrations")  # a second time: nothing to do
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, with_plumbing(metadata)) == []
