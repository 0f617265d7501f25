"""One command seals every secret again, so that an old key can go."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from libs.common.envelope import pack
from libs.common.errors import SettingsError
from libs.common.messages import GenerateReport, ScheduleSaved
from libs.common.sealing import Sealer, new_key
from services.api.dead_letters.keeping import keep
from services.api.dead_letters.reading import read_dead
from services.api.reconcile import announce_asked
from services.api.reseal import reseal
from services.api.tables import DeadLetterRow, ScheduleRow, SourceRow, TemplateRow

NOW = datetime(2026, 3, 2, 7, 30, tzinfo=UTC)
URL = "postgresql://reader:s3cret@db.example.org/shop"


def test_every_secret_is_sealed_with_the_new_key_and_the_timetable_follows(api: Any) -> None:
    api.made("/sources/", {"name": "shop", "url": URL})
    packing = {"pack": "zip", "password": "open-sesame"}
    template = {"slug": "sales", "title": "Sales", "source": "shop", "query": "SELECT 1 AS one", "packing": packing}
    api.made("/templates/", template)
    schedule = {"name": "Sales", "report_type": "sales", "frequency": "daily", "schedule_config": {"hour": 8}}
    api.made("/reports/schedules/", {**schedule, "recipients": ["ann@example.org"]})
    (saved,) = [one for one in api.announced() if isinstance(one, ScheduleSaved)]
    with api.records.begin() as session:
        parcel = pack(
            GenerateReport(report_id=UUID(int=1), order=saved.order, requested_at=NOW), message_id=str(uuid4()), now=NOW
        )
        keep(session, read_dead("reports.normal", parcel.body, {}, parcel.message_id, parcel.wire_name, NOW))

    key = new_key()
    done = reseal(api.records, Sealer(f"{key},{api.platform.settings.seal_keys}"))
    assert (done.secrets, done.schedules) == (4, 1)

    only_new = Fernet(key)
    with api.records.read() as session:
        source, template_row = session.execute(select(SourceRow)).scalar_one(), session.execute(select(TemplateRow))
        assert only_new.decrypt(source.sealed_url).decode() == URL
        password = template_row.unique().scalar_one().packing["sealed_password"]
        assert only_new.decrypt(password) == b"open-sesame"
        body = session.execute(select(DeadLetterRow.body)).scalar_one()
        assert session.execute(select(ScheduleRow.version)).scalar_one() == 2
    assert saved.order.source.sealed_url.encode() not in body
    assert announce_asked(api.platform)
    assert [one.version for one in api.announced() if isinstance(one, ScheduleSaved)] == [1, 2]


def test_a_secret_of_a_lost_key_changes_nothing_and_is_named(api: Any) -> None:
    api.made("/sources/", {"name": "shop", "url": URL})
    with pytest.raises(SettingsError, match="The secrets of sources shop cannot be opened"):
        reseal(api.records, Sealer(new_key()))
