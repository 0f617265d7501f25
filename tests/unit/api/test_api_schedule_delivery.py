"""What a schedule says of its letters: copies, servers, destinations, notices, its owner."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from libs.common.messages import Recipient
from services.api.tables import DestinationRow

LETTERS = {
    "profile": "office",
    "destinations": ["ops", "archive"],
    "reply_to": '"Help, desk" <help@example.org>',
    "preview_rows": 0,
    "attach": "link",
    "show_recipients": True,
    "subscription": True,
    "resend_unknown": True,
}
DELIVERY: dict[str, Any] = {
    "cc": [{"address": "cy@example.com", "name": "Cy"}, "ANN@example.com"],
    "bcc": ["dee@example.com"],
    "letters": LETTERS,
    "burst": {"sql": "SELECT address FROM members", "cap": 5_000},
    "notify": {"on": ["failed", "success"], "digest": True, "destination": "ops"},
    "owner": "admin",
}


@pytest.fixture
def places(with_template: Any) -> Any:
    """The api with a mail server and two destinations."""
    api = with_template
    profile = {"name": "office", "url": "smtp://mail.example.org", "from": "reports@example.org"}
    api.made("/smtp-profiles", profile)
    now = api.platform.now
    with api.records.begin() as session:
        for name in ("ops", "archive"):
            place = {"kind": "slack", "sealed_url": "x", "shown": "y", "sealed_secret": "", "attach": False}
            session.add(DestinationRow(id=uuid4(), name=name, created_at=now, updated_at=now, **place))
    return api


def test_how_a_schedule_is_delivered_goes_round(places: Any, schedule: dict[str, Any]) -> None:
    made = places.made("/reports/schedules", {**schedule, **DELIVERY})
    shown = places.get(f"/reports/schedules/{made['id']}").json()
    assert shown["cc"] == [{"address": "cy@example.com", "name": "Cy"}, {"address": "ann@example.com", "name": ""}]
    assert shown["bcc"] == [{"address": "dee@example.com", "name": ""}]
    assert {name: shown[name] for name in ("letters", "notify", "owner")} == {
        name: DELIVERY[name] for name in ("letters", "notify", "owner")
    }
    assert (shown["burst"]["sql"], shown["burst"]["cap"]) == ("SELECT address FROM members", 5_000)

    plan = places.announced()[-1].order.delivery
    assert plan.recipients == (
        Recipient(address="ann@example.com"),
        Recipient(address="bob@example.com", name="Bob"),
        Recipient(address="cy@example.com", name="Cy", role="cc"),
        Recipient(address="dee@example.com", role="bcc"),
    )
    assert [one.name for one in plan.destinations] == ["ops", "archive"]
    manner = plan.manner
    assert (manner.profile.name, manner.reply_to, manner.preview_rows, manner.attach) == (
        "office",
        '"Help, desk" <help@example.org>',
        0,
        "link",
    )
    assert (manner.show_recipients, manner.subscription, manner.resend_unknown, manner.is_test) == (
        True,
        True,
        True,
        False,
    )

    stored = places.stored()
    assert places.patch(f"/reports/schedules/{made['id']}", {"name": schedule["name"]}).json() == shown
    assert places.stored() == stored
    plain = {"cc": [], "bcc": [], "letters": {}, "burst": None, "notify": {}}
    shown = places.patch(f"/reports/schedules/{made['id']}", plain).json()
    assert {name: shown[name] for name in plain} == plain
    assert places.announced()[-1].order.burst is None


def test_what_nobody_says_is_as_usual(with_template: Any, schedule: dict[str, Any]) -> None:
    made = with_template.made("/reports/schedules", schedule)
    assert (made["cc"], made["bcc"], made["letters"], made["burst"], made["notify"]) == ([], [], {}, None, {})
    assert made["owner"] == "admin"


def test_a_destination_or_a_burst_is_enough(places: Any, schedule: dict[str, Any]) -> None:
    for part in ({"letters": {"destinations": ["ops"]}}, {"burst": {"sql": "SELECT address FROM members"}}):
        made = places.made("/reports/schedules", {**schedule, "recipients": [], **part})
        assert made["recipients"] == []


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"cc": ["x"]}, "cc[0]", "must be an e-mail address"),
    ({"cc": "cy@example.com"}, "cc", "a list of e-mail addresses"),
    ({"bcc": [{"address": "x y@example.com"}]}, "bcc[0].address", "must be an e-mail address"),
    ({"recipients": [], "cc": ["cy@example.com"]}, "recipients", "at least one e-mail address"),
    ({"letters": {"profile": "home"}}, "letters.profile", "none is called home"),
    ({"letters": {"profile": ""}}, "letters.profile", "1 to 200 characters"),
    ({"letters": {"destinations": ["ops", "home"]}}, "letters.destinations[1]", "none is called home"),
    ({"letters": {"destinations": ["ops", "archive", "ops"]}}, "letters.destinations[2]", "a second time"),
    ({"letters": {"destinations": "ops"}}, "letters.destinations", "a list"),
    ({"letters": {"reply_to": "Help"}}, "letters.reply_to", "must be an e-mail address, or a name with one"),
    ({"letters": {"reply_to": "a@example.org\nBcc: b@example.org"}}, "letters.reply_to", "e-mail address"),
    ({"letters": {"preview_rows": 51}}, "letters.preview_rows", "from 0 to 50"),
    ({"letters": {"attach": "cloud"}}, "letters.attach", "one of files, link, zip"),
    ({"letters": {"proflie": "x"}}, "letters.proflie", "did you mean profile?"),
    ({"notify": {"on": ["failure"]}}, "notify.on[0]", "one of changed, dead_letter, failed"),
    ({"notify": {"destination": "home"}}, "notify.destination", "none is called home"),
    ({"notify": {"digest": "daily"}}, "notify.digest", "true or false"),
    ({"owner": "nobody"}, "owner", "must be the name of a user; none is called nobody"),
    ({"owner": 7}, "owner", "must be"),
]


def test_what_cannot_be_delivered_is_refused(
    refused: Callable[..., str], places: Any, schedule: dict[str, Any]
) -> None:
    for part, field, words in WRONG:
        assert words in refused("/reports/schedules", {**schedule, **part}, field)


def test_a_report_of_now_is_checked_alike(refused: Callable[..., str], places: Any) -> None:
    body = {"report_type": "delays", "recipients": ["ann@example.com"]}
    assert "none is called home" in refused("/reports", {**body, "letters": {"profile": "home"}}, "letters.profile")
    places.made("/reports", {**body, "letters": {"reply_to": "Help <HELP@example.org>", "destinations": ["ops"]}})
    plan = places.announced()[-1].order.delivery
    assert (plan.manner.reply_to, [one.name for one in plan.destinations]) == ("Help <help@example.org>", ["ops"])
