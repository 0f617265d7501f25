"""Links in letters: they work without an account, for a while, until somebody revokes them; downloads are counted."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from httpx import Response

from libs.common.errors import TransientFailure
from libs.common.ids import delivery_id
from libs.common.links import Link, mint
from libs.common.messages import Artifact, ArtifactsExpired, PlannedDelivery, Recipient, ReportGenerated
from libs.common.sealing import new_key
from libs.common.storage import ArtifactStorage
from services.api.tables import AuditRow

CONTENT = b"a;b\r\n" * 300_000
FILENAME = "Umsätze 2026.csv"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


class Letter:
    """A report of one file that was sent to one person, and the link in their letter."""

    def __init__(self, api: Any, report_id: UUID) -> None:
        self.api = api
        self.report_id = report_id
        self.delivery_id = delivery_id(report_id, "email", "ann@example.org")
        self.key = f"{report_id}/1"
        self.link = Link(
            kind="file",
            report_id=report_id,
            delivery_id=self.delivery_id,
            artifact_key=self.key,
            address="ann@example.org",
            expires_at=api.platform.now + timedelta(days=14),
        )

    @property
    def links(self) -> str:
        return f"/deliveries/{self.delivery_id}/links/"

    def url(self, **changes: Any) -> str:
        link = msgspec.structs.replace(self.link, **changes)
        return f"/api/v1/links/{mint(self.api.platform.settings.seal_keys, link)}"

    def follow(self, url: str = "", method: str = "GET", **headers: str) -> Response:
        """As the recipient does: without a token."""
        client = self.api.client
        kept = client.headers.pop("Authorization")
        try:
            answer: Response = client.request(method, url or self.url(), headers=headers)
            return answer
        finally:
            client.headers["Authorization"] = kept


@pytest.fixture
def letter(with_template: Any) -> Letter:
    api = with_template
    letter = Letter(api, UUID(api.made("/reports/", {"report_type": "delays"})["id"]))
    api.platform.artifacts.put(letter.key, CONTENT)
    artifact = Artifact(
        key=letter.key,
        filename=FILENAME,
        format="csv",
        media_type="text/csv",
        size_bytes=len(CONTENT),
        rows=2,
        sha256=hashlib.sha256(CONTENT).hexdigest(),
    )
    recipient = Recipient(address="ann@example.org")
    api.hear(
        ReportGenerated(
            at=api.platform.now,
            report_id=letter.report_id,
            attempt=1,
            artifacts=(artifact,),
            deliveries=(PlannedDelivery(delivery_id=letter.delivery_id, channel="email", recipient=recipient),),
            rows=2,
            query_seconds=1,
            render_seconds=1,
            store_seconds=1,
            expires_at=api.platform.now + timedelta(days=30),
        )
    )
    return letter


def test_a_link_gives_the_file_and_is_counted(letter: Letter, clock: Any) -> None:
    first_at = clock.now
    answer = letter.follow()
    assert (answer.status_code, answer.content) == (200, CONTENT)
    kept = {
        "Content-Type": "text/csv",
        "Content-Length": str(len(CONTENT)),
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
        "Referrer-Policy": "no-referrer",
    }
    assert {name: answer.headers[name] for name in kept} == kept
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="Ums_tze 2026.csv"')
    assert "filename*=UTF-8''Ums%C3%A4tze%202026.csv" in answer.headers["Content-Disposition"]

    clock.turn(hours=3)
    head = letter.follow(method="HEAD")
    assert (head.status_code, head.content, head.headers["Content-Length"]) == (200, b"", str(len(CONTENT)))
    letter.follow()
    (item,) = letter.api.get(letter.links).json()["items"]
    assert (item["filename"], item["downloads"], item["url"]) == (FILENAME, 2, None)
    assert msgspec.convert(item["first_at"], type(first_at)) == first_at
    assert msgspec.convert(item["last_at"], type(first_at)) == clock.now


def refusals(letter: Letter, clock: Any) -> dict[str, Callable[[], tuple[str, int, str]]]:
    """Each way in which a link may not work: its URL, the status and words of the sentence."""

    def file_is_deleted() -> tuple[str, int, str]:
        letter.api.hear(ArtifactsExpired(at=clock.now, report_id=letter.report_id, keys=(letter.key,)))
        return letter.url(), 410, "were deleted on 2026-03-02"

    def files_are_due() -> tuple[str, int, str]:
        clock.turn(days=30)
        return letter.url(expires_at=None), 410, "were deleted on 2026-04-01"

    def time_is_over() -> tuple[str, int, str]:
        url = letter.url()
        clock.turn(days=14)
        return url, 410, "worked until 2026-03-16 07:30 UTC"

    def revoked() -> tuple[str, int, str]:
        letter.api.delete(letter.links)
        return letter.url(), 410, "withdrawn"

    def lost() -> tuple[str, int, str]:
        letter.api.platform.artifacts.delete(letter.key)
        return letter.url(), 410, "no longer in the artifact storage"

    return {
        "deleted": file_is_deleted,
        "due": files_are_due,
        "over": time_is_over,
        "revoked": revoked,
        "lost": lost,
        "forged": lambda: (letter.url()[:-4], 404, "not complete, or was not made here"),
        "other key": lambda: (f"/api/v1/links/{mint(new_key(), letter.link)}", 404, "not made here"),
        "other file": lambda: (letter.url(artifact_key="another"), 404, "no such file"),
        "other kind": lambda: (letter.url(kind="unsubscribe"), 404, "something else"),
        "unknown report": lambda: (letter.url(report_id=uuid4()), 404, "not known here yet"),
    }


CASES = [
    "deleted",
    "due",
    "over",
    "revoked",
    "lost",
    "forged",
    "other key",
    "other file",
    "other kind",
    "unknown report",
]


@pytest.mark.parametrize("case", CASES)
def test_a_link_that_does_not_work_says_why_and_what_to_do(letter: Letter, clock: Any, case: str) -> None:
    url, status, words = refusals(letter, clock)[case]()
    before = letter.api.stored()
    problem, page = letter.follow(url), letter.follow(url, **BROWSER)
    assert (problem.status_code, page.status_code) == (status, status)
    assert problem.headers["Content-Type"] == "application/problem+json"
    assert words in problem.json()["detail"]
    assert page.headers["Content-Type"].startswith("text/html")
    assert page.headers["Cache-Control"] == "no-store"
    assert "<h1>This file cannot be downloaded</h1>" in page.text
    assert "ask whoever sent you the letter" in page.text
    assert FILENAME not in page.text
    assert letter.api.stored() == before


def test_revoked_links_can_be_made_anew(letter: Letter, clock: Any) -> None:
    api, old = letter.api, letter.url()
    assert api.delete(letter.links).status_code == 204
    shown = api.get(letter.links).json()
    assert (shown["revoked_by"], shown["items"][0]["downloads"]) == ("admin", 0)
    renewed = api.post(letter.links, {"days": 3}).json()
    (item,) = renewed["items"]
    assert renewed["expires_at"] == "2026-03-05T07:30:00Z"
    assert letter.follow(item["url"]).content == CONTENT
    assert letter.follow(old).status_code == 410
    assert api.get(letter.links).json()["items"][0]["downloads"] == 1
    assert api.delete(letter.links).status_code == 204
    assert letter.follow(item["url"]).status_code == 410
    again = api.post(letter.links, None).json()["items"][0]["url"]
    assert letter.follow(again).status_code == 200
    clock.turn(days=15)
    assert letter.follow(again).status_code == 410
    with api.records.read() as session:
        acts = [row.act for row in session.query(AuditRow).filter_by(kind="delivery").order_by(AuditRow.id)]
    assert acts == ["revoked", "renewed", "revoked", "renewed"]


def test_new_links_live_no_longer_than_the_files_and_the_policy(letter: Letter, clock: Any) -> None:
    answer = letter.api.post(letter.links, {"days": 15})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "days")
    assert letter.api.post(letter.links, {"days": 0}).status_code == 422
    clock.turn(days=25)
    assert letter.api.post(letter.links, {}).json()["expires_at"] == "2026-04-01T07:30:00Z"
    clock.turn(days=5)
    assert letter.api.post(letter.links, {}).status_code == 410
    for method in (letter.api.get, letter.api.delete):
        assert method(f"/deliveries/{uuid4()}/links").status_code == 404


def test_links_begin_where_recipients_reach_the_api(letter: Letter) -> None:
    platform = letter.api.platform
    public = replace(platform, settings=msgspec.structs.replace(platform.settings, public_url="https://r.example.org"))
    from services.api.links import renew_links
    from services.api.people import Caller
    from services.api.schemas.links import NewLinks

    with platform.records.begin() as session:
        made = renew_links(session, public, Caller(UUID(int=1), "ann"), letter.delivery_id, NewLinks())
    assert str(made.items[0].url).startswith("https://r.example.org/api/v1/links/")


def test_a_storage_that_is_away_is_told_without_the_link(
    letter: Letter, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise TransientFailure("The artifact storage did not answer.")

    monkeypatch.setattr(ArtifactStorage, "stream", away)
    answer = letter.follow(**BROWSER)
    assert answer.status_code == 503
    assert "try again in a few minutes" in answer.text
    assert letter.url().rpartition("/")[2] not in caplog.text
