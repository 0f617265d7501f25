"""Personal reports: recipients of a burst and how far it is."""

from __future__ import annotations

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing: a later revision makes the tables."""


def downgrade() -> None:
    """Nothing: a later revision makes the tables."""
