"""What a letter shows of a report: it is kept in JSON columns that exist (held_reports.produced, journal.summary)."""

from __future__ import annotations

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """There is nothing to change: what was kept before reads as a report of which letters show nothing."""


def downgrade() -> None:
    """Nothing was changed."""
