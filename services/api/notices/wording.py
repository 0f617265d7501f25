"""What a notice says: what happened, why, what to do next, and the facts beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from services.api.notices.moments import short, written
from services.api.tables import HappeningRow, ReportRow

MAX_NAME = 120


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A notice before it has a recipient. The first paragraph says in one sentence what happened."""

    subject: str
    paragraphs: tuple[str, ...]
    facts: tuple[tuple[str, str], ...] = ()
    links: tuple[tuple[str, str], ...] = ()

    @property
    def sentence(self) -> str:
        """What happened."""
        return self.paragraphs[0]


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """The latest of the happenings that a notice tells, and what is known beside it."""

    latest: HappeningRow
    name: str
    timezone: str
    more: int
    """How many others of the same cause nobody was told of, since `since`."""
    since: datetime
    now: datetime
    report: ReportRow | None = None
    next_due: datetime | None = None

    @property
    def whose(self) -> str:
        """The schedule, in quotes, with the moment that this is about."""
        due = self.latest.scheduled_for
        return f"“{self.name}”" + (f" that was due on {written(due, self.timezone)}" if due is not None else "")


def draft(case: Case, public_url: str) -> Draft:
    """The notice of what happened to a schedule."""
    cause = case.latest.cause
    title = str(case.latest.facts.get("act", "")).capitalize() or _TITLES[cause]
    sentence = _SENTENCES[cause](case)
    more = f"and {case.more:,} more since {short(case.since, case.timezone, case.now)}" if case.more else ""
    why = f"Why: {case.latest.reason}" if case.latest.reason else ""
    next_step = _next_step(case)
    counted = f"It is not the only one: it {more}. Notices of one cause come at most once an hour."
    return Draft(
        subject=f"{title}: {case.name[:MAX_NAME]}{f', {more}' if more else ''}",
        paragraphs=tuple(part for part in (sentence, why, counted if more else "", next_step) if part),
        facts=_facts(case),
        links=_links(case, public_url),
    )


def _links(case: Case, public_url: str) -> tuple[tuple[str, str], ...]:
    """Where the api shows more; nothing if nobody has said where the api is."""
    if not public_url:
        return ()
    base, latest = f"{public_url.rstrip('/')}/api/v1", case.latest
    pages = (
        ("The report", f"{base}/reports/{latest.report_id}", latest.report_id),
        ("The dead letter", f"{base}/dead-letters/{latest.facts.get('dead_letter')}", latest.facts.get("dead_letter")),
        ("The schedule", f"{base}/reports/schedules/{latest.schedule_id}", not _is_deleted(case)),
    )
    return tuple((words, url) for words, url, is_there in pages if is_there)


_TITLES: Mapping[str, str] = {
    "failed": "Failed",
    "partial": "Partly delivered",
    "missed": "Missed",
    "held": "Held, please approve",
    "paused": "Stopped",
    "dead_letter": "Given up",
    "success": "Delivered",
}


def _missed(case: Case) -> str:
    if case.latest.count > 1:
        return f"{case.latest.count:,} moments of {case.whose} passed without a report."
    return f"The report of {case.whose} was not made."


def _held(case: Case) -> str:
    if _is_burst(case):
        return f"The personal reports of {case.whose} wait for you: no more of them are made until you let them go on."
    return f"The report of {case.whose} is ready, but nobody gets it before somebody approves it."


def _changed(case: Case) -> str:
    facts = case.latest.facts
    fields = facts.get("fields", ())
    which = f": {', '.join(fields)}" if facts["act"] == "changed" else ""
    return f"{facts['by']} has {facts['act']} the schedule “{case.name}”{which}."


_SENTENCES: Mapping[str, Callable[[Case], str]] = {
    "failed": lambda case: f"The report of {case.whose} failed: nobody got it.",
    "partial": lambda case: f"The report of {case.whose} did not reach everybody, or lacks a part.",
    "missed": _missed,
    "held": _held,
    "paused": lambda case: f"The scheduler has stopped the schedule “{case.name}”, so it is not due any more.",
    "dead_letter": lambda case: f"A piece of work for {case.whose} was given up and waits among the dead letters.",
    "changed": _changed,
    "success": lambda case: f"The report of {case.whose} has reached everybody.",
}

_NEXT_STEPS: Mapping[str, str] = {
    "failed": "It does not come by itself: mend the cause, and ask for the report again if it is still needed.",
    "partial": "Who got it got it once. Its deliveries say who did not, and why.",
    "missed": "Ask for the report by hand if it is still needed.",
    "held": "Look at its files, then approve it, which sends them, or cancel it.",
    "paused": "Mend the schedule and set `active` again; nothing is sent until then.",
    "dead_letter": "Read its cause, then replay or discard it.",
    "changed": "Nothing has to be done if that was meant. The schedule can be changed back at any time.",
}


def _next_step(case: Case) -> str:
    if _is_deleted(case):
        return "It is not due any more; what it has produced stays in the record."
    if case.latest.cause == "held" and _is_burst(case):
        return (
            "Look at those that are made; POST …/burst/continue/ lets the others go on, and POST …/burst/stop/ ends it."
        )
    return _NEXT_STEPS.get(case.latest.cause, "")


def _is_burst(case: Case) -> bool:
    return case.report is not None and case.report.phase == "spread"


def _is_deleted(case: Case) -> bool:
    return case.latest.facts.get("act") == "deleted"


def _facts(case: Case) -> tuple[tuple[str, str], ...]:
    report, due = case.report, case.latest.scheduled_for
    facts: list[tuple[str, Any]] = [
        ("Schedule", case.name),
        ("Report", report.title if report is not None else None),
        ("Due", written(due, case.timezone) if due is not None else None),
        ("Happened", written(case.latest.at, case.timezone)),
    ]
    if report is not None:
        facts += [
            ("Attempt", f"{report.attempt} of {report.max_attempts}" if report.attempt and report.max_attempts else ""),
            ("Stage", report.stage),
            ("Rows", f"{report.rows:,}" if report.rows else ""),
            ("Files kept until", written(report.expires_at, case.timezone) if report.expires_at else ""),
            ("Number", str(report.id)),
        ]
    facts.append(("Next due", written(case.next_due, case.timezone) if case.next_due is not None else ""))
    return tuple((label, str(value)) for label, value in facts if value)
