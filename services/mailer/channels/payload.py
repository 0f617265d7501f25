"""What a webhook gets: JSON that says everything about the report, and a signature over it."""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import Any

import msgspec

from services.mailer.channels.parcel import Parcel, ParcelFile

DELIVERY_HEADER = "Pressroom-Delivery"
TIMESTAMP_HEADER = "Pressroom-Timestamp"
SIGNATURE_HEADER = "Pressroom-Signature"


def payload_of(parcel: Parcel) -> bytes:
    """The JSON of `parcel`, the same at every attempt. Its fields are described in docs/destinations.md."""
    body: dict[str, Any] = {
        "id": parcel.id,
        "kind": parcel.kind,
        "is_test": parcel.kind == "test",
        "title": parcel.title,
        "paragraphs": parcel.paragraphs,
        "report": parcel.report_id,
        "report_type": parcel.report_type or None,
        "schedule": parcel.schedule_id,
        "scheduled_for": parcel.scheduled_for,
        "generated_at": parcel.made_at,
        "expires_at": parcel.expires_at,
        "timezone": parcel.timezone,
        "notes": parcel.notes,
        "facts": [{"label": label, "value": value} for label, value in parcel.facts],
        "figures": parcel.figures,
        "preview": parcel.preview,
        "links": [{"text": text, "url": url} for text, url in parcel.links],
        "files": [_file(file) for file in parcel.files],
    }
    return msgspec.json.encode(body)


def signed(secret: str, payload: bytes, now: datetime) -> dict[str, str]:
    """The headers that prove who sent `payload` and when: HMAC-SHA256 over the timestamp, a dot and the payload.

    A receiver that refuses old timestamps cannot be shown a request that somebody has kept.
    """
    timestamp = str(int(now.timestamp()))
    mark = hmac.digest(secret.encode(), timestamp.encode() + b"." + payload, "sha256").hex()
    return {TIMESTAMP_HEADER: timestamp, SIGNATURE_HEADER: f"v1={mark}"}


def _file(file: ParcelFile) -> dict[str, Any]:
    return {
        "filename": file.filename,
        "format": file.format,
        "media_type": file.media_type,
        "rows": file.rows,
        "size_bytes": file.size_bytes,
        "sha256": file.sha256,
        "url": file.url or None,
    }
