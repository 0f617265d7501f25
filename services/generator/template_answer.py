"""What a source says of a template, without reading a row: the columns of its queries, and what does not fit them."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from libs.common.errors import PermanentFailure, PressroomError, TransientFailure
from libs.common.look import Widget
from libs.common.messages import Parameter, QueryColumn, QueryColumns, Template
from services.generator.columns.kinds import Kind, spoken
from services.generator.sources import Limits, open_source
from services.generator.sources.source import Described

STATEMENT_SECONDS = 5

_NUMBERS: frozenset[Kind] = frozenset(("integer", "number", "numeric", "empty"))
_MOMENTS: frozenset[Kind] = frozenset(("date", "timestamp", "instant", "empty"))


@dataclass(frozen=True)
class TemplateQuestion:
    """`source_url` is open text here, which is why a question is never logged."""

    template: Template
    parameters: tuple[Parameter, ...]
    source_name: str
    source_url: str

    def __repr__(self) -> str:
        return f"TemplateQuestion({self.template.slug})"


@dataclass(frozen=True)
class Problem:
    """One thing that cannot work; `field` is that of the template."""

    field: str
    sentence: str


@dataclass(frozen=True)
class TemplateAnswer:
    """What is wrong with the template, or why the source could not be asked."""

    problems: tuple[Problem, ...] = ()
    queries: tuple[QueryColumns, ...] = ()
    unknown: str = ""


def template_answer(question: TemplateQuestion) -> TemplateAnswer:
    """Ask the source. Runs in a child."""
    try:
        known, problems = _described(question)
    except TransientFailure as away:
        return TemplateAnswer(unknown=str(away))
    except PressroomError as failure:
        return TemplateAnswer(problems=(Problem("source", str(failure)),))
    problems += _misfits(question.template, known)
    queries = tuple(
        QueryColumns(query=name, columns=tuple(QueryColumn(name=one.name, kind=one.kind) for one in columns))
        for name, columns in known.items()
    )
    return TemplateAnswer(tuple(problems), queries)


def _described(question: TemplateQuestion) -> tuple[dict[str, tuple[Described, ...]], list[Problem]]:
    """The columns of each query that works, and what is wrong with the others."""
    known: dict[str, tuple[Described, ...]] = {}
    problems: list[Problem] = []
    queries = list(enumerate(question.template.queries))
    limits = Limits(max_rows=1, statement_timeout_seconds=STATEMENT_SECONDS)
    while queries:
        # After an error the transaction is of no use any more: the next query gets a new one.
        with open_source(question.source_name, question.source_url, limits) as source:
            while queries:
                index, query = queries.pop(0)
                try:
                    known[query.name] = source.columns(query, question.parameters)
                except PermanentFailure as failure:
                    sentence = f"Template {question.template.slug}: {failure}"
                    problems.append(Problem(f"queries[{index}].sql", sentence))
                    break
    return known, problems


@dataclass(frozen=True)
class _Use:
    """A column that the template names: where, in which query, and what it must hold."""

    field: str
    query: str
    column: str
    kinds: frozenset[Kind] | None = None


def _misfits(template: Template, known: Mapping[str, Sequence[Described]]) -> list[Problem]:
    """Columns that do not exist, or that hold what their use cannot take. Queries that failed are spoken of already."""
    problems = []
    for use in _uses(template):
        columns = known.get(use.query)
        if columns is None:
            continue
        found = next((one for one in columns if one.name == use.column), None)
        if found is None:
            problems.append(Problem(use.field, _missing(use, [one.name for one in columns])))
        elif use.kinds is not None and found.kind not in use.kinds:
            wanted = "numbers" if use.kinds is _NUMBERS else "dates"
            sentence = f"{use.field} must name a column of {wanted}, but {use.column} holds {spoken(found.kind)}."
            problems.append(Problem(use.field, sentence))
    return problems


def _missing(use: _Use, names: list[str]) -> str:
    near = difflib.get_close_matches(use.column, names, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(names[:20])}."
    return f"{use.field} names the column {use.column}, which the query '{use.query}' does not give; {hint}"


def _uses(template: Template) -> Iterator[_Use]:
    first = template.queries[0].name if template.queries else ""
    for index, widget in enumerate(template.widgets):
        yield from _uses_of(widget, f"widgets[{index}]", widget.query or first)
    checks = template.checks
    for index, column in enumerate(checks.required_columns):
        yield _Use(f"checks.required_columns[{index}]", first, column)
    for index, null in enumerate(checks.nulls):
        yield _Use(f"checks.nulls[{index}].column", null.query or first, null.column)
    for index, fresh in enumerate(checks.fresh):
        yield _Use(f"checks.fresh[{index}].column", fresh.query or first, fresh.column, _MOMENTS)
    for index, change in enumerate(checks.change):
        if change.measure != "rows":
            yield _Use(f"checks.change[{index}].measure", change.query or first, change.measure, _NUMBERS)


def _uses_of(widget: Widget, field: str, query: str) -> Iterator[_Use]:
    for index, setting in enumerate(widget.columns):
        needs_numbers = setting.total in ("sum", "average")
        yield _Use(f"{field}.columns[{index}].column", query, setting.column, _NUMBERS if needs_numbers else None)
    for index, sort in enumerate(widget.sort):
        yield _Use(f"{field}.sort[{index}].column", query, sort.column)
    for index, column in enumerate(widget.group_by):
        yield _Use(f"{field}.group_by[{index}]", query, column)
    for index, column in enumerate(widget.series):
        yield _Use(f"{field}.series[{index}]", query, column, _NUMBERS)
    named = {"value": widget.value, "previous": widget.previous, "x": widget.x}
    for name, column in named.items():
        if column:
            yield _Use(f"{field}.{name}", query, column)
