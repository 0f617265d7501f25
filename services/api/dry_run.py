"""Has a generator try a template on its source before the template is kept: no rows are read.

What the request would change is done and undone in a transaction, so that the question is about exactly what would be
kept; then the answer is waited for, outside of any transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from uuid import uuid4

import msgspec
from sqlalchemy import delete
from sqlalchemy.orm import Session

from libs.common.messages import CheckTemplate, Parameter
from libs.common.outbox import Outbox
from services.api.orders import declared, source_of, template_of
from services.api.people import Caller
from services.api.platform import Platform
from services.api.problems import FieldError, Refused
from services.api.tables import TemplateCheckRow, TemplateRow
from services.api.waiting import wait_for

KEEP = timedelta(days=30)


class Checked(msgspec.Struct, frozen=True):
    """Whether the source has seen the template, and what its author must know; `checked` is None if nobody asked."""

    checked: bool | None = None
    warnings: tuple[str, ...] = ()


NOT_CHECKED = Checked()


class _Undo(Exception):
    """Ends the transaction without a trace."""


def dry_run(
    platform: Platform, caller: Caller, make: Callable[[Session], TemplateRow | None], *, sql_field: str = ""
) -> Checked:
    """What a generator says of the template that `make` would keep; Refused with each of its problems if there are any.

    `make` returns None if there is nothing to check. `sql_field` is what the request calls `queries[0].sql`.
    """
    seconds = platform.settings.template_check_seconds
    question = _question(platform, make) if seconds else None
    if question is None:
        return NOT_CHECKED
    _ask(platform, caller, question)
    answer = wait_for(lambda: _answer(platform, question), seconds)
    if answer is None:
        return Checked(
            False,
            (f"No generator answered within {seconds:g} seconds, so the template was saved without trying its SQL.",),
        )
    if answer.problems:
        raise _refusal(answer, sql_field)
    if not answer.ok:
        return Checked(False, (f"The template was saved without trying its SQL: {answer.unknown}",))
    return Checked(True)


def _question(platform: Platform, make: Callable[[Session], TemplateRow | None]) -> CheckTemplate | None:
    question = None
    try:
        with platform.records.begin() as session:
            row = make(session)
            if row is not None:
                question = CheckTemplate(
                    check_id=uuid4(),
                    template=template_of(row),
                    source=source_of(row.source),
                    parameters=tuple(
                        Parameter(name=one.name, type=one.type, value=one.default) for one in declared(row)
                    ),
                    requested_at=platform.now,
                )
            raise _Undo
    except _Undo:
        return question


def _ask(platform: Platform, caller: Caller, question: CheckTemplate) -> None:
    now = platform.now
    with platform.records.begin() as session:
        session.execute(delete(TemplateCheckRow).where(TemplateCheckRow.requested_at < now - KEEP))
        session.add(
            TemplateCheckRow(
                id=question.check_id,
                slug=question.template.slug,
                requested_by=caller.name,
                requested_at=now,
                problems=[],
                fields=[],
                unknown="",
            )
        )
        Outbox(session, now).add(question)


def _answer(platform: Platform, question: CheckTemplate) -> TemplateCheckRow | None:
    with platform.records.read() as session:
        row = session.get(TemplateCheckRow, question.check_id)
        return row if row is not None and row.ok is not None else None


def _refusal(answer: TemplateCheckRow, sql_field: str) -> Refused:
    names = [*answer.fields, *[""] * len(answer.problems)]
    errors = tuple(
        FieldError(sql_field if sql_field and name == "queries[0].sql" else name or "queries", sentence)
        for name, sentence in zip(names, answer.problems, strict=False)
    )
    others = len(errors) - 1
    more = f" ({others} more {'problem' if others == 1 else 'problems'}.)" if others else ""
    return Refused(HTTPStatus.UNPROCESSABLE_ENTITY, errors[0].detail + more, errors)
