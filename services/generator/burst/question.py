"""What a source says of a burst: its recipients, counted, and whether they would have rows. Runs in a child."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from libs.common.delivering import BurstSample
from libs.common.errors import PermanentFailure, TransientFailure
from libs.common.messages import Parameter, Query
from services.generator.answers import Answer, keep
from services.generator.burst.assignment import Assignment
from services.generator.burst.keys import key_texts
from services.generator.burst.line import Line
from services.generator.burst.lines import Lines, Rules
from services.generator.burst.listing import MOST_LINES, RECIPIENTS
from services.generator.columns.kinds import kind_of
from services.generator.sources import Limits, open_source
from services.generator.sources.source import Source

STATEMENT_SECONDS = 15
SAMPLE = 10
MOST_ADDRESSES = 1_000
"""So many are told, so that the message stays small."""

MOST_ASKED_EACH = 50
"""Where each recipient has queries of their own, so many are tried."""

MOST_REMARKS = 20
_LONGEST_REMARK = 400


@dataclass(frozen=True, kw_only=True)
class BurstQuestion:
    """`source_url` is open text here, which is why a question is never logged."""

    assignment: Assignment
    queries: tuple[Query, ...]
    parameters: tuple[Parameter, ...]
    source_name: str
    source_url: str
    max_rows: int

    def __repr__(self) -> str:
        return f"BurstQuestion({self.source_name})"


@dataclass
class _Found:
    """What has been seen so far."""

    counts: Counter[str] = field(default_factory=Counter)
    remarks: list[str] = field(default_factory=list)
    sample: list[Line] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)


def answer_burst(question: BurstQuestion) -> dict[str, Any]:
    """The fields of `burst.checked.v1` that a source can tell."""
    try:
        with tempfile.TemporaryDirectory(prefix="pressroom-question-") as folder:
            return _answered(question, Path(folder))
    except TransientFailure as away:
        return {"unknown": str(away)}
    except PermanentFailure as failure:
        return {"problems": (str(failure),)}


def _answered(question: BurstQuestion, folder: Path) -> dict[str, Any]:
    burst, found = question.assignment.burst, _Found()
    with _opened(question, MOST_LINES) as source:
        answer = keep(RECIPIENTS, source.rows(_query(question), question.parameters), folder, lambda _: None)
    if answer.cut is not None:
        raise PermanentFailure(f"The recipients query gives more than {MOST_LINES:,} rows; let it give fewer.")
    reader = Lines(_rules(question))
    for line in reader.read(answer.batches()):
        _look_at(line, found)
    fitting = found.counts[""]
    if fitting > burst.cap:
        found.remarks.append(f"There are more recipients than the cap of {burst.cap:,}: all would wait for a person.")
    without_rows = _without_rows(question, answer, found) if fitting else 0
    return {
        "recipients": fitting,
        "duplicates": reader.duplicates,
        **{name: found.counts[name] for name in ("without_address", "invalid", "not_allowed", "unfit")},
        "without_rows": without_rows,
        "remarks": tuple(one[:_LONGEST_REMARK] for one in found.remarks),
        "sample": tuple(_shown(line) for line in found.sample[:SAMPLE]),
        "addresses": tuple(found.addresses),
    }


def _opened(question: BurstQuestion, max_rows: int) -> Any:
    limits = Limits(max_rows=max_rows, statement_timeout_seconds=STATEMENT_SECONDS)
    return open_source(question.source_name, question.source_url, limits)


def _query(question: BurstQuestion) -> Query:
    return Query(name=RECIPIENTS, sql=question.assignment.burst.sql)


def _rules(question: BurstQuestion) -> Rules:
    assignment = question.assignment
    return Rules(
        burst=assignment.burst,
        parameters=question.parameters,
        destinations={one.name: one for one in assignment.destinations},
        allowed=assignment.allowed,
    )


def _look_at(line: Line, found: _Found) -> None:
    found.counts[line.refusal] += 1
    if line.refusal:
        if len(found.remarks) < MOST_REMARKS:
            found.remarks.append(f"{line.address or line.name or 'A recipient'}: {line.reason}")
        return
    if len(found.sample) < MOST_ASKED_EACH:
        found.sample.append(line)
    if line.channel == "email" and len(found.addresses) < MOST_ADDRESSES:
        found.addresses.append(line.address)


def _shown(line: Line) -> BurstSample:
    values = tuple((name, "–" if value is None else str(value)[:100]) for name, value in line.values)
    return BurstSample(address=line.address, name=line.name, key=line.key[:100], parameters=values)


def _without_rows(question: BurstQuestion, answer: Answer, found: _Found) -> int | None:
    """How many recipients would get a report without rows; None where there are too many to ask for each."""
    shared = question.assignment.burst.share_out_by
    if shared:
        keys = _keys_with_rows(question, shared)
        lines = Lines(_rules(question)).read(answer.batches())
        return sum(not line.refusal and line.key not in keys for line in lines)
    if found.counts[""] > MOST_ASKED_EACH:
        found.remarks.append(
            f"Who would have no rows was not looked at: that is done for at most {MOST_ASKED_EACH} recipients."
        )
        return None
    with _opened(question, 1) as source:
        return sum(not _has_rows(source, question, line) for line in found.sample)


def _has_rows(source: Source, question: BurstQuestion, line: Line) -> bool:
    given = dict(line.values)
    parameters = [replace(one, value=given.get(one.name, one.value)) for one in question.parameters]
    return any(_first_rows(source, query, parameters) for query in question.queries)


def _first_rows(source: Source, query: Query, parameters: Sequence[Parameter]) -> int:
    batches: Any = iter(source.rows(query, parameters))
    with closing(batches):
        first = next(batches, None)
        return 0 if first is None else int(first.num_rows)


def _keys_with_rows(question: BurstQuestion, column: str) -> set[str]:
    found: set[str] = set()
    with _opened(question, question.max_rows) as source:
        for query in question.queries:
            for batch, kind in _column(source, query, question.parameters, column):
                found.update(key for key in key_texts(batch, kind).unique().to_pylist() if key is not None)
    return found


def _column(source: Source, query: Query, parameters: Sequence[Parameter], column: str) -> Iterator[Any]:
    rows = source.rows(query, parameters)
    for batch in rows:
        if column not in batch.schema.names:
            given = ", ".join(f"'{name}'" for name in batch.schema.names[:20])
            raise PermanentFailure(
                f"The rows are shared out by '{column}', which the query '{query.name}' does not give; it gives "
                f"{given}."
            )
        index = batch.schema.get_field_index(column)
        yield batch.column(index), kind_of(batch.schema.field(index))
    if rows.cut is not None:
        raise PermanentFailure(
            f"{rows.cut.sentence(query.name)} The rows of some recipients would be missing; raise the limit of rows, "
            "or let the query read less."
        )
