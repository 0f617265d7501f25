"""Links in letters, as the api serves them: who followed one, which work no more, and new ones."""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import cast
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session, selectinload

from libs.common.links import Link, LinkExpired, LinkForged, file_url, link_id, mint, read
from libs.common.messages import FileFormat
from libs.common.store import upsert
from services.api.audit import note
from services.api.people import Caller
from services.api.platform import Platform
from services.api.problems import Refused, gone, missing, wrong
from services.api.schemas.links import DeliveryLinks, LinkView, NewLinks
from services.api.tables import (
    ArtifactRow,
    DeliveryRow,
    LinkRevocationRow,
    LinkRow,
    ReportRow,
    table_of,
)


def linked_file(session: Session, platform: Platform, token: str) -> tuple[Link, ArtifactRow]:
    """The file that `token` is for; Refused (404, 410) with a sentence for whoever followed the link."""
    try:
        link = read(platform.settings.seal_keys, token, platform.now)
    except LinkForged as error:
        raise missing(f"{error} Open it from the letter itself.") from error
    except LinkExpired as error:
        raise gone(str(error)) from error
    if link.kind != "file" or link.delivery_id is None or link.report_id is None:
        raise missing("This link is for something else than a file.")
    if link.generation < _generation(session, link.delivery_id):
        raise gone("This link was withdrawn.")
    report = session.get(ReportRow, link.report_id)
    if report is None:
        raise missing("This file is not known here yet, or not any more; it may help to try again in a few minutes.")
    _refuse_deleted(report, platform.now)
    artifact = session.get(ArtifactRow, (link.report_id, link.artifact_key))
    if artifact is None:
        raise missing("There is no such file.")
    return link, artifact


def count_download(session: Session, link: Link, now: datetime) -> None:
    """Keep that somebody followed the link."""
    again = (
        update(LinkRow)
        .where(LinkRow.id == link_id(link))
        .values(downloads=LinkRow.downloads + 1, last_at=now)
        .execution_options(synchronize_session=False)
    )
    first = {
        "id": link_id(link),
        "report_id": link.report_id,
        "delivery_id": link.delivery_id,
        "artifact_key": link.artifact_key,
        "address": link.address,
        "downloads": 1,
        "first_at": now,
        "last_at": now,
    }
    if session.execute(again).rowcount == 0 and not upsert(  # type: ignore[attr-defined]
        session, table_of(LinkRow), first, key=["id"], update=[]
    ):
        session.execute(again)  # somebody else was the first, just now


def show_links(session: Session, platform: Platform, delivery_id: UUID) -> DeliveryLinks:
    """How often each file of a delivery was downloaded over a link."""
    return _view(session, platform, _delivery(session, delivery_id), None)


def renew_links(
    session: Session, platform: Platform, caller: Caller, delivery_id: UUID, new: NewLinks
) -> DeliveryLinks:
    """Fresh URLs for the files of a delivery; Refused (410) if the files are deleted."""
    most, now = platform.settings.link_days, platform.now
    if new.days is not None and new.days > most:
        raise wrong("days", f"days must be at most {most} (PRESSROOM_LINK_DAYS), not {new.days}.")
    delivery = _delivery(session, delivery_id)
    report = _report(session, delivery)
    _refuse_deleted(report, now)
    until = now + timedelta(days=new.days or most)
    expires_at = min(until, report.expires_at or until)
    note(session, caller, "renewed", "delivery", delivery_id, now, until=expires_at.isoformat())
    return _view(session, platform, delivery, expires_at)


def revoke_links(session: Session, platform: Platform, caller: Caller, delivery_id: UUID) -> None:
    """Let every link to the files of a delivery work no more; renewed ones do."""
    _delivery(session, delivery_id)
    now = platform.now
    values = {
        "delivery_id": delivery_id,
        "generation": _generation(session, delivery_id) + 1,
        "revoked_at": now,
        "revoked_by": caller.name,
    }
    changing = ["generation", "revoked_at", "revoked_by"]
    upsert(session, table_of(LinkRevocationRow), values, key=["delivery_id"], update=changing)
    note(session, caller, "revoked", "delivery", delivery_id, now)


def _view(session: Session, platform: Platform, delivery: DeliveryRow, expires_at: datetime | None) -> DeliveryLinks:
    revocation = session.get(LinkRevocationRow, delivery.id)
    followed = session.execute(select(LinkRow).where(LinkRow.delivery_id == delivery.id)).scalars()
    rows = {row.artifact_key: row for row in followed}
    report = _report(session, delivery)
    generation = revocation.generation if revocation else 0

    def one(artifact: ArtifactRow) -> LinkView:
        row = rows.get(artifact.key)
        link = Link(
            kind="file",
            report_id=delivery.report_id,
            delivery_id=delivery.id,
            artifact_key=artifact.key,
            address=delivery.address,
            expires_at=expires_at,
            generation=generation,
        )
        return LinkView(
            filename=artifact.filename,
            format=cast("FileFormat", artifact.format),
            size_bytes=artifact.size_bytes,
            downloads=row.downloads if row else 0,
            first_at=row.first_at if row else None,
            last_at=row.last_at if row else None,
            url=_url(platform, link) if expires_at else None,
        )

    return DeliveryLinks(
        delivery_id=delivery.id,
        address=delivery.address,
        revoked_at=revocation.revoked_at if revocation else None,
        revoked_by=revocation.revoked_by if revocation else None,
        expires_at=expires_at,
        items=[one(artifact) for artifact in report.artifacts],
    )


def _url(platform: Platform, link: Link) -> str:
    settings = platform.settings
    return file_url(settings.public_url, mint(settings.seal_keys, link))


def _generation(session: Session, delivery_id: UUID) -> int:
    query = select(LinkRevocationRow.generation).where(LinkRevocationRow.delivery_id == delivery_id)
    return session.execute(query).scalar_one_or_none() or 0


def _refuse_deleted(report: ReportRow, now: datetime) -> None:
    deleted = report.expired_at or report.expires_at
    if deleted is not None and deleted <= now:
        raise gone(f"The files of this report were deleted on {deleted:%Y-%m-%d}, because their time was over.")


def _delivery(session: Session, delivery_id: UUID) -> DeliveryRow:
    row = session.get(DeliveryRow, delivery_id)
    if row is None:
        raise missing(f"There is no delivery {delivery_id}.")
    return row


def _report(session: Session, delivery: DeliveryRow) -> ReportRow:
    row = session.get(ReportRow, delivery.report_id, options=[selectinload(ReportRow.artifacts)])
    assert row is not None  # a delivery refers to it
    return row


def advice(refused: Refused) -> str:
    """What whoever followed a link in vain can do."""
    if refused.status is HTTPStatus.SERVICE_UNAVAILABLE:
        return "Please try again in a few minutes."
    return "Please ask whoever sent you the letter for a new link or for the file itself."
