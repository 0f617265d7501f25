"""Ids, moments and a file that the examples of messages share."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from libs.common.messages import Artifact

AT = datetime(2026, 3, 2, 7, 0, 1, 250_000, tzinfo=UTC)
DUE = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
SCHEDULE = UUID("0b0a3f5e-8b6e-4b0e-9a51-3f1f6f3c2d10")
REPORT = UUID("2d2c5f7e-ad8f-5d2f-9c73-5f3f8f5e4f32")
DELIVERY = UUID("3e3d6f8e-be9f-5e3f-8d84-6f4f9f6f5f43")
QUESTION = UUID("6b6f9abf-eabf-5b6f-9ba7-9f7fcf9f8f76")
ARTIFACT = Artifact(
    key="2026/03/sales.xlsx",
    filename="sales.xlsx",
    format="xlsx",
    media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    size_bytes=6_042,
    rows=12,
    sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
)
