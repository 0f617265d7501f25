"""SMTP profiles: kept sealed, one default, followed by the schedules that use them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from libs.common import messages
from libs.common.messages import ProfileTested, ScheduleSaved
from libs.mailsink.certificate import self_signed
from services.api.tables import AuditRow, DeliveryTestRow, ProfileRow

STARTED = datetime(2026, 3, 2, 7, 30, tzinfo=UTC)
URL = "smtp://mailer:s3cret-pw@mail.example.org:2525"


@pytest.fixture
def profile() -> dict[str, Any]:
    return {"name": "office", "url": URL, "from": "Reports <reports@Example.org>"}


def profiles_announced(api: Any) -> list[tuple[str, str | None]]:
    """The name of each announced schedule's template, and of its profile."""
    saved = [one for one in api.announced() if isinstance(one, ScheduleSaved)]
    return [
        (one.order.delivery.subject, one.order.delivery.manner.profile and one.order.delivery.manner.profile.name)
        for one in saved
    ]


def test_the_url_of_a_profile_is_sealed_and_never_shown(api: Any, profile: dict[str, Any]) -> None:
    made = api.made("/smtp-profiles/", profile)
    assert (made["url"], made["from"], made["is_default"]) == (
        "smtp://mail.example.org:2525",
        "Reports <reports@example.org>",
        True,
    )
    answers = [
        api.get("/smtp-profiles"),
        api.get("/smtp-profiles/office"),
        api.get(f"/smtp-profiles/{made['id']}"),
        api.patch("/smtp-profiles/office", {"per_minute": 60}),
    ]
    assert [one.status_code for one in answers] == [200] * 4
    assert all("s3cret-pw" not in one.text and "mailer" not in one.text for one in answers)
    with api.records.read() as session:
        sealed = session.execute(select(ProfileRow.sealed_url)).scalar_one()
        facts = session.execute(select(AuditRow.facts)).scalars().all()
    assert api.platform.sealer.open(sealed) == URL
    assert "s3cret-pw" not in f"{sealed}{facts}"


def test_everything_goes_round(api: Any, profile: dict[str, Any], tmp_path: Path) -> None:
    whole = {
        **profile,
        "reply_to": '"Help, desk" <help@example.org>',
        "cc": ["Boss@example.org", "boss@example.org "],
        "bcc": ["archive@example.org"],
        "per_minute": 120,
        "connections": 3,
        "max_megabytes": 9.5,
        "ca_certificate": self_signed(tmp_path, "localhost", now=STARTED).certificate.read_text(),
        "is_default": False,
    }
    shown = api.get(f"/smtp-profiles/{api.made('/smtp-profiles', whole)['id']}").json()
    kept = {name: shown[name] for name in whole if name not in ("url", "from", "cc", "is_default")}
    assert kept == {name: whole[name] for name in kept}
    assert (shown["cc"], shown["is_default"]) == (["boss@example.org"], True)


WRONG: list[tuple[str, object, str]] = [
    ("url", "http://mail.example.org", "must read smtp://"),
    ("url", "smtp://u:p@mail.example.org:port", "host or port is none"),
    ("url", "smtp://u:p@mail.example.org?tls=no", "nobody knows: tls"),
    ("url", "smtp://u:2/s3cret@mail.example.org", "%2F"),
    ("url", 7, "a URL like smtp://"),
    ("from", "Reports", "Reports <reports@example.org>"),
    ("from", "", "Reports <reports@example.org>"),
    ("from", "A <a@example.org>, B <b@example.org>", "Reports <reports@example.org>"),
    ("from", "A <a@example.org>\nBcc: b@example.org", "Reports <reports@example.org>"),
    ("reply_to", "nobody@localhost", "not valid"),
    ("cc[0]", ["x"], "must be an e-mail address"),
    ("bcc[1]", ["a@example.org", "b"], "must be an e-mail address"),
    ("per_minute", -1, "from 0 to"),
    ("connections", 65, "from 0 to 64"),
    ("max_megabytes", -0.5, "from 0 to"),
    ("ca_certificate", "hello", "certificates in PEM"),
    ("ca_certificate", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "private key"),
    ("name", " office", "one line"),
    ("sender", "a@example.org", "not a field here"),
]


def test_a_wrong_field_is_named(refused: Callable[..., str], profile: dict[str, Any]) -> None:
    for field, value, words in WRONG:
        name = field.partition("[")[0]
        assert words in (sentence := refused("/smtp-profiles", {**profile, name: value}, field))
        assert "s3cret" not in sentence


def test_exactly_one_profile_is_the_default(api: Any, profile: dict[str, Any]) -> None:
    api.made("/smtp-profiles", profile)
    api.made("/smtp-profiles", {**profile, "name": "second", "is_default": True})
    api.made("/smtp-profiles", {**profile, "name": "third"})

    def defaults() -> list[str]:
        return [one["name"] for one in api.get("/smtp-profiles").json()["items"] if one["is_default"]]

    assert defaults() == ["second"]
    assert api.patch("/smtp-profiles/third", {"is_default": True}).json()["is_default"] is True
    assert defaults() == ["third"]
    answer = api.patch("/smtp-profiles/third", {"is_default": False})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "is_default")
    assert api.delete("/smtp-profiles/third").status_code == 409
    assert [api.delete(f"/smtp-profiles/{name}").status_code for name in ("office", "second", "third")] == [204] * 3


def test_a_name_is_taken_once_and_a_key_creates_once(api: Any, profile: dict[str, Any]) -> None:
    first = api.made("/smtp-profiles", profile, key="k")
    assert api.made("/smtp-profiles", profile, key="k") == first
    assert api.post("/smtp-profiles", profile).status_code == 409
    api.made("/smtp-profiles", {**profile, "name": "second"})
    assert api.patch("/smtp-profiles/second", {"name": "office"}).status_code == 409
    assert api.get("/smtp-profiles/third").status_code == 404


def test_schedules_follow_their_profile(with_template: Any, schedule: dict[str, Any], profile: dict[str, Any]) -> None:
    api = with_template
    api.made("/reports/schedules", {**schedule, "subject": "default"})
    api.made("/smtp-profiles", profile)
    assert profiles_announced(api) == [("default", None), ("default", "office")]
    api.made("/smtp-profiles", {**profile, "name": "second"})
    named = api.made(
        "/reports/schedules", {**schedule, "subject": "named", "letters": {"profile": "second", "preview_rows": 3}}
    )
    before = len(profiles_announced(api))

    api.patch("/smtp-profiles/second", {"name": "newsroom"})
    assert profiles_announced(api)[before:] == [("named", "newsroom")]
    shown = api.get(f"/reports/schedules/{named['id']}").json()
    assert shown["letters"] == {"profile": "newsroom", "preview_rows": 3}
    assert (
        api.delete("/smtp-profiles/newsroom")
        .json()["detail"]
        .startswith("The profile newsroom is in use by the schedule Delays every morning;")
    )

    api.patch("/smtp-profiles/newsroom", {"is_default": True})
    assert sorted(profiles_announced(api)[before + 1 :]) == [("default", "newsroom"), ("named", "newsroom")]
    stored = api.stored()
    api.patch("/smtp-profiles/newsroom", {"url": URL, "name": "newsroom", "is_default": True})
    assert api.stored() == stored  # nothing has changed, so nobody has to hear of it
    assert api.delete("/smtp-profiles/office").status_code == 204
    assert api.stored()["outbox"] == stored["outbox"]


def test_without_its_last_profile_the_mailer_decides(
    with_template: Any, schedule: dict[str, Any], profile: dict[str, Any]
) -> None:
    with_template.made("/smtp-profiles", profile)
    with_template.made("/reports/schedules", {**schedule, "subject": "s"})
    assert with_template.delete("/smtp-profiles/office").status_code == 204
    assert profiles_announced(with_template) == [("s", "office"), ("s", None)]


def test_a_change_of_the_password_reaches_the_timetable(
    with_template: Any, schedule: dict[str, Any], profile: dict[str, Any]
) -> None:
    with_template.made("/smtp-profiles", profile)
    with_template.made("/reports/schedules", schedule)
    with_template.patch("/smtp-profiles/office", {"url": URL.replace("s3cret-pw", "new-pw")})
    travels = with_template.announced()[-1].order.delivery.manner.profile
    assert with_template.platform.sealer.open(travels.sealed_url) == URL.replace("s3cret-pw", "new-pw")
    with_template.patch("/smtp-profiles/office", {"max_megabytes": 5})
    travels = with_template.announced()[-1].order.delivery.manner.profile
    assert with_template.platform.sealer.open(travels.sealed_url) == URL.replace("s3cret-pw", "new-pw")
    assert travels.max_megabytes == 5


def test_a_mailer_tests_a_profile(api: Any, clock: Any, profile: dict[str, Any]) -> None:
    api.made("/smtp-profiles", profile)
    answer = api.post("/smtp-profiles/office/test/", None)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "recipient")
    assert "PATCH /api/v1/me/" in answer.json()["detail"]
    assert api.post("/smtp-profiles/office/test/", {"recipient": "x"}).status_code == 422
    assert api.post("/smtp-profiles/nowhere/test/", {"recipient": "ann@example.org"}).status_code == 404

    api.patch("/me", {"email": "Admin@Example.org"})
    answer = api.post("/smtp-profiles/office/test/", None)
    assert (answer.status_code, answer.json()["status"], answer.json()["sentences"]) == (202, "pending", [])
    question = api.announced()[-1]
    assert isinstance(question, messages.TestProfile)
    assert question.profile is not None
    assert (question.recipient.address, question.profile.name) == ("admin@example.org", "office")
    assert api.platform.sealer.open(question.profile.sealed_url) == URL

    said = {"at": question.requested_at + timedelta(seconds=2), "test_id": question.test_id, "seconds": 0.5}
    api.hear(
        ProfileTested(ok=False, sentences=("The server does not know this password.",), **said),
        ProfileTested(ok=True, sentences=("Too late.",), **said),
        ProfileTested(ok=True, sentences=(), **{**said, "test_id": uuid4()}),
    )
    shown = api.client.get(answer.json()["url"]).json()
    assert (shown["status"], shown["sentences"]) == ("failed", ["The server does not know this password."])
    assert api.get(f"/smtp-profiles/tests/{uuid4()}").status_code == 404
    clock.turn(days=31)
    api.post("/smtp-profiles/office/test/", {"recipient": "ann@example.org"})
    with api.records.read() as session:
        assert len(session.execute(select(DeliveryTestRow.id)).all()) == 1
