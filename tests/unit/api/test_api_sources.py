"""Sources: kept sealed, shown without their URL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from libs.common.messages import ScheduleSaved
from services.api.tables import AuditRow, SourceRow


def test_the_url_of_a_source_is_sealed_and_never_shown(api: Any, source: dict[str, Any]) -> None:
    made = api.post("/sources/", source)
    assert made.status_code == 201
    shown = made.json()
    assert (shown["kind"], shown["host"], shown["port"], shown["database"]) == (
        "postgresql",
        "db.example",
        5432,
        "flights",
    )
    answers = [made, api.get("/sources"), api.get("/sources/flights"), api.patch("/sources/flights", {"max_rows": 7})]
    assert all("s3cret-pw" not in answer.text and "reader" not in answer.text for answer in answers)
    with api.records.read() as session:
        sealed = session.execute(select(SourceRow.sealed_url)).scalar_one()
        facts = session.execute(select(AuditRow.facts)).scalars().all()
    assert "s3cret-pw" not in sealed
    assert "s3cret-pw" not in str(facts)
    assert api.platform.sealer.open(sealed) == source["url"]


def test_a_source_is_found_by_name_and_by_id(api: Any, source: dict[str, Any]) -> None:
    made = api.made("/sources", source)
    assert api.get(f"/sources/{made['id']}").json() == made
    assert api.get("/sources/flights/").json() == made
    assert api.get("/sources/trains").status_code == 404


def test_a_name_is_taken_once(api: Any, source: dict[str, Any]) -> None:
    api.made("/sources", source)
    answer = api.post("/sources", {**source, "url": "sqlite:///other.sqlite"})
    assert answer.status_code == 409
    assert answer.json()["detail"].startswith("There is a source with the name flights already;")


def test_a_sqlite_source_shows_its_path(api: Any) -> None:
    made = api.made("/sources", {"name": "local", "url": "sqlite:////data/flights.sqlite"})
    assert (made["kind"], made["host"], made["database"]) == ("sqlite", None, "/data/flights.sqlite")


def test_a_changed_source_reaches_the_timetable(with_template: Any, schedule: dict[str, Any]) -> None:
    saved = with_template.made("/reports/schedules/", schedule)
    url = "postgresql://reader:new-pw@db2.example/flights"
    changed = with_template.patch("/sources/flights", {"url": url, "max_rows": 10})
    assert changed.json()["host"] == "db2.example"
    event = with_template.announced()[-1]
    assert isinstance(event, ScheduleSaved)
    assert (str(event.schedule_id), event.version) == (saved["id"], 2)
    assert event.order.source.max_rows == 10
    assert with_template.platform.sealer.open(event.order.source.sealed_url) == url


def test_a_change_that_changes_nothing_is_not_announced(
    with_template: Any, source: dict[str, Any], schedule: dict[str, Any]
) -> None:
    with_template.made("/reports/schedules/", schedule)
    before = with_template.stored()
    assert with_template.patch("/sources/flights", source).status_code == 200
    assert with_template.stored() == before


def test_a_source_in_use_cannot_be_deleted(with_template: Any) -> None:
    answer = with_template.delete("/sources/flights")
    assert answer.status_code == 409
    assert answer.json()["detail"] == (
        "The source flights is in use by the template delays; change or delete that first."
    )
    assert with_template.delete("/templates/delays").status_code == 204
    assert with_template.delete("/sources/flights").status_code == 204
    assert with_template.get("/sources").json() == {"items": [], "next": None}


def test_a_url_sealed_with_a_lost_key_can_be_entered_again(api: Any, source: dict[str, Any]) -> None:
    made = api.made("/sources", source)
    with api.records.begin() as session:
        session.execute(SourceRow.__table__.update().values(sealed_url="sealed with a key that is gone"))
    assert api.patch(f"/sources/{made['id']}", {"url": source["url"]}).status_code == 200
    with api.records.read() as session:
        assert api.platform.sealer.open(session.execute(select(SourceRow.sealed_url)).scalar_one()) == source["url"]


def test_every_change_is_audited(api: Any, source: dict[str, Any]) -> None:
    made = api.made("/sources", source)
    api.patch("/sources/flights", {"name": "planes"})
    api.delete("/sources/planes")
    with api.records.read() as session:
        rows = session.execute(select(AuditRow).order_by(AuditRow.id)).scalars().all()
    assert [(row.user_name, row.act, row.kind, str(row.subject_id)) for row in rows] == [
        ("admin", act, "source", made["id"]) for act in ("created", "changed", "deleted")
    ]
    assert rows[1].facts == {"fields": ["name"]}
