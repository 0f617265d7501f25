"""What a dead letter means: at which stage it failed, whether trying again can help, and what a person does next."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Literal, get_args

from libs.common.messages import ErrorClass
from services.api.dead_letters.reading import KILLED, NOT_OURS, REJECTED, UNHEARD, Dead

DeadStage = Literal["timetable", "query", "render", "store", "deliver", "notice", "record", "question", "message"]
"""`record`: an event that the api could not keep. `question`: a test or check. `message`: it cannot even be read."""

_STAGES: Mapping[str, DeadStage] = {
    "generate_report.v1": "query",
    "deliver_report.v1": "deliver",
    "release_report.v1": "deliver",
    "send_notice.v1": "notice",
    "delete_expired.v1": "store",
}
_QUESTIONS = ("test_", "check_")

_CLASSES: Mapping[str, ErrorClass] = {"PermanentFailure": "permanent", "TransientFailure": "transient"}

_VARIABLE = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[\w.+-]+@[\w.-]+|<[^>]*>|\d+(?:[.,:]\d+)*", re.IGNORECASE)
"""What differs between two failures of one cause: ids, addresses, numbers, moments."""


def stage_of(dead: Dead) -> DeadStage:
    """The stage at which it failed."""
    if dead.reason == NOT_OURS:
        return "message"
    if dead.stage in get_args(DeadStage):
        return dead.stage  # type: ignore[return-value]  # it was just compared
    if dead.queue.startswith("pressroom.events.scheduler"):
        return "timetable"
    if dead.queue.startswith("pressroom."):
        return "record"
    if dead.wire_name.startswith(_QUESTIONS):
        return "question"
    return _STAGES.get(dead.wire_name, "message")


def class_of(dead: Dead) -> ErrorClass:
    """Whether trying again could help, as whoever gave it up saw it."""
    return "permanent" if dead.reason == NOT_OURS else _CLASSES.get(dead.exception, "unknown")


def cause_id_of(dead: Dead) -> str:
    """The same for all that failed for the same reason."""
    alike = _VARIABLE.sub("·", dead.reason)
    return hashlib.sha256(f"{dead.wire_name}\n{dead.exception}\n{alike}".encode()).hexdigest()[:16]


def next_step(stage: str, error_class: str, cause: str) -> str:
    """What a person does about it."""
    if cause in _STEPS_BY_CAUSE:
        return _STEPS_BY_CAUSE[cause]
    return _STEPS.get((stage, error_class)) or _STEPS_BY_CLASS[error_class]


_STEPS_BY_CAUSE: Mapping[str, str] = {
    NOT_OURS: "Find out who publishes to Pressroom's queues; then discard it.",
    KILLED: "Look in the log of the service for what ended it at that moment; replay it when that is mended.",
    REJECTED: "Look in the log of the service at that moment; replay it when that is mended.",
    UNHEARD: "Start all services once, so that their queues exist; then replay it.",
}
_STEPS: Mapping[tuple[str, str], str] = {
    ("query", "permanent"): "Mend the query in the template and replay it afresh, or change its parameters.",
    ("query", "transient"): "See that the source answers (test it), then replay it.",
    ("render", "permanent"): "Let the report read less or change its template, then ask for it anew.",
    ("store", "transient"): "See that the artifact storage has room and answers, then replay it.",
    ("deliver", "permanent"): "Correct the address or ask its mail server's people, then replay it, or discard it.",
    ("deliver", "transient"): "See that the mail server answers (test the profile), then replay it.",
    ("notice", "permanent"): "Correct the owner's address; what it told of is in the record. Discard it.",
    ("record", "unknown"): "This is a fault of Pressroom: keep it with the log for a bug report, update, then replay.",
    ("timetable", "unknown"): "This is a fault of Pressroom: keep it with the log for a bug report, update, replay.",
}
_STEPS_BY_CLASS: Mapping[str, str] = {
    "transient": "See that what was away is back, then replay it.",
    "permanent": "Change what the cause names, then replay it, or discard it.",
    "unknown": "Read the traceback; if it is not a fault of the data, report it as a bug. Then replay or discard it.",
}
