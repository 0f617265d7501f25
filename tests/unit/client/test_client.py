"""The client survives an api that goes away for a moment, and says what the api refuses."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from flaky_api import Answer, FlakyApi

from libs.client import ApiProblem, Pressroom, Unreachable
from libs.client.answers import Artifact, Template
from libs.client.transport import Transport
from libs.common.errors import SettingsError

REPORT = UUID("302221c6-9ef5-4421-9e82-6b58349c6860")
CUT = Answer(cut_after=-1)
AWAY = Answer(503, b'{"detail": "The records are away."}')


def body(**fields: object) -> Answer:
    return Answer(200, json.dumps(fields).encode())


@pytest.fixture
def api() -> Iterator[FlakyApi]:
    api = FlakyApi()
    yield api
    api.close()


@pytest.fixture
def pressroom(api: FlakyApi, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pressroom]:
    monkeypatch.setattr("libs.client.transport._PAUSES_SECONDS", (0.001,))
    with Pressroom(api.url, "secret-token", patience_seconds=20) as pressroom:
        yield pressroom


def test_a_request_carries_the_token_and_the_body(api: FlakyApi, pressroom: Pressroom) -> None:
    api.answers = [body(id=str(REPORT), status="queued")]
    accepted = pressroom.order_report("delays", parameters={"month": 5}, priority="urgent")
    assert accepted.id == REPORT
    (asked,) = api.asked
    assert (asked.method, asked.path) == ("POST", "/api/v1/reports/")
    assert asked.headers["Authorization"] == "Bearer secret-token"
    assert json.loads(asked.body) == {"report_type": "delays", "parameters": {"month": 5}, "priority": "urgent"}


def test_an_order_is_sent_again_under_the_same_key(api: FlakyApi, pressroom: Pressroom) -> None:
    api.answers = [CUT, AWAY, Answer(502, b"<html>"), Answer(504, b"\xff"), body(id=str(REPORT), status="queued")]
    assert pressroom.order_report("delays").id == REPORT
    assert len(api.asked) == 5
    assert len({asked.headers["Idempotency-Key"] for asked in api.asked}) == 1
    assert len({asked.body for asked in api.asked}) == 1


def test_two_orders_have_two_keys_unless_one_is_given(api: FlakyApi, pressroom: Pressroom) -> None:
    api.answers = [body(id=str(REPORT), status="queued")]
    for key in ("", "", "mine", "mine"):
        pressroom.order_report("delays", key=key)
    keys = [asked.headers["Idempotency-Key"] for asked in api.asked]
    assert len(set(keys[:2])) == 2
    assert keys[2:] == ["mine", "mine"]


def test_a_refusal_is_raised_at_once_with_its_sentence(api: FlakyApi, pressroom: Pressroom) -> None:
    sentence = 'parameters.month must be an integer, not "May".'
    problem = {"status": 422, "detail": sentence, "errors": [{"field": "parameters.month", "detail": sentence}]}
    api.answers = [Answer(422, json.dumps(problem).encode())]
    with pytest.raises(ApiProblem) as refused:
        pressroom.order_report("delays", parameters={"month": "May"})
    assert (str(refused.value), refused.value.status) == (sentence, 422)
    assert refused.value.errors == (("parameters.month", sentence),)
    assert len(api.asked) == 1


@pytest.mark.parametrize("page", [b"<html>", b"", b"\xff", b"[]", b"null"])
def test_a_refusal_that_is_no_problem_is_told_by_its_status(api: FlakyApi, pressroom: Pressroom, page: bytes) -> None:
    api.answers = [Answer(404, page)]
    with pytest.raises(ApiProblem) as refused:
        pressroom.report(REPORT)
    assert str(refused.value) == "The API answered 404 Not Found."


def test_an_api_that_stays_away_is_given_up_at_the_deadline() -> None:
    api = FlakyApi()
    api.close()
    now, slept = 0.0, []

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds
        slept.append(seconds)

    transport = Transport(api.url, "secret-token", 5.0, monotonic=lambda: now, sleep=sleep)
    with pytest.raises(Unreachable, match="does not answer"):
        transport.call("GET", "/", Template)
    transport.close()
    assert 4.0 < sum(slept) <= 5.0
    assert slept == sorted(slept)


def test_what_was_deleted_by_an_unanswered_try_is_gone(api: FlakyApi, pressroom: Pressroom) -> None:
    gone = Answer(404, b'{"detail": "There is no schedule."}')
    api.answers = [CUT, gone]
    pressroom.delete_schedule(REPORT)
    assert [asked.method for asked in api.asked] == ["DELETE", "DELETE"]
    with pytest.raises(ApiProblem, match="There is no schedule"):
        pressroom.delete_schedule(REPORT)
    api.answers = [Answer(204, b"")]
    pressroom.delete_schedule(REPORT)


def artifact(content: bytes) -> Artifact:
    return Artifact(
        filename="../Delays.csv",
        format="csv",
        media_type="text/csv",
        rows=1,
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        url="/api/v1/reports/1/download/?format=csv",
    )


def test_a_broken_download_begins_again_and_leaves_no_half_file(
    api: FlakyApi, pressroom: Pressroom, tmp_path: Path
) -> None:
    content = b"carrier,delay\r\n" * 100_000
    api.answers = [CUT, AWAY, Answer(body=content, cut_after=700_000), Answer(body=content)]
    path = pressroom.download(artifact(content), tmp_path)
    assert path == tmp_path / "Delays.csv"
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]
    assert len(api.asked) == 4


def test_a_file_with_other_bytes_is_not_kept(api: FlakyApi, tmp_path: Path) -> None:
    api.answers = [Answer(body=b"other")]
    with (
        Pressroom(api.url, "secret-token", patience_seconds=0.2) as pressroom,
        pytest.raises(Unreachable, match="other bytes"),
    ):
        pressroom.download(artifact(b"right"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_download_that_is_refused_leaves_nothing(api: FlakyApi, pressroom: Pressroom, tmp_path: Path) -> None:
    api.answers = [Answer(409, b'{"detail": "The report has no files yet."}')]
    with pytest.raises(ApiProblem, match="no files yet"):
        pressroom.download(artifact(b""), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_lists_are_read_to_their_end(api: FlakyApi, pressroom: Pressroom) -> None:
    line = {"id": str(REPORT), "status": "queued", "reason": "", "rows": 0, "created_at": "2026-03-02T08:00:00Z"}
    api.answers = [
        body(items=[line, line], next="/api/v1/reports?status=queued&cursor=abc"),
        body(items=[line], next=None),
    ]
    assert [report.id for report in pressroom.reports(status="queued")] == [REPORT] * 3
    assert [asked.path for asked in api.asked] == [
        "/api/v1/reports?status=queued",
        "/api/v1/reports?status=queued&cursor=abc",
    ]


def test_a_name_with_a_slash_is_one_step_of_the_path(api: FlakyApi, pressroom: Pressroom) -> None:
    api.answers = [body(id=str(REPORT), name="a/b c")]
    pressroom.change_source("a/b c", max_rows=5)
    assert api.asked[0].path == "/api/v1/sources/a%2Fb%20c"


def test_waiting_ends_with_the_report(api: FlakyApi, pressroom: Pressroom) -> None:
    running = {"id": str(REPORT), "status": "running", "reason": "", "rows": 3, "attempt": 1}
    api.answers = [body(**running), CUT, body(**running), body(**{**running, "status": "failed", "reason": "No."})]
    assert pressroom.wait_for_report(REPORT, timeout_seconds=20).reason == "No."


def test_waiting_for_too_long_is_told(api: FlakyApi, pressroom: Pressroom) -> None:
    api.answers = [body(id=str(REPORT), status="running", reason="", rows=3, attempt=1)]
    with pytest.raises(Unreachable, match=r"is still running after 0\.2 s"):
        pressroom.wait_for_report(REPORT, timeout_seconds=0.2)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def prepare(**variables: str) -> None:
        for name in ("PRESSROOM_URL", "PRESSROOM_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return prepare


def test_url_and_token_come_from_the_environment(api: FlakyApi, environment: Callable[..., None]) -> None:
    environment(PRESSROOM_URL=api.url, PRESSROOM_TOKEN="token-of-the-environment")
    api.answers = [body(items=[], next=None)]
    with Pressroom() as pressroom:
        assert list(pressroom.sources()) == []
    assert api.asked[0].headers["Authorization"] == "Bearer token-of-the-environment"


def test_a_missing_token_is_named(environment: Callable[..., None]) -> None:
    environment()
    with pytest.raises(SettingsError, match="PRESSROOM_TOKEN is not set"):
        Pressroom("http://127.0.0.1:1")


def test_a_test_of_a_source_is_waited_for(api: FlakyApi, pressroom: Pressroom) -> None:
    pending = body(id=str(REPORT), status="pending", url="/api/v1/sources/shop/tests/1")
    api.answers = [pending, pending, body(id=str(REPORT), status="ok", url="/", sentences=["PostgreSQL 17 answers."])]
    assert pressroom.test_source("my shop").sentences == ("PostgreSQL 17 answers.",)
    asked = [(asked.method, asked.path) for asked in api.asked]
    assert asked[0] == ("POST", "/api/v1/sources/my%20shop/test/")
    assert asked[1:] == [("GET", "/api/v1/sources/shop/tests/1")] * 2


def test_a_held_report_is_not_waited_for_any_longer_and_can_be_approved_or_cancelled(
    api: FlakyApi, pressroom: Pressroom
) -> None:
    facts = {"id": str(REPORT), "reason": "", "rows": 1, "attempt": 1}
    api.answers = [body(status="running", **facts), body(status="held", **facts), body(status="held", **facts)]
    assert pressroom.wait_for_report(REPORT, timeout_seconds=30).status == "held"
    api.answers = [body(id=str(REPORT), status="held")]
    pressroom.approve_report(REPORT)
    pressroom.cancel_report(REPORT, "Wrong year.")
    assert [asked.path.removeprefix(f"/api/v1/reports/{REPORT}") for asked in api.asked[-2:]] == [
        "/approve/",
        "/cancel/",
    ]
    assert json.loads(api.asked[-1].body) == {"reason": "Wrong year."}


def test_an_upload_is_the_file_itself(api: FlakyApi, pressroom: Pressroom) -> None:
    api.answers = [body(id=str(REPORT), slug="delays", title="Delays")]
    pressroom.set_logo("delays", b"\x89PNG")
    assert (api.asked[0].method, api.asked[0].path, api.asked[0].body) == (
        "PUT",
        "/api/v1/templates/delays/logo",
        b"\x89PNG",
    )
