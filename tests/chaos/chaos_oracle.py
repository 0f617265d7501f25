"""Judges by what a user can see alone: the API, the mailbox, the files. Whatever broke, the sums must be right."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen
from uuid import UUID

import msgspec
from chaos_load import Accepted
from chaos_world import PATIENCE_SECONDS, TOKEN, Chaos

from libs.client.answers import ENDED
from libs.mailsink import KeptLetter

LETTERS_BY_STATE = {"sent": (1, 1), "unknown": (0, 1)}
"""How many letters of a delivery there may be; of one in any other state there is none."""

OUTCOMES = ("success", "partial", "failed", "skipped", "missed")


@dataclass
class Seen:
    """What a user sees in the end."""

    reports: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    occurrences: dict[UUID, list[dict[str, Any]]] = field(default_factory=dict)
    """By schedule."""
    letters: Counter[str] = field(default_factory=Counter)
    """How many there are of each Message-ID."""
    files: dict[str, str] = field(default_factory=dict)
    """The SHA-256 of each file by its name in the artifact storage."""
    dead_letters: list[dict[str, Any]] = field(default_factory=list)
    queued: dict[str, float] = field(default_factory=dict)
    """What lies in the queues, by queue and state; only what is not empty."""


@dataclass
class Verdict:
    """What is wrong, in sentences, and what was counted."""

    findings: list[str]
    counts: dict[str, int]


def wait_until_settled(chaos: Chaos, accepted: Accepted, patience_seconds: float = PATIENCE_SECONDS) -> None:
    """Return when nothing is under way any more, or when the patience is over: the verdict tells what hangs."""
    deadline = time.monotonic() + patience_seconds
    while time.monotonic() < deadline:
        seen = look(chaos, accepted)
        under_way = [one for one in seen.reports.values() if one["status"] not in ENDED]
        waiting = [one for found in seen.occurrences.values() for one in found if one["status"] == "started"]
        absent = [one for one in accepted.schedules if not seen.occurrences.get(one)]
        if not under_way and not waiting and not absent and not seen.queued:
            return
        time.sleep(1)


def look(chaos: Chaos, accepted: Accepted) -> Seen:
    """Read everything."""
    seen = Seen()
    for schedule_id in accepted.schedules:
        found = _get(chaos, f"/reports/schedules/{schedule_id}/executions/")["items"]
        seen.occurrences[schedule_id] = found
    ids = {*accepted.reports, *(UUID(one["report_id"]) for one in _executed(seen) if one["report_id"])}
    for report_id in ids:
        seen.reports[report_id] = _get(chaos, f"/reports/{report_id}")
    seen.letters = Counter(_message_id(letter) for letter in chaos.sink.letters())
    for path in chaos.artifacts.rglob("*"):
        if path.is_file():
            seen.files[str(path.relative_to(chaos.artifacts))] = _sha256(path)
    seen.dead_letters = _get(chaos, "/dead-letters/?limit=500")["items"]
    seen.queued = _queued(chaos)
    return seen


def judge(seen: Seen, accepted: Accepted) -> Verdict:
    """What does not fit together."""
    findings = [
        *_reports(seen, accepted),
        *_occurrences(seen, accepted),
        *_letters(seen),
        *_files(seen),
        *_dead_letters(seen),
        *(f"{count:g} messages are left in {queue}" for queue, count in seen.queued.items()),
    ]
    return Verdict(findings, _counts(seen, accepted))


def _reports(seen: Seen, accepted: Accepted) -> list[str]:
    findings = []
    for report_id, to in accepted.reports.items():
        report = seen.reports[report_id]
        findings += _report(report, to, must_fail=report_id in accepted.broken)
    return findings


def _report(report: dict[str, Any], to: tuple[str, ...], *, must_fail: bool) -> list[str]:
    name, status = f"the report {report['id']}", report["status"]
    if status not in ENDED:
        return [f"{name} has not ended: it is {status} ({report['reason']})"]
    if must_fail and status not in ("failed", "cancelled"):
        return [f"{name} cannot work, and is {status}"]
    if status in ("failed", "partial") and not report["reason"]:
        return [f"{name} is {status} without a reason"]
    addresses = sorted(one["address"] for one in report["deliveries"])
    if status in ("completed", "partial") and addresses != sorted(to):
        return [f"{name} is {status} and was delivered to {addresses} instead of {sorted(to)}"]
    return []


def _occurrences(seen: Seen, accepted: Accepted) -> list[str]:
    findings = []
    for schedule_id, to in accepted.schedules.items():
        found = seen.occurrences.get(schedule_id, [])
        if len(found) != 1:
            findings.append(f"the schedule {schedule_id} was due once and has {len(found)} occurrences")
            continue
        (one,) = found
        if one["status"] not in OUTCOMES:
            findings.append(f"the occurrence {one['id']} has not ended: it is {one['status']}")
        elif one["status"] in ("missed", "failed", "skipped") and not one["error"]:
            findings.append(f"the occurrence {one['id']} is {one['status']} without a reason")
        elif one["status"] == "success" and one["report_id"] is None:
            findings.append(f"the occurrence {one['id']} is a success without a report")
        elif one["report_id"] is not None:
            report = seen.reports[UUID(one["report_id"])]
            findings += _report(report, to, must_fail=schedule_id in accepted.broken)
    return findings


def _letters(seen: Seen) -> list[str]:
    findings, known = [], set()
    for report in seen.reports.values():
        for delivery in report["deliveries"]:
            message_id = delivery["message_id"] or f"<{delivery['id']}@example.org>"
            known.add(message_id)
            least, most = LETTERS_BY_STATE.get(delivery["state"], (0, 0))
            count = seen.letters[message_id]
            if count < least:
                findings.append(f"a letter to {delivery['address']} is {delivery['state']} and is not in the mailbox")
            elif count > most:
                findings.append(f"{delivery['address']} got {count} letters; the delivery is {delivery['state']}")
    strangers = set(seen.letters) - known
    return [*findings, *(f"nobody knows of the letter {message_id} in the mailbox" for message_id in strangers)]


def _files(seen: Seen) -> list[str]:
    recorded = {
        artifact["sha256"]: f"{artifact['filename']} of {report['id']}"
        for report in seen.reports.values()
        for artifact in report["artifacts"]
        if artifact["expired_at"] is None
    }
    there = set(seen.files.values())
    missing = [f"there is no file for {name}" for sha256, name in recorded.items() if sha256 not in there]
    # An attempt that was killed leaves what it had stored under its own name; the maintenance deletes that later.
    reports = {str(report_id) for report_id in seen.reports}
    strange = [f"no record tells of the file {name}" for name in seen.files if not any(one in name for one in reports)]
    return missing + strange


def _dead_letters(seen: Seen) -> list[str]:
    findings = []
    for letter in seen.dead_letters:
        if not letter["cause"] or not letter["next_step"]:
            findings.append(f"the dead letter {letter['id']} has no cause or no next step")
        report = seen.reports.get(UUID(letter["report_id"])) if letter["report_id"] else None
        if report is not None and report["status"] == "completed":
            findings.append(f"the report {report['id']} is completed and has a dead letter: {letter['cause']}")
    return findings


def _counts(seen: Seen, accepted: Accepted) -> dict[str, int]:
    states = Counter(one["state"] for report in seen.reports.values() for one in report["deliveries"])
    statuses = Counter(report["status"] for report in seen.reports.values())
    return {
        "reports asked for": len(accepted.reports),
        "occurrences": len(accepted.schedules),
        **{f"reports {status}": count for status, count in sorted(statuses.items())},
        **{f"deliveries {state}": count for state, count in sorted(states.items())},
        "letters": sum(seen.letters.values()),
        "dead letters": len(seen.dead_letters),
        "requests given up": accepted.refused,
    }


def _executed(seen: Seen) -> list[dict[str, Any]]:
    return [one for found in seen.occurrences.values() for one in found]


def _get(chaos: Chaos, path: str) -> Any:
    """A question to the API, repeated while it is away."""
    return msgspec.json.decode(chaos.ask(f"/api/v1{path}", TOKEN))


def _queued(chaos: Chaos) -> dict[str, float]:
    with urlopen(f"http://127.0.0.1:{chaos.services['api'].port}/metrics", timeout=30) as answer:
        page = answer.read().decode()
    found = {}
    for line in page.splitlines():
        name, _, value = line.rpartition(" ")
        if name.startswith("pressroom_queue_messages{") and float(value):
            found[name.removeprefix("pressroom_queue_messages")] = float(value)
    return found


def _message_id(letter: KeptLetter) -> str:
    return str(letter.message["Message-ID"]).strip()


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
