"""Mail servers and links under several requests at once, of two processes that share a PostgreSQL store."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from api_process import SCHEDULE, ApiProcess, Queue, publish, soon, tap

from libs.common.clock import utc_now
from libs.common.ids import delivery_id
from libs.common.links import Link, mint
from libs.common.messages import Artifact, PlannedDelivery, ProfileTested, Recipient, ReportGenerated
from libs.common.sealing import new_key
from libs.common.storage import ArtifactStorage

CONTENT = b"a;b\r\n" * 100_000


def test_profiles_and_links(
    new_api: Callable[..., ApiProcess], broker_url: str, postgres_url: str, tmp_path: Path
) -> None:
    key = new_key()
    apis = [new_api(broker_url, postgres_url, seal_keys=key) for _ in range(2)]
    apis[0].with_template()
    profiles_stay_right(apis, broker_url)
    a_test_is_answered_over_the_broker(apis, broker_url)
    downloads_are_counted(apis, broker_url, key, ArtifactStorage(str(tmp_path / "artifacts")))


def profiles_stay_right(apis: list[ApiProcess], broker_url: str) -> None:
    """One is the default, and the timetable hears last of what is stored, whoever changes what at the same time."""
    events = tap(broker_url, "schedule.saved.#")
    names = [f"profile {number}" for number in range(3)]
    ids = [
        apis[0].made("/smtp-profiles/", {"name": name, "url": "smtp://u:p@mail.example.org", "from": "a@example.org"})[
            "id"
        ]
        for name in names
    ]
    path = f"/reports/schedules/{apis[0].made('/reports/schedules/', SCHEDULE)['id']}"
    named = {**SCHEDULE, "letters": {"profile": names[1]}}
    other = f"/reports/schedules/{apis[0].made('/reports/schedules/', named)['id']}"

    def change(number: int) -> int:
        body: dict[str, Any] = {"is_default": True} if number % 2 else {"name": f"{names[number % 3]} {number}"}
        return apis[number % 2].http.patch(f"/api/v1/smtp-profiles/{ids[number % 3]}", json=body).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(change, range(24))) == {200}
    shown = apis[1].shown("/smtp-profiles/")["items"]
    (default,) = [one["name"] for one in shown if one["is_default"]]
    kept = next(one["name"] for one in shown if one["id"] == ids[1])
    assert apis[0].shown(other)["letters"] == {"profile": kept}

    for which, expected in ((path, default), (other, kept)):
        schedule = apis[0].shown(which)
        soon(lambda wanted=schedule: _last(events, wanted["id"])["version"] == wanted["version"], "the last is told")  # type: ignore[misc]
        assert _last(events, schedule["id"])["order"]["delivery"]["manner"]["profile"]["name"] == expected
    answer = apis[0].http.delete(f"/api/v1/smtp-profiles/{ids[1]}")
    assert (answer.status_code, "is in use by the schedule" in answer.json()["detail"]) == (409, True)


def a_test_is_answered_over_the_broker(apis: list[ApiProcess], broker_url: str) -> None:
    apis[0].http.patch("/api/v1/me/", json={"email": "admin@example.org"})
    profile = apis[0].shown("/smtp-profiles/")["items"][0]["id"]
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(apis[0].http.post, f"/api/v1/smtp-profiles/{profile}/test/", timeout=90)
        commands = Queue(broker_url, "mail.urgent")
        soon(lambda: bool(commands.look()), "the command arrives")
        (question,) = [body["kwargs"] for body in commands.bodies]
        assert question["recipient"]["address"] == "admin@example.org"
        publish(
            broker_url,
            ProfileTested(at=utc_now(), test_id=question["test_id"], ok=True, sentences=("It works.",), seconds=0.1),
        )
        shown = asked.result().json()
    soon(lambda: apis[1].http.get(shown["url"]).json()["sentences"] == ["It works."], "the answer is kept")


def downloads_are_counted(apis: list[ApiProcess], broker_url: str, key: str, storage: ArtifactStorage) -> None:
    report = UUID(apis[0].made("/reports/", {"report_type": "delays"})["id"])
    delivery, file = delivery_id(report, "email", "ann@example.org"), f"{report}/1"
    storage.put(file, CONTENT)
    artifact = Artifact(
        key=file,
        filename="Delays.csv",
        format="csv",
        media_type="text/csv",
        size_bytes=len(CONTENT),
        rows=1,
        sha256=hashlib.sha256(CONTENT).hexdigest(),
    )
    recipient = Recipient(address="ann@example.org")
    generated = ReportGenerated(
        at=utc_now(),
        report_id=report,
        attempt=1,
        artifacts=(artifact,),
        deliveries=(PlannedDelivery(delivery_id=delivery, channel="email", recipient=recipient),),
        rows=1,
        query_seconds=1,
        render_seconds=1,
        store_seconds=1,
        expires_at=utc_now() + timedelta(days=30),
    )
    publish(broker_url, generated)
    links = f"/deliveries/{delivery}/links/"
    soon(lambda: apis[0].http.get(f"/api/v1{links}").status_code == 200, "the report is known")
    link = Link(
        kind="file",
        report_id=report,
        delivery_id=delivery,
        artifact_key=file,
        address="ann@example.org",
        expires_at=None,
    )
    urls = [f"{api.url}/api/v1/links/{mint(key, link)}" for api in apis]

    def follow(number: int) -> tuple[int, bytes]:
        answer = httpx.request("HEAD" if number % 3 == 2 else "GET", urls[number % 2], timeout=60)
        assert answer.headers["Content-Length"] == str(len(CONTENT))
        return answer.status_code, answer.content

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(follow, range(24))) == {(200, CONTENT), (200, b"")}
    assert apis[1].shown(links)["items"][0]["downloads"] == 16
    assert apis[0].http.delete(f"/api/v1{links}").status_code == 204
    assert [httpx.get(url).status_code for url in urls] == [410, 410]
    renewed = apis[1].http.post(f"/api/v1{links}", json={"days": 7}).json()["items"][0]["url"]
    assert httpx.get(f"{apis[0].url}{renewed}").content == CONTENT


def _last(events: Queue, schedule_id: str) -> dict[str, Any]:
    told = [one for one in events.look() if one["schedule_id"] == schedule_id]
    return max(told, key=lambda one: int(one["version"]), default={"version": 0})
