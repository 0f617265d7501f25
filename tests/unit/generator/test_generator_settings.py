from __future__ import annotations

import msgspec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from libs.common.errors import SettingsError
from libs.common.migrations import with_plumbing
from libs.common.settings import load
from libs.common.store import Store
from services.generator.settings import GeneratorSettings
from services.generator.tables import metadata
from services.generator.worker import lanes

LEAST = {"PRESSROOM_BROKER_URL": "amqp://u:p@h/v", "PRESSROOM_SEAL_KEYS": "key"}


def test_a_priority_without_lanes_is_left_to_other_generators() -> None:
    settings = load(GeneratorSettings, {**LEAST, "PRESSROOM_GENERATOR_LANES_LOW": "0"})
    assert lanes(settings) == {
        "reports.urgent": 1,
        "reports.high": 1,
        "reports.normal": 2,
        "reports.low": 0,
        "maintenance": 2,
    }


def test_the_soft_limit_comes_before_the_hard_one_and_that_before_the_brokers() -> None:
    settings = load(GeneratorSettings, LEAST)
    assert settings.generator_soft_limit_seconds < settings.generator_hard_limit_seconds < 1800


@pytest.mark.parametrize(
    ("name", "value"), [("GENERATOR_HARD_LIMIT_SECONDS", "1800"), ("GENERATOR_MEMORY_MEGABYTES", "12")]
)
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"PRESSROOM_{name}"):
        load(GeneratorSettings, {**LEAST, f"PRESSROOM_{name}": value})


def test_seal_keys_are_needed() -> None:
    with pytest.raises(SettingsError, match="PRESSROOM_SEAL_KEYS is not set"):
        load(GeneratorSettings, {"PRESSROOM_BROKER_URL": LEAST["PRESSROOM_BROKER_URL"]})


def test_every_setting_is_described() -> None:
    info = msgspec.inspect.type_info(GeneratorSettings)
    assert isinstance(info, msgspec.inspect.StructType)
    assert [field.name for field in info.fields if not getattr(field.type, "extra_json_schema", None)] == []


def test_the_migrations_make_the_tables(store: Store) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, with_plumbing(metadata)) == []
