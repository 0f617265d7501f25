"""Checks a template against its source: a dry run that reads no rows."""

from __future__ import annotations

import time

from libs.common.errors import PressroomError
from libs.common.handlers import Attempt
from libs.common.messages import CheckTemplate, TemplateChecked
from libs.common.outbox import Outbox
from services.generator.template_answer import TemplateAnswer, TemplateQuestion, template_answer
from services.generator.workshop import Workshop

LIMIT_SECONDS = 12.0
"""Nobody waits much longer: the api saves the template without an answer then."""


def check_template(command: CheckTemplate, _attempt: Attempt, workshop: Workshop) -> None:
    """Ask the source and announce what came of it. That a template does not work is an answer, not a failure."""
    started, source = time.perf_counter(), command.source
    try:
        url = workshop.sealer.open(source.sealed_url)
        question = TemplateQuestion(command.template, command.parameters, source.name, url)
        answer = workshop.questions.ask(template_answer, question, LIMIT_SECONDS)
    except PressroomError as failure:
        answer = TemplateAnswer(unknown=str(failure))
    now = workshop.clock()
    with workshop.journal.begin() as session:
        Outbox(session, now).add(
            TemplateChecked(
                at=now,
                check_id=command.check_id,
                ok=not answer.problems and not answer.unknown,
                problems=tuple(problem.sentence for problem in answer.problems),
                fields=tuple(problem.field for problem in answer.problems),
                queries=answer.queries,
                seconds=time.perf_counter() - started,
                unknown=answer.unknown,
            )
        )
