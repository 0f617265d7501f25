"""Run by Alembic."""

from libs.common.migrations import run
from services.generator.tables import metadata

run(metadata)
