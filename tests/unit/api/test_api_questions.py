"""Questions that a generator answers: tests of sources, dry runs of templates. Here the test is the generator."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from sqlalchemy import select

from libs.common import messages
from libs.common.messages import CheckTemplate, Message, SourceTested, TemplateChecked
from services.api.definitions import created
from services.api.dry_run import Checked, dry_run
from services.api.people import Caller
from services.api.platform import Platform
from services.api.problems import Refused
from services.api.schemas.templates import NewTemplate
from services.api.tables import AuditRow, SourceTestRow, TemplateRow
from services.api.templates import create_template

CALLER = Caller(UUID(int=1), "admin")


def last(api: Any, kind: type[Message]) -> Any:
    message = api.announced()[-1]
    assert isinstance(message, kind)
    return message


def answer_to(question: messages.TestSource, ok: bool, *sentences: str) -> SourceTested:
    return SourceTested(
        at=question.requested_at + timedelta(seconds=2),
        test_id=question.test_id,
        source_id=question.source.source_id,
        ok=ok,
        sentences=sentences,
        seconds=0.5,
    )


def test_a_test_that_nobody_has_answered_says_where_to_look(api: Any, source: dict[str, Any]) -> None:
    made = api.made("/sources", {**source, "concurrency": 7})
    answer = api.post("/sources/flights/test/", None)
    assert answer.status_code == 202
    pending = answer.json()
    assert (pending["status"], pending["sentences"], pending["source_id"]) == ("pending", [], made["id"])
    question = last(api, messages.TestSource)
    assert (str(question.test_id), question.source.concurrency) == (pending["id"], 7)
    assert api.platform.sealer.open(question.source.sealed_url) == source["url"]
    assert "s3cret-pw" not in answer.text

    api.hear(answer_to(question, True, "Connected."), answer_to(question, False, "This came too late."))
    shown = api.client.get(pending["url"])
    assert shown.status_code == 200
    assert (shown.json()["status"], shown.json()["sentences"], shown.json()["seconds"]) == ("ok", ["Connected."], 0.5)
    with api.records.read() as session:
        assert session.execute(select(AuditRow.act, AuditRow.kind).order_by(AuditRow.id)).all()[-1] == (
            "requested",
            "source",
        )


def test_a_test_of_nothing_is_not_found(api: Any, source: dict[str, Any]) -> None:
    assert api.post("/sources/nowhere/test", None).status_code == 404
    api.made("/sources", source)
    assert api.get(f"/sources/flights/tests/{uuid4()}").status_code == 404


def test_an_answer_to_a_question_that_is_forgotten_does_no_harm(api: Any) -> None:
    question = messages.TestSource(
        test_id=uuid4(),
        source=messages.Source(source_id=uuid4(), name="x", sealed_url="x"),
        requested_at=api.platform.now,
    )
    before = api.stored()
    api.hear(answer_to(question, True))
    api.hear(TemplateChecked(at=api.platform.now, check_id=uuid4(), ok=True, problems=(), queries=(), seconds=0))
    assert api.stored() == before


def test_old_tests_are_forgotten(api: Any, clock: Any, source: dict[str, Any]) -> None:
    api.made("/sources", source)
    api.post("/sources/flights/test", None)
    clock.turn(days=31)
    api.post("/sources/flights/test", None)
    with api.records.read() as session:
        assert len(session.execute(select(SourceTestRow.id)).all()) == 1


Answer = Callable[[CheckTemplate], TemplateChecked]


@pytest.fixture
def answered(api: Any, source: dict[str, Any]) -> Iterator[Callable[..., Platform]]:
    """A platform that waits for dry runs, and whose questions `answer` answers."""
    api.made("/sources", source)
    stop, threads = threading.Event(), []

    def start(answer: Answer | None, seconds: float = 30) -> Platform:
        settings = msgspec.structs.replace(api.platform.settings, template_check_seconds=seconds)

        def work() -> None:
            while not stop.wait(0.01):
                asked = [one for one in api.announced() if isinstance(one, CheckTemplate)]
                if asked and answer is not None:
                    api.hear(answer(asked[-1]))
                    return

        thread = threading.Thread(target=work)
        thread.start()
        threads.append(thread)
        return replace(api.platform, settings=settings)

    yield start
    stop.set()
    for thread in threads:
        thread.join()


def checked(question: CheckTemplate, **parts: Any) -> TemplateChecked:
    usual = {"ok": True, "problems": (), "queries": (), "seconds": 0.1}
    return TemplateChecked(at=question.requested_at, check_id=question.check_id, **{**usual, **parts})


def maker(platform: Platform, template: dict[str, Any]) -> Callable[[Any], TemplateRow]:
    new = msgspec.convert(template, NewTemplate)

    def make(session: Any) -> TemplateRow:
        template_id = uuid4()
        create_template(session, platform, CALLER, template_id, new)
        return created(session, TemplateRow, template_id)

    return make


def test_a_dry_run_asks_about_what_would_be_kept_and_keeps_nothing(
    api: Any, answered: Callable[..., Platform], template: dict[str, Any]
) -> None:
    seen: list[CheckTemplate] = []

    def answer(question: CheckTemplate) -> TemplateChecked:
        seen.append(question)
        return checked(question)

    platform = answered(answer)
    assert dry_run(platform, CALLER, maker(platform, template)) == Checked(True, ())
    assert [query.sql for query in seen[0].template.queries] == [template["query"]]
    assert [(one.name, one.value) for one in seen[0].parameters] == [("month", 1)]
    assert api.stored()["templates"] == 0


def test_each_problem_is_an_error_of_its_field(answered: Callable[..., Platform], template: dict[str, Any]) -> None:
    platform = answered(
        lambda question: checked(
            question,
            ok=False,
            problems=("No such column.", "No such widget."),
            fields=("queries[0].sql", "widgets[0].x"),
        )
    )
    with pytest.raises(Refused) as refused:
        dry_run(platform, CALLER, maker(platform, template), sql_field="query")
    assert [(one.field, one.detail) for one in refused.value.errors] == [
        ("query", "No such column."),
        ("widgets[0].x", "No such widget."),
    ]
    assert refused.value.status == 422
    assert refused.value.detail == "No such column. (1 more problem.)"


def test_a_source_that_is_away_is_a_warning(answered: Callable[..., Platform], template: dict[str, Any]) -> None:
    platform = answered(lambda question: checked(question, ok=False, unknown="The source is away."))
    assert dry_run(platform, CALLER, maker(platform, template)) == Checked(
        False,
        ("The template was saved without trying its SQL: The source is away.",),
    )


def test_no_answer_is_a_warning(answered: Callable[..., Platform], template: dict[str, Any]) -> None:
    platform = answered(None, seconds=0.1)
    assert dry_run(platform, CALLER, maker(platform, template)) == Checked(
        False,
        ("No generator answered within 0.1 seconds, so the template was saved without trying its SQL.",),
    )


def test_nobody_is_asked_about_what_the_source_does_not_see(with_template: Any) -> None:
    before = len(with_template.announced())
    shown = with_template.patch("/templates/delays", {"title": "Late"}).json()
    assert (shown["checked"], shown["warnings"], len(with_template.announced())) == (None, [], before)
