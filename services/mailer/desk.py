"""Where letters are written: what all of them have in common, whoever gets them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from libs.common import links
from libs.common.links import Link
from libs.common.messages import Artifact, DeliverReport
from libs.common.storage import ArtifactStorage

BYTES_PER_MEGABYTE = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The files, the links to them, and how large a letter may be."""

    storage: ArtifactStorage
    seal_keys: str = ""
    public_url: str = ""
    """Empty: letters have no links."""
    link_days: int = 14
    max_megabytes: float = 20.0
    """Of any letter, encoded; a profile or a server may take less."""

    def most_bytes(self, limit: int | None) -> int:
        """The largest letter, encoded, where a profile or server has a `limit` of its own."""
        most = int(self.max_megabytes * BYTES_PER_MEGABYTE)
        return min(most, limit) if limit else most

    def links_end_at(self, command: DeliverReport, written_at: datetime) -> datetime:
        """Until when links to the files work: no longer than the files are kept."""
        end = written_at + timedelta(days=self.link_days)
        return end if command.expires_at is None else min(end, command.expires_at)

    def file_url(self, command: DeliverReport, artifact: Artifact, expires_at: datetime) -> str:
        """The link to a file of a delivery; the same whenever it is made."""
        link = Link(
            kind="file",
            report_id=command.report_id,
            delivery_id=command.delivery_id,
            artifact_key=artifact.key,
            address=command.recipient.address,
            expires_at=expires_at,
        )
        return links.file_url(self.public_url, links.mint(self.seal_keys, link))

    def unsubscribe_url(self, command: DeliverReport) -> str:
        """Where the recipient can end what they are subscribed to; empty if they are not, or nobody could reach it."""
        if not self.public_url or not command.manner.subscription or command.schedule_id is None:
            return ""
        link = Link(kind="unsubscribe", address=command.recipient.address, schedule_id=command.schedule_id)
        return f"{self.public_url.rstrip('/')}/api/v1/unsubscribe/{links.mint(self.seal_keys, link)}"
