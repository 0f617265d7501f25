"""A dry run of a burst: who would get a report, who would not, and what is wrong with it."""

from __future__ import annotations

import time

from libs.common.errors import PressroomError
from libs.common.handlers import Attempt
from libs.common.messages import BurstChecked, CheckBurst
from libs.common.outbox import Outbox
from services.generator.burst.assignment import Assignment
from services.generator.burst.question import BurstQuestion, answer_burst
from services.generator.workshop import Workshop

LIMIT_SECONDS = 25.0
"""The api waits a little longer for the answer."""


def check_burst(command: CheckBurst, _attempt: Attempt, workshop: Workshop) -> None:
    """Ask the source and announce what came of it. That a burst does not work is an answer, not a failure."""
    started, order = time.perf_counter(), command.order
    if order.burst is None:
        return
    try:
        question = BurstQuestion(
            assignment=Assignment(
                burst=order.burst, destinations=order.delivery.destinations, allowed=workshop.allowed
            ),
            queries=order.template.queries,
            parameters=order.parameters,
            source_name=order.source.name,
            source_url=workshop.sealer.open(order.source.sealed_url),
            max_rows=order.source.max_rows,
        )
        found = workshop.questions.ask(answer_burst, question, LIMIT_SECONDS)
    except PressroomError as failure:
        found = {"unknown": str(failure)}
    now = workshop.clock()
    checked = BurstChecked(at=now, check_id=command.check_id, seconds=time.perf_counter() - started, **found)
    with workshop.journal.begin() as session:
        Outbox(session, now).add(checked)
