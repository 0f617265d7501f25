from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, inspect, text

from libs.common.migrations import with_plumbing
from libs.common.store import Store

ROOT = Path(__file__).parents[3]

ENV = "from libs.common.migrations import run\nfrom sqlalchemy import MetaData\nrun(MetaData())\n"
FIRST = """
import time

import sqlalchemy as sa
from alembic import op
from libs.common.migrations import create_inbox, create_outbox

revision = "0001"
down_revision = None


def upgrade():
    time.sleep(1)  # long enough for another process to come in between, if it could
    create_outbox(op)
    create_inbox(op)
    op.create_table("runs", sa.Column("id", sa.Integer, primary_key=True))
    op.execute("INSERT INTO runs DEFAULT VALUES")
"""
MIGRATE = """
import sys
from libs.common.migrations import migrate
from libs.common.store import Store
migrate(Store(sys.argv[1]), "press.migrations")
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/press.sqlite"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """A folder with a package `press.migrations` that has one revision."""
    versions = tmp_path / "history" / "press" / "migrations" / "versions"
    versions.mkdir(parents=True)
    for folder in (versions, versions.parent, versions.parent.parent):
        (folder / "__init__.py").touch()
    (versions.parent / "env.py").write_text(ENV)
    (versions / "0001_first.py").write_text(FIRST)
    return tmp_path / "history"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    store = Store(url)
    yield store
    store.dispose()


def migrate_at_once(history: Path, url: str, count: int) -> None:
    """Migrate in `count` processes at the same time."""
    environment = {"PYTHONPATH": f"{ROOT}:{history}"}
    command = [sys.executable, "-c", MIGRATE, url]
    processes = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(count)]
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors


def test_services_that_start_together_migrate_once(history: Path, url: str, store: Store) -> None:
    migrate_at_once(history, url, 2)
    with store.read() as session:
        assert session.execute(text("SELECT count(*) FROM runs")).scalar_one() == 1


def test_the_first_revision_makes_the_outbox_and_inbox_of_today(history: Path, url: str, store: Store) -> None:
    migrate_at_once(history, url, 1)
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        wanted = with_plumbing(MetaData())
        differences = [found for found in compare_metadata(context, wanted) if "runs" not in repr(found)]
        indexes = {found["name"] for found in inspect(connection).get_indexes("outbox")}
    assert differences == []
    assert indexes == {"outbox_unpublished"}
