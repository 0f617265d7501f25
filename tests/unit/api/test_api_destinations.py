"""Destinations: kept sealed, shown without secrets, followed by the schedules that name them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from libs.common.messages import DestinationTested, ScheduleSaved, TestDestination
from services.api.tables import AuditRow, DestinationRow

PLANTED = "pl4nted-s3cret"
PIN = "SHA256:" + "A" * 43
KEY = f"-----BEGIN OPENSSH PRIVATE KEY-----\n{PLANTED}\n-----END OPENSSH PRIVATE KEY-----\n"
PLACES = {
    "webhook": (f"https://user:{PLANTED}@hooks.example.org/in/{PLANTED}?token={PLANTED}", f"{PLANTED}-of-a-hook"),
    "slack": (f"https://hooks.slack.com/services/T1/B1/{PLANTED}", ""),
    "teams": (f"https://prod-1.westeurope.logic.azure.com/workflows/1?sig={PLANTED}", ""),
    "chat": (f"tgram://123456789:{PLANTED}/-100", ""),
    "folder": (f"s3://key:{PLANTED}@bucket/daily?region=eu-central-1&names={{slug}}/{{filename}}", ""),
    "sftp": (f"sftp://ann:{PLANTED}@files.example.org:2222/in?host_key={PIN}", KEY),
}
SHOWN = {
    "webhook": "https://hooks.example.org/…",
    "slack": "https://hooks.slack.com/…",
    "teams": "https://prod-1.westeurope.logic.azure.com/…",
    "chat": "tgram://…",
    "folder": "s3://bucket/daily",
    "sftp": "sftp://ann@files.example.org:2222/in",
}


def hook(**changes: Any) -> dict[str, Any]:
    return {"name": "Warehouse", "kind": "webhook", "url": "https://hooks.example.org/in", **changes}


def saved(api: Any) -> list[ScheduleSaved]:
    return [told for told in api.announced() if isinstance(told, ScheduleSaved)]


@pytest.mark.parametrize("kind", sorted(PLACES))
def test_secrets_of_every_kind_come_in_and_never_go_out(api: Any, kind: str) -> None:
    url, secret = PLACES[kind]
    made = api.post("/destinations/", {"name": "There", "kind": kind, "url": url, "secret": secret}, key="k")
    assert made.status_code == 201, made.text
    assert (made.json()["url"], made.json()["has_secret"]) == (SHOWN[kind], bool(secret))
    answers = [
        made,
        api.post("/destinations/", {"name": "There", "kind": kind, "url": url, "secret": secret}, key="k"),
        api.get("/destinations"),
        api.get("/destinations/There"),
        api.patch("/destinations/There", {"url": url, "secret": secret, "attach": False}),
        api.post("/destinations/There/test", None),
        api.post("/destinations", {"name": "There", "kind": kind, "url": url}),
        api.delete("/destinations/There"),
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 200, 200, 200, 202, 409, 204]
    with api.records.read() as session:
        facts = session.execute(select(AuditRow.facts)).scalars().all()
    told = [str(told) for told in api.announced()]
    assert all(PLANTED not in text for text in (*(answer.text for answer in answers), str(facts), *told))


def test_what_is_kept_is_sealed_and_opens_again(api: Any) -> None:
    url, secret = PLACES["sftp"]
    api.made("/destinations", {"name": "There", "kind": "sftp", "url": url, "secret": secret})
    with api.records.read() as session:
        row = session.execute(select(DestinationRow)).scalar_one()
    assert PLANTED not in row.sealed_url + row.sealed_secret + row.shown
    assert [api.platform.sealer.open(sealed) for sealed in (row.sealed_url, row.sealed_secret)] == [url, secret]


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        (hook(name=""), "name", "one line of 1 to 200"),
        (hook(name=7), "name", "one line of 1 to 200"),
        (hook(kind="fax"), "kind", "one of chat, folder, sftp, slack, teams, webhook"),
        (hook(url=""), "url", "a URL of 1 to 2,000 characters"),
        (hook(url=f"ftp://{PLANTED}/"), "url", "must be like https://"),
        (hook(url=f"https://{PLANTED} /"), "url", "visible ASCII"),
        (hook(url="https://hööks.example/"), "url", "xn--"),
        (hook(url="https://hooks.example:99999/"), "url", "must be like https://"),
        (hook(url="https://hooks.example/#x"), "url", "%23"),
        (hook(url="https://[::1/"), "url", "must be like https://"),
        (hook(url="http://127.0.0.1:15672/api"), "url", "no public address"),
        (hook(url="http://localhost/"), "url", "no public address"),
        (hook(url="http://2130706433/"), "url", "no public address"),
        (hook(url="http://0x7f.1/"), "url", "no public address"),
        (hook(url="http://[::ffff:10.0.0.1]/"), "url", "no public address"),
        (hook(url="http://169.254.169.254/latest/meta-data"), "url", "PRESSROOM_MAILER_ALLOWED_NETWORKS"),
        (hook(url="http://[fd00:ec2::254]/"), "url", "no public address"),
        (hook(kind="slack", url="http://10.1.2.3/x"), "url", "no public address"),
        (hook(kind="slack", secret="s" * 20), "secret", "must be left out"),
        (hook(secret="short"), "secret", "at least 16 visible"),
        (hook(secret="ü" * 20), "secret", "at least 16 visible"),
        (hook(kind="chat", url=f"file:///{PLANTED}"), "url", "must begin with one of"),
        (hook(kind="chat", url="dbus://"), "url", "must begin with one of"),
        (hook(kind="chat", url="mailto://a:b@gmail.com"), "url", "must begin with one of"),
        (hook(kind="chat", url="mmost://192.168.1.1/token"), "url", "no public address"),
        (hook(kind="chat", url="discord://1/2?template=/etc/passwd"), "url", "reads a file of the mailer"),
        (hook(kind="folder", url="../../etc"), "url", "without .."),
        (hook(kind="folder", url="daily?names={report_id}"), "url", "must name {filename}"),
        (hook(kind="folder", url="daily?names=../{filename}"), "url", "without .."),
        (hook(kind="folder", url="s3://key:only@"), "url", "must name a bucket"),
        (hook(kind="folder", url="s3://b/x?region=evil.example/"), "url", "region"),
        (hook(kind="folder", url="s3://b/x?endpoint=http://127.0.0.1:9000"), "url", "no public address"),
        (hook(kind="sftp", url=f"sftp://ann:{PLANTED}@files.example.org/in"), "url", "host_key=SHA256:"),
        (hook(kind="sftp", url=f"sftp://files.example.org/in?host_key={PIN}"), "url", "must be like sftp://"),
        (hook(kind="sftp", url=f"sftp://ann@10.0.0.1/in?host_key={PIN}"), "url", "no public address"),
        (
            hook(kind="sftp", url=f"sftp://ann@files.example.org/?host_key={PIN}", secret=PLANTED),
            "secret",
            "private key",
        ),
        (hook(attach="yes"), "attach", "true or false"),
        ({**hook(), "colour": "red"}, "colour", "colour"),
    ],
)
def test_bad_input_is_refused_without_being_quoted(refused: Any, body: Any, field: str, words: str) -> None:
    sentence = refused("/destinations", body, field)
    assert words in sentence
    assert PLANTED not in sentence


def test_it_is_found_by_name_and_by_id_and_a_name_is_taken_once(api: Any) -> None:
    made = api.made("/destinations", hook())
    assert api.get(f"/destinations/{made['id']}").json() == api.get("/destinations/Warehouse").json() == made
    assert api.get("/destinations/Elsewhere").status_code == 404
    assert api.post("/destinations", hook()).status_code == 409
    api.made("/destinations", hook(name="Second"))
    assert api.patch("/destinations/Second", {"name": "Warehouse"}).status_code == 409
    assert [one["name"] for one in api.get("/destinations").json()["items"]] == ["Second", "Warehouse"]


def test_the_schedules_that_name_it_follow(with_template: Any, schedule: dict[str, Any]) -> None:
    api, name = with_template, 'The "warehouse" – Köln 100%_'
    api.made("/destinations", hook(name=name, secret="s" * 20))
    api.made("/destinations", hook(name="Other"))
    users = {"destinations": ["Other", name], "preview_rows": 3}
    used = api.made("/reports/schedules/", {**schedule, "letters": users})
    paused = api.made("/reports/schedules/", {**schedule, "name": "Paused", "letters": users, "active": False})
    api.made("/reports/schedules/", {**schedule, "name": "Another", "letters": {"destinations": ["Other"]}})
    told = api.made("/reports/schedules/", {**schedule, "name": "Told", "notify": {"destination": name}})

    answer = api.delete(f"/destinations/{api.get('/destinations').json()['items'][1]['id']}")
    assert answer.status_code == 409
    assert answer.json()["detail"].endswith(
        "is in use by the schedules Delays every morning, Paused, Told; change or delete that first."
    )
    before = len(saved(api))
    which = api.get("/destinations").json()["items"][1]["id"]
    assert api.patch(f"/destinations/{which}", {"name": "Depot", "url": "https://new.example.org/"}).status_code == 200
    [event] = saved(api)[before:]
    assert str(event.schedule_id) == used["id"]
    [other, depot] = event.order.delivery.destinations
    assert (other.name, depot.name, depot.shown) == ("Other", "Depot", "https://new.example.org")
    assert api.platform.sealer.open(depot.sealed_url) == "https://new.example.org/"
    assert api.platform.sealer.open(depot.sealed_secret) == "s" * 20
    for one in (used, paused):
        letters = api.get(f"/reports/schedules/{one['id']}").json()["letters"]
        assert (letters["destinations"], letters["preview_rows"]) == (["Other", "Depot"], 3)
    assert api.get(f"/reports/schedules/{told['id']}").json()["notify"]["destination"] == "Depot"

    before = api.stored()
    assert api.patch("/destinations/Depot", {"url": "https://new.example.org/", "secret": "s" * 20}).status_code == 200
    assert api.stored() == before  # it was so already


def test_a_secret_can_be_taken_away(api: Any) -> None:
    api.made("/destinations", hook(secret="s" * 20))
    assert api.patch("/destinations/Warehouse", {"secret": ""}).json()["has_secret"] is False
    assert api.patch("/destinations/Warehouse", {"kind": "slack"}).status_code == 422


def test_a_test_is_asked_of_a_mailer_and_its_answer_kept(api: Any, clock: Any) -> None:
    made = api.made("/destinations", hook())
    asked = api.post("/destinations/Warehouse/test/", None)
    assert (asked.status_code, asked.json()["status"]) == (202, "pending")
    command = api.announced()[-1]
    assert isinstance(command, TestDestination)
    assert (str(command.test_id), str(command.destination.destination_id)) == (asked.json()["id"], made["id"])
    api.hear(
        DestinationTested(
            at=clock.turn(seconds=1), test_id=command.test_id, ok=False, sentences=("It answered 403.",), seconds=0.5
        )
    )
    shown = api.client.get(asked.json()["url"]).json()
    assert (shown["status"], shown["sentences"], shown["subject_name"]) == ("failed", ["It answered 403."], "Warehouse")
    assert api.get(f"/destinations/tests/{uuid4()}").status_code == 404
    assert api.post("/destinations/Elsewhere/test", None).status_code == 404
