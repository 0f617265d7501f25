"""What recipients want, who cannot be written to, and what came back: over the api, and over a link in a letter."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from msgspec.structs import replace
from sqlalchemy import select

from libs.client import Pressroom
from libs.common.links import Link, mint
from libs.common.messages import RecipientBounced, RecipientPreferenceSet, RecipientSuppressed, SuppressionChanged
from services.api.consent import objections
from services.api.people import Caller
from services.api.problems import Refused
from services.api.reports import request_report
from services.api.schedules import create_schedule
from services.api.schemas.reports import NewReport
from services.api.schemas.schedules import NewSchedule
from services.api.settings import ApiSettings
from services.api.tables import AuditRow

ANN = "/recipients/ann@example.com"
DSN = b"""From: MAILER-DAEMON@mx.example.org
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Message-ID: <20260302.4F1@mx.example.org>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; ann@example.com
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 No such user

--B
Content-Type: text/rfc822-headers

Message-ID: <3e3d6f8e-be9f-5e3f-8d84-6f4f9f6f5f43@example.com>

--B--
"""


@pytest.fixture
def scheduled(with_template: Any, schedule: dict[str, Any]) -> UUID:
    """A schedule that ann and bob get."""
    return UUID(with_template.made("/reports/schedules", schedule)["id"])


@pytest.fixture
def link(settings: ApiSettings) -> Callable[..., str]:
    """Makes the path of the link in a letter to ann."""

    def make(schedule_id: UUID | None, **changes: Any) -> str:
        made = Link(kind="unsubscribe", address="ann@example.com", schedule_id=schedule_id)
        return f"/api/v1/unsubscribe/{mint(settings.seal_keys, replace(made, **changes))}"

    return make


def announced(api: Any, kind: type[Any]) -> list[Any]:
    return [one for one in api.announced() if isinstance(one, kind)]


def audited(api: Any) -> list[tuple[str, str, str, dict[str, Any]]]:
    with api.records.read() as session:
        rows = session.execute(select(AuditRow).where(AuditRow.kind.in_(("recipient", "suppression"))))
        return [(row.user_name, row.act, row.kind, row.facts) for row in rows.scalars()]


# Over a link ------------------------------------------------------------------------------------------------


def test_following_the_link_changes_nothing_and_shows_a_page_without_scripts(
    api: Any, anonymous: Any, scheduled: UUID, link: Callable[..., str]
) -> None:
    anonymous.headers.pop("Authorization")
    before = api.stored()
    answer = anonymous.get(link(scheduled, address="<b>ann@example.com"))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "script" not in answer.text
    assert "&lt;b&gt;ann@example.com" in answer.text
    assert "Delays by carrier" in answer.text
    assert re.findall(r'value="([^"]+)"', answer.text) == ["this", "all"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert api.stored() == before


@pytest.mark.parametrize("how", ["urlencoded", "multipart"])
def test_one_click_unsubscribes_once_however_often_it_comes(
    api: Any, anonymous: Any, scheduled: UUID, link: Callable[..., str], how: str
) -> None:
    anonymous.headers.pop("Authorization")
    one_click: dict[str, Any] = (
        {"data": {"List-Unsubscribe": "One-Click"}}
        if how == "urlencoded"
        else {"files": {"List-Unsubscribe": (None, "One-Click")}}
    )
    for _ in range(2):
        assert anonymous.post(link(scheduled), **one_click).status_code == 200
    [said] = announced(api, RecipientPreferenceSet)
    assert (said.address, said.schedule_id, said.wanted, said.by) == ("ann@example.com", scheduled, False, "recipient")
    facts = {"address": "ann@example.com", "schedule_id": str(scheduled), "wanted": False}
    assert audited(api) == [("recipient", "changed", "recipient", facts)]


def test_a_person_leaves_everything_and_comes_back_to_one_report(
    api: Any, anonymous: Any, scheduled: UUID, link: Callable[..., str]
) -> None:
    steps = [
        ("all", "does not get the report “Delays by carrier”, and no other reports from here"),
        ("this-again", "gets the report “Delays by carrier”, and no other reports from here"),
        ("all-again", "gets the report “Delays by carrier”."),
        ("this", "does not get the report “Delays by carrier”. Other reports still come."),
    ]
    for choice, sentence in steps:
        answer = anonymous.post(link(scheduled), data={"choice": choice})
        assert answer.status_code == 200
        assert sentence in re.sub("<[^>]+>", "", answer.text), choice
        assert re.sub("Done", "Reports by e-mail", answer.text) == anonymous.get(link(scheduled)).text
    said = announced(api, RecipientPreferenceSet)
    assert [(one.schedule_id, one.wanted) for one in said] == [
        (None, False),
        (scheduled, True),
        (None, True),
        (scheduled, False),
    ]
    # The mailer lets the last word count, so no two may be of the same moment.
    assert [one.at for one in said] == sorted({one.at for one in said})


def test_a_link_for_all_letters_knows_no_single_report(api: Any, anonymous: Any, link: Callable[..., str]) -> None:
    assert re.findall(r'value="([^"]+)"', anonymous.get(link(None)).text) == ["all"]
    assert anonymous.post(link(None), data={"choice": "this"}).status_code == 400
    assert anonymous.post(link(None), data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert api.get(ANN).json()["wants_letters"] is False


@pytest.mark.parametrize(
    ("changes", "cut", "status"),
    [
        ({}, 1, 404),
        ({"kind": "file", "report_id": uuid4()}, 0, 404),
        ({"expires_at": datetime(2026, 1, 1, tzinfo=UTC)}, 0, 410),
    ],
)
def test_a_link_that_is_forged_wrong_or_old_says_so(
    api: Any, anonymous: Any, link: Callable[..., str], changes: dict[str, Any], cut: int, status: int
) -> None:
    path = link(None, **changes)
    path = path[: len(path) - cut]
    before = api.stored()
    browser = {"Accept": "text/html,*/*;q=0.8"}
    for answer in (anonymous.get(path, headers=browser), anonymous.post(path, headers=browser)):
        assert answer.status_code == status
        assert "This did not work" in answer.text
    assert anonymous.post(path, data={"List-Unsubscribe": "One-Click"}).json()["status"] == status
    assert api.stored() == before


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "application/x-www-form-urlencoded"),
        (b"List-Unsubscribe=Perhaps", "application/x-www-form-urlencoded"),
        (b"choice=everything", "application/x-www-form-urlencoded"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=y"),
        (b"{}", "application/json"),
    ],
)
def test_a_form_that_chooses_nothing_changes_nothing(
    api: Any, anonymous: Any, link: Callable[..., str], body: bytes, kind: str
) -> None:
    before = api.stored()
    assert anonymous.post(link(None), content=body, headers={"Content-Type": kind}).status_code == 400
    assert api.stored() == before


# Over the api -----------------------------------------------------------------------------------------------


def test_somebody_says_for_a_recipient_what_they_want(api: Any, scheduled: UUID) -> None:
    client = api.client
    assert api.get("/recipients/nobody@example.com").json() == {
        "address": "nobody@example.com",
        "allowed": True,
        "wants_letters": True,
        "suppression": None,
        "preferences": [],
        "deliveries": [],
    }
    answer = client.put(f"/api/v1{ANN}/preferences", json={"wanted": False, "schedule": str(scheduled)})
    assert answer.status_code == 200, answer.text
    client.put("/api/v1/recipients/ANN@example.com/preferences", json={"wanted": False})
    shown = api.get(ANN).json()
    assert shown["wants_letters"] is False
    assert [(one["schedule_name"], one["wanted"], one["said_by"]) for one in shown["preferences"]] == [
        (None, False, "admin"),
        ("Delays every morning", False, "admin"),
    ]
    assert api.delete(f"{ANN}/preferences").status_code == 204
    assert api.delete(f"{ANN}/preferences").status_code == 404
    assert api.delete(f"{ANN}/preferences?schedule={scheduled}").status_code == 204
    assert api.get(ANN).json()["preferences"] == []
    said = announced(api, RecipientPreferenceSet)
    assert [(one.schedule_id, one.forgotten) for one in said] == [
        (scheduled, False),
        (None, False),
        (None, True),
        (scheduled, True),
    ]
    unknown = client.put(f"/api/v1{ANN}/preferences", json={"wanted": False, "schedule": str(uuid4())})
    assert [error["field"] for error in unknown.json()["errors"]] == ["schedule"]


def test_an_address_is_suppressed_and_released_by_hand_with_a_reason(api: Any) -> None:
    entry = {"address": " Ann@Example.com", "reason": "She left."}
    for _ in range(2):
        answer = api.post("/suppressions", entry)
        assert answer.status_code == 200, answer.text
        assert (answer.json()["address"], answer.json()["cause"]) == ("ann@example.com", "by_hand")
    assert api.get(ANN).json()["suppression"]["detail"] == "She left."
    api.post("/suppressions", {"address": "bob@example.com", "reason": "Complained.", "cause": "complaint"})
    listed = api.get("/suppressions?limit=1").json()
    rest = api.client.get(listed["next"]).json()
    assert {one["address"] for one in (*listed["items"], *rest["items"])} == {"ann@example.com", "bob@example.com"}
    assert rest["next"] is None
    assert [one["address"] for one in api.get("/suppressions?cause=complaint").json()["items"]] == ["bob@example.com"]
    assert [one["address"] for one in api.get("/suppressions?search=ANN@").json()["items"]] == ["ann@example.com"]
    assert api.delete("/suppressions/ann@example.com").json()["errors"][0]["field"] == "reason"
    assert api.delete("/suppressions/ann@example.com?reason=She+is+back").status_code == 204
    assert api.delete("/suppressions/ann@example.com?reason=She+is+back").status_code == 404
    assert api.get(ANN).json()["suppression"] is None
    asked = announced(api, RecipientSuppressed)
    assert [(one.address, one.released, one.by) for one in asked] == [
        ("ann@example.com", False, "admin"),
        ("bob@example.com", False, "admin"),
        ("ann@example.com", True, "admin"),
    ]
    assert [(act, facts["reason"]) for _, act, _, facts in audited(api)] == [
        ("created", "She left."),
        ("created", "Complained."),
        ("deleted", "She is back"),
    ]


def test_what_the_mailer_tells_stands_unless_something_later_is_known(api: Any, clock: Any) -> None:
    def told(minutes: int, *, suppressed: bool) -> SuppressionChanged:
        at = clock.now + timedelta(minutes=minutes)
        return SuppressionChanged(
            at=at, address="ann@example.com", suppressed=suppressed, cause="bounce", detail="550 No", by="mailer"
        )

    api.hear(told(1, suppressed=True), told(0, suppressed=False))
    assert api.get(ANN).json()["suppression"]["said_by"] == "mailer"
    with api.records.read() as session:
        assert objections(session, ["Ann@example.com", "bob@example.com"], uuid4()) == {"Ann@example.com": "suppressed"}
    api.hear(told(2, suppressed=False))
    assert api.get(ANN).json()["suppression"] is None


# What came back ---------------------------------------------------------------------------------------------


def test_a_notice_of_a_mail_server_is_read_and_passed_on(api: Any) -> None:
    answer = api.client.post("/api/v1/bounces", content=DSN, headers={"Content-Type": "message/rfc822"})
    assert answer.status_code == 202, answer.text
    assert answer.json() == {
        "kind": "bounce",
        "items": [
            {
                "delivery_id": "3e3d6f8e-be9f-5e3f-8d84-6f4f9f6f5f43",
                "address": "ann@example.com",
                "hard": True,
                "failed": True,
                "complaint": False,
                "status": "5.1.1",
                "diagnostic": "550 5.1.1 No such user",
            }
        ],
    }
    [told] = announced(api, RecipientBounced)
    assert told.reference == "<20260302.4F1@mx.example.org>"
    holiday = b"From: ann@example.com\r\nAuto-Submitted: auto-replied\r\nSubject: Away\r\n\r\nBye.\r\n"
    answer = api.client.post("/api/v1/bounces", content=holiday, headers={"Content-Type": "text/plain"})
    assert answer.json() == {"kind": "automatic", "items": []}
    assert announced(api, RecipientBounced) == [told]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"delivery_id": str(UUID(int=7)), "hard": True, "diagnostic": "550 5.1.1 No"}, (True, True, "5.1.1")),
        ({"message_id": f"<{UUID(int=7)}@example.com>", "hard": True}, (True, True, "")),
        ({"address": "Ann@Example.com", "complaint": True}, (False, False, "")),
        ({"address": "ann@example.com", "hard": True, "diagnostic": "552 5.2.2 Full"}, (False, True, "5.2.2")),
        ({"address": "ann@example.com", "diagnostic": "451 4.7.1 Later"}, (False, False, "4.7.1")),
    ],
)
def test_the_same_is_told_as_json(api: Any, body: dict[str, Any], expected: tuple[bool, bool, str]) -> None:
    assert api.post("/bounces", body).status_code == 202
    [told] = announced(api, RecipientBounced)
    assert (told.hard, told.failed, told.status) == expected
    assert told.delivery_id == (UUID(int=7) if "address" not in body else None)
    assert told.address == ("ann@example.com" if "address" in body else "")
    assert told.complaint is body.get("complaint", False)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"hard": True}, "delivery_id"),
        ({"message_id": "<4F1@elsewhere.example>"}, "message_id"),
        ({"address": "no address"}, "address"),
        ({"address": "ann@example.com", "hard": "yes"}, "hard"),
    ],
)
def test_a_bounce_that_names_no_letter_is_refused(
    refused: Callable[..., str], body: dict[str, Any], field: str
) -> None:
    refused("/bounces", body, field)


def test_a_body_of_another_kind_is_refused(api: Any) -> None:
    answer = api.client.post("/api/v1/bounces", content=b"<xml/>", headers={"Content-Type": "text/xml"})
    assert answer.status_code == 415
    assert answer.json()["detail"].startswith("Content-Type must be message/rfc822")


# Limits -----------------------------------------------------------------------------------------------------


def test_copies_count_as_recipients(refused: Callable[..., str], schedule: dict[str, Any]) -> None:
    to = [f"r{number}@example.com" for number in range(60)]
    copies = [f"c{number}@example.com" for number in range(40)]
    sentence = refused(
        "/reports/schedules", {**schedule, "recipients": to, "cc": copies, "bcc": ["b@example.com"]}, "recipients"
    )
    assert sentence == "recipients, cc and bcc must be at most 100 addresses together, not 101."


def test_addresses_of_other_domains_are_refused_when_they_are_saved(
    with_template: Any, schedule: dict[str, Any]
) -> None:
    limited = replace(with_template.platform.settings, allowed_domains="example.com, *.example.org")
    platform = dataclasses.replace(with_template.platform, settings=limited)
    caller = Caller(UUID(int=1), "admin")
    copies = {"cc": ["a@example.org", "b@x.example.org"], "bcc": ["c@elsewhere.example"]}
    letters = {"reply_to": "anybody@elsewhere.example"}
    order = {"report_type": "delays", "recipients": ["d@example.com", "e@elsewhere.example"]}
    new_schedule = msgspec.convert({**schedule, **copies, "letters": letters}, NewSchedule)
    with platform.records.begin() as session:
        with pytest.raises(Refused) as refusal:
            create_schedule(session, platform, caller, uuid4(), new_schedule)
        errors = {one.field: one.detail for one in refusal.value.errors}
        assert errors.keys() == {"cc[0]", "bcc[0]"}
        only = "letters may go to example.com, *.example.org only (PRESSROOM_ALLOWED_DOMAINS)."
        assert errors["bcc[0]"] == f"bcc[0]: c@elsewhere.example is not allowed: {only}"
        with pytest.raises(Refused, match=r"e@elsewhere\.example is not allowed"):
            request_report(session, platform, caller, uuid4(), msgspec.convert(order, NewReport))


# The client -------------------------------------------------------------------------------------------------


def test_a_program_keeps_the_consent_of_recipients(api: Any) -> None:
    pressroom, ann = Pressroom("http://testserver", "a-token"), "ann@example.com"
    pressroom._transport._http = api.client
    assert not pressroom.set_preference(ann, wanted=False).wants_letters
    pressroom.forget_preference(ann)
    assert pressroom.suppress(ann, "She left.").cause == "by_hand"
    assert [one.address for one in pressroom.suppressions(cause="by_hand", search="ann")] == [ann]
    pressroom.release(ann, "She is back & well")
    assert audited(api)[-1][3]["reason"] == "She is back & well"
    facts = pressroom.recipient(ann)
    assert (facts.suppression, facts.preferences, facts.wants_letters, facts.allowed) == (None, (), True, True)
    [bounce] = pressroom.tell_bounce(DSN)
    assert (bounce.address, bounce.hard, bounce.status) == (ann, True, "5.1.1")
