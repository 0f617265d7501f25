"""Does my installation work? Sends a report all the way and follows it; exit code 0 if it arrived.

It creates a source, a template and a schedule that is due two seconds later, waits until the record says that the
report is completed and its letter sent, downloads the file and compares it. Then it deletes the three again; the
record of the report stays. What it reads is an empty database of its own (`probe`, see deploy/postgres/init.sql).
Needs nothing but Python; secrets come from .env beside compose.yaml, or from variables of the same names.
"""
# ruff: noqa: S310, S603, T201 (it talks to people, to the API they name, and runs the command they give)

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import os
import secrets
import shlex
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LETTERS = "/var/lib/pressroom/letters"
SQL = "SELECT n AS number, n * n AS square FROM generate_series(1, 10) AS n"
EXPECTED = [["number", "square"], *([str(n), str(n * n)] for n in range(1, 11))]
SETTLED = {"completed", "partial", "failed"}


class NotWorking(Exception):
    """What did not happen, in a sentence."""


class Api:
    """The REST API at `url`, with a bearer token."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._token = token

    def call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        """The JSON answer; NotWorking with the API's own words if it refuses."""
        content = self.fetch(method, path, body)
        return json.loads(content) if content else None

    def fetch(self, method: str, path: str, body: Mapping[str, object] | None = None) -> bytes:
        """The answer's bytes; `path` may be a whole URL on this API."""
        request = urllib.request.Request(self._absolute(path), method=method)
        request.add_header("Authorization", f"Bearer {self._token}")
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as refusal:
            words = refusal.read().decode(errors="replace")
            raise NotWorking(f"{method} {path} was answered with {refusal.code}: {words}") from refusal
        except OSError as error:
            reason = getattr(error, "reason", error)
            raise NotWorking(f"The API at {self._url} does not answer: {reason}.") from error

    def _absolute(self, path: str) -> str:
        return path if path.startswith("http") else self._url + path


def main() -> int:
    """Run the probe; 0 if everything arrived, 1 if something did not, after saying what."""
    options = _options()
    try:
        settings = read_settings(ROOT / ".env", os.environ)
        url = options.url or f"http://{settings.get('PRESSROOM_API_PUBLISH', '127.0.0.1:8000')}"
        api = Api(url.replace("//0.0.0.0:", "//127.0.0.1:"), needed(settings, "PRESSROOM_ADMIN_TOKEN"))
        probe(api, options.source_url or own_source(settings), options.recipient, options.timeout, options.sink)
    except NotWorking as failure:
        print(f"NOT WORKING: {failure}", file=sys.stderr)
        return 1
    print("Everything works.")
    return 0


def probe(api: Api, source_url: str, recipient: str, timeout_seconds: float, sink: str | None) -> None:
    """Follow one report from its schedule to its letter; NotWorking says where it got stuck."""
    say("The API is ready", wait_until_ready(api, timeout_seconds))
    with scheduled(api, source_url, recipient) as (schedule, due_at):
        path = f"/api/v1/reports/schedules/{schedule}/executions"
        occurrence = waited("the schedule became due", timeout_seconds, lambda: first(api.call("GET", path)["items"]))
        say("The schedule became due", f"{occurrence['lateness_seconds']:.2f} s after {due_at:%H:%M:%S} UTC")
        report = waited("the report ended", timeout_seconds, lambda: ended(api, occurrence["report_id"]))
        if report["status"] != "completed":
            raise NotWorking(f"The report ended as {report['status']}: {report['reason']}")
        say("The report is completed", f"{report['rows']} rows")
        check_file(api, report)
        delivery = check_delivery(report, recipient)
    if sink:
        check_letter(sink, delivery["message_id"])


@contextmanager
def scheduled(api: Api, source_url: str, recipient: str) -> Iterator[tuple[str, datetime]]:
    """The id of a schedule and when it is due; it is deleted afterwards, with its template and source."""
    name = f"probe-{secrets.token_hex(4)}"
    undo: list[str] = []
    try:
        api.call("POST", "/api/v1/sources/", {"name": name, "url": source_url})
        undo.append(f"/api/v1/sources/{name}")
        api.call(
            "POST",
            "/api/v1/templates/",
            {"slug": name, "title": "Probe of the installation", "source": name, "query": SQL, "formats": ["csv"]},
        )
        undo.append(f"/api/v1/templates/{name}")
        due_at = (datetime.now(UTC) + timedelta(seconds=2)).replace(microsecond=0, tzinfo=None)
        schedule = api.call(
            "POST",
            "/api/v1/reports/schedules/",
            {
                "name": name,
                "report_type": name,
                "frequency": "once",
                "schedule_config": {"at": due_at.isoformat()},
                "priority": "urgent",
                "recipients": [recipient],
            },
        )
        undo.append(f"/api/v1/reports/schedules/{schedule['id']}")
        say("A schedule is saved", name)
        yield schedule["id"], due_at
    finally:
        for path in reversed(undo):
            forget(api, path)


def forget(api: Api, path: str) -> None:
    """Delete what the probe has made; a failure is told, and does not hide the one that came before."""
    try:
        api.fetch("DELETE", path)
    except NotWorking as failure:
        print(f"  Left behind: {failure}", file=sys.stderr)


def wait_until_ready(api: Api, timeout_seconds: float) -> str:
    """What the API says when it is ready; NotWorking with what it lacks if that takes longer."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        try:
            return str(api.call("GET", "/health/ready")["status"])
        except NotWorking:
            if time.monotonic() > deadline:
                raise
        time.sleep(1)


def first(items: list[Any]) -> Any:
    """The first item, or None."""
    return items[0] if items else None


def ended(api: Api, report_id: str) -> Any:
    """The report if nothing more will happen to it, else None."""
    report = api.call("GET", f"/api/v1/reports/{report_id}")
    return report if report["status"] in SETTLED else None


def check_file(api: Api, report: Mapping[str, Any]) -> None:
    """Download the only artifact: its bytes must be those that were recorded, and its rows those of the query."""
    (artifact,) = report["artifacts"]
    content = api.fetch("GET", artifact["url"])
    if hashlib.sha256(content).hexdigest() != artifact["sha256"]:
        raise NotWorking(f"{artifact['filename']} is not the file that was recorded: its SHA-256 differs.")
    lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    if lines[: len(EXPECTED)] != EXPECTED:
        raise NotWorking(f"{artifact['filename']} does not hold what the query gives: {lines[:3]} …")
    say("Its file can be downloaded", f"{artifact['filename']}, {len(content)} bytes, as recorded")


def check_delivery(report: Mapping[str, Any], recipient: str) -> Any:
    """The only delivery, which must have been accepted by the mail server."""
    (delivery,) = report["deliveries"]
    if delivery["state"] != "sent":
        raise NotWorking(f"The letter to {recipient} is {delivery['state']}: {delivery['reason']}")
    say("Its letter is sent", f"to {recipient}; the mail server said: {delivery['answer']}")
    return delivery


def check_letter(sink: str, message_id: str) -> None:
    """Find the letter in the mail sink. `sink` runs a command inside its container."""
    search = ["grep", "--files-with-matches", "--recursive", "--fixed-strings", message_id, LETTERS]
    found = subprocess.run([*shlex.split(sink), *search], capture_output=True, text=True, check=False)
    letters = [line for line in found.stdout.splitlines() if line.strip().endswith(".eml")]
    if len(letters) != 1:
        raise NotWorking(f"The sink has {len(letters)} letters with the Message-ID {message_id}.\n{found.stderr}")
    say("The sink has it, once", letters[0].strip())


def waited(what: str, timeout_seconds: float, look: Callable[[], Any]) -> Any:
    """What `look` returns as soon as it is something; NotWorking if that takes longer than `timeout_seconds`."""
    deadline = time.monotonic() + timeout_seconds
    while not (seen := look()):
        if time.monotonic() > deadline:
            raise NotWorking(f"After {timeout_seconds:g} seconds nothing says that {what}.")
        time.sleep(0.25)
    return seen


def read_settings(path: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """The settings of .env, and over them those of the environment."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return {**{name.strip(): value.strip().strip("\"'") for name, _, value in pairs}, **environ}


def own_source(settings: Mapping[str, str]) -> str:
    """The empty database that compose.yaml has for us, as the generator reaches it."""
    return f"postgresql://probe:{needed(settings, 'PRESSROOM_PROBE_PASSWORD')}@postgres/probe"


def needed(settings: Mapping[str, str], name: str) -> str:
    """The setting, which must be there."""
    if not settings.get(name):
        raise NotWorking(f"{name} is set neither in .env nor in the environment.")
    return settings[name]


def say(what: str, details: str) -> None:
    """One line of progress."""
    print(f"  {what:<28} {details}", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", help="where the API is (default: as PRESSROOM_API_PUBLISH in .env says)")
    parser.add_argument("--recipient", default="probe@example.org", help="who gets the letter (default: %(default)s)")
    parser.add_argument("--timeout", type=float, default=120, help="seconds for each step (default: %(default)s)")
    parser.add_argument("--source-url", help="read from this PostgreSQL database instead of the probe's own")
    parser.add_argument(
        "--sink", help='look into the mail sink too; how to run a command there: "docker compose exec -T mailsink"'
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
