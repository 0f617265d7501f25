"""Tests a source and says what came of it, in sentences for whoever entered its URL."""

from __future__ import annotations

import time
from dataclasses import dataclass

from libs.common.errors import PressroomError
from libs.common.handlers import Attempt
from libs.common.messages import Query, SourceTested, TestSource
from libs.common.outbox import Outbox
from services.generator.sources import Limits, Source, open_source
from services.generator.workshop import Workshop

LIMIT_SECONDS = 18.0
"""The api waits a little longer for the answer."""

STATEMENT_SECONDS = 5

_READING = Query(name="test", sql="SELECT 1 AS one")
_WHAT_TO_DO = (
    ("no driver for it", "Install its SQLAlchemy driver where the generator runs."),
    ("has no database", "The path is one on the machine of the generator; mount the file there, or correct the URL."),
    ("refused the connection", "Check the host and the port, and that the database listens on that address."),
    ("cannot be reached", "Check the host and the port, and that the network lets the generator through."),
    ("cannot be opened", "Check the user, the password and the name of the database in the URL."),
    ("sealed with a key", "Enter the URL again, or give the generator the key."),
)


@dataclass(frozen=True)
class SourceQuestion:
    """`url` is open text here, which is why a question is never logged."""

    name: str
    url: str

    def __repr__(self) -> str:
        return f"SourceQuestion({self.name})"


@dataclass(frozen=True)
class SourceAnswer:
    """What came of it; `ok` if reports may be made from the source."""

    ok: bool
    sentences: tuple[str, ...]


def try_source(command: TestSource, _attempt: Attempt, workshop: Workshop) -> None:
    """Ask the source and announce what came of it. That a source does not work is an answer, not a failure."""
    started, source = time.perf_counter(), command.source
    try:
        question = SourceQuestion(source.name, workshop.sealer.open(source.sealed_url))
        answer = workshop.questions.ask(source_answer, question, LIMIT_SECONDS)
    except PressroomError as failure:
        answer = _failed(failure)
    now = workshop.clock()
    with workshop.journal.begin() as session:
        Outbox(session, now).add(
            SourceTested(
                at=now,
                test_id=command.test_id,
                source_id=source.source_id,
                ok=answer.ok,
                sentences=answer.sentences,
                seconds=time.perf_counter() - started,
            )
        )


def source_answer(question: SourceQuestion) -> SourceAnswer:
    """Connect, read and try to write. Runs in a child."""
    started = time.perf_counter()
    limits = Limits(max_rows=1, statement_timeout_seconds=STATEMENT_SECONDS)
    try:
        with open_source(question.name, question.url, limits) as source:
            connected = f"Connected to {source.server} in {_spoken(time.perf_counter() - started)}."
            return _examined(source, connected)
    except PressroomError as failure:
        return _failed(failure)


def _examined(source: Source, connected: str) -> SourceAnswer:
    started = time.perf_counter()
    for _ in source.rows(_READING):
        pass
    read = f"It can be read: the answer to {_READING.sql} took {_spoken(time.perf_counter() - started)}."
    guard = source.try_to_write()
    if guard is None:
        written = (
            "Pressroom knows no way to make this kind of database refuse to write, and never commits; "
            "use an account that may only read."
        )
    elif guard.refusal is None:
        return SourceAnswer(False, (connected, read, "The database let us write; use an account that may only read."))
    else:
        written = f"The database refuses to write, as it should: {guard.refusal}."
    return SourceAnswer(True, (connected, read, written))


def _failed(failure: PressroomError) -> SourceAnswer:
    sentence = str(failure)
    advice = [what for sign, what in _WHAT_TO_DO if sign in sentence]
    return SourceAnswer(False, (sentence, *advice[:1]))


def _spoken(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
