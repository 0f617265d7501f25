"""Secrets go in and never come out: planted ones are looked for in all that Pressroom says, writes and keeps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from chaos_load import describe
from chaos_world import SERVICES, TOKEN, Chaos, make_shop, opened

from libs.common.connection import open_connection
from libs.common.topology import MAIL_QUEUES, REPORT_QUEUES, dead_queue
from libs.local.ports import free_port
from libs.local.waiting import wait_until

PLANTED = {
    "password of a source": "plantedsource7f3a",
    "password of a mail server": "plantedsmtp9c1b",
    "token of a webhook": "plantedhook4d2e",
    "secret of a webhook": "plantedsign8e5f-and-long-enough-to-sign",
    "password of files": "plantedfiles6a7d",
}
PATHS = (
    "/sources/",
    "/templates/",
    "/templates/secret",
    "/reports/schedules/",
    "/reports/",
    "/deliveries/",
    "/smtp-profiles/",
    "/destinations/",
    "/dead-letters/",
    "/dead-letters/causes",
)


def test_planted_secrets_are_nowhere_in_clear(tmp_path: Path) -> None:
    with opened(tmp_path) as chaos:
        shop = tmp_path / "shop.sqlite"
        make_shop(shop)
        describe(chaos, shop)
        _plant(chaos)
        # One fails because its source is away; the other is made, and neither its letter nor its webhook can leave.
        reports = [_order(chaos, template) for template in ("far", "secret")]
        for report_id in reports:
            wait_until(lambda: _ended(chaos, report_id), 90, lambda: f"the report {report_id} did not end")  # noqa: B023
        wait_until(lambda: len(_get(chaos, "/dead-letters/")["items"]) == 3, 60, lambda: "there are no dead letters")
        found = [
            f"the {what} is in {where}"
            for where, text in _everything(chaos, reports)
            for what, secret in PLANTED.items()
            if secret in text
        ]
    assert found == []


def _plant(chaos: Chaos) -> None:
    nobody = free_port()
    _post(
        chaos,
        "/sources/",
        {"name": "far", "url": f"postgresql://ann:{PLANTED['password of a source']}@127.0.0.1:{nobody}/x"},
    )
    profile = f"smtp://ann:{PLANTED['password of a mail server']}@127.0.0.1:{free_port()}?starttls=never"
    _post(chaos, "/smtp-profiles/", {"name": "far", "url": profile, "from": "reports@example.org"})
    hook = {
        "name": "hook",
        "kind": "webhook",
        "url": f"https://hooks.example.org/{PLANTED['token of a webhook']}",
        "secret": PLANTED["secret of a webhook"],
    }
    _post(chaos, "/destinations/", hook)
    packing = {"pack": "zip", "password": PLANTED["password of files"]}
    template = {"title": "Secret", "query": "SELECT 1 AS one", "packing": packing, "limits": {"max_retries": 0}}
    _post(chaos, "/templates/", {"slug": "secret", "source": "shop", **template})
    _post(chaos, "/templates/", {"slug": "far", "source": "far", **template})


def _order(chaos: Chaos, template: str) -> str:
    letters = {"profile": "far", "destinations": ["hook"], "max_attempts": 1}
    order = {"report_type": template, "recipients": ["ann@example.org"], "formats": ["csv"], "letters": letters}
    return str(_post(chaos, "/reports/", order)["id"])


def _ended(chaos: Chaos, report_id: str) -> bool:
    return str(_get(chaos, f"/reports/{report_id}")["status"]) == "failed"


def _everything(chaos: Chaos, reports: list[str]) -> Iterator[tuple[str, str]]:
    """All that people and machines can read, each with the place where it was found."""
    for path in (*PATHS, *(f"/reports/{one}" for one in reports)):
        yield path, json.dumps(_get(chaos, path))
    for letter in _get(chaos, "/dead-letters/")["items"]:
        yield f"the dead letter {letter['id']}", json.dumps(_get(chaos, f"/dead-letters/{letter['id']}"))
    for name in SERVICES:
        with urlopen(f"http://127.0.0.1:{chaos.services[name].port}/metrics", timeout=30) as answer:
            yield f"the metrics of the {name}", answer.read().decode()
    for file in chaos.folder.iterdir():
        if file.is_file() and file.name != "shop.sqlite":
            yield f"the file {file.name}", file.read_bytes().decode("latin-1")
    with open_connection(chaos.broker_url) as connection:
        channel = connection.default_channel
        for queue in (*REPORT_QUEUES.values(), *MAIL_QUEUES.values()):
            for name in (queue, dead_queue(queue)):
                while (message := channel.basic_get(name, no_ack=True)) is not None:
                    yield f"the queue {name}", str(message.body) + str(message.headers)


def _get(chaos: Chaos, path: str) -> Any:
    return json.loads(chaos.ask(f"/api/v1{path}", TOKEN))


def _post(chaos: Chaos, path: str, body: object) -> Any:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    request = Request(f"http://127.0.0.1:{chaos.api_port}/api/v1{path}", json.dumps(body).encode(), headers)
    with urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())
