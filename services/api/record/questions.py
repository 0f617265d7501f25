"""Answers of generators and mailers to questions of people."""

from __future__ import annotations

from sqlalchemy.orm import Session

from libs.common.messages import DestinationTested, ProfileTested, SourceTested, TemplateChecked
from services.api.tables import DeliveryTestRow, SourceTestRow, TemplateCheckRow


def on_source_tested(session: Session, event: SourceTested) -> None:
    """A source was tested; the first answer counts."""
    row = session.get(SourceTestRow, event.test_id)
    if row is None or row.answered_at is not None:
        return
    row.ok, row.sentences, row.seconds, row.answered_at = event.ok, list(event.sentences), event.seconds, event.at


def on_template_checked(session: Session, event: TemplateChecked) -> None:
    """A template was checked; the first answer counts."""
    row = session.get(TemplateCheckRow, event.check_id)
    if row is None or row.answered_at is not None:
        return
    row.ok, row.unknown, row.seconds, row.answered_at = event.ok, event.unknown, event.seconds, event.at
    row.problems, row.fields = list(event.problems), list(event.fields)


def on_delivery_tested(session: Session, event: ProfileTested | DestinationTested) -> None:
    """A mail server or a destination was tested; the first answer counts."""
    row = session.get(DeliveryTestRow, event.test_id)
    if row is None or row.answered_at is not None:
        return
    row.ok, row.sentences, row.seconds, row.answered_at = event.ok, list(event.sentences), event.seconds, event.at
