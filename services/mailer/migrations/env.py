"""Alembic runs this for every command."""

from __future__ import annotations

from libs.common.migrations import run
from services.mailer.tables import metadata

run(metadata)
