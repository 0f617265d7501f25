"""Run by Alembic."""

from libs.common.migrations import run
from services.scheduler.tables import metadata

run(metadata)
