"""Answers and reports made from plain rows, without a database."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from services.generator.answers import Answer, keep
from services.generator.parts import resolve
from services.generator.render import Report
from services.generator.sources.rows import Fetched

MADE_AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def fetched(names: Sequence[str], rows: Iterable[Sequence[Any]], max_rows: int = 1_000_000, **how: Any) -> Fetched:
    """Rows as a driver hands them out."""
    waiting = iter(rows)
    return Fetched(names, lambda count: list(islice(waiting, count)), max_rows, **how)


def kept(
    folder: Path, names: Sequence[str], rows: Iterable[Sequence[Any]], *, name: str = "Rows", max_rows: int = 1_000_000
) -> Answer:
    """An answer with these rows."""
    own = Path(tempfile.mkdtemp(dir=folder))
    return keep(name, fetched(names, rows, max_rows), own, lambda done: None)


def report(*answers: Answer, **facts: Any) -> Report:
    """A report with these answers."""
    usual: dict[str, Any] = {
        "slug": "delays",
        "title": "Delays by carrier",
        "description": "",
        "source": "flights",
        "parameters": (),
        "made_at": MADE_AT,
        "day": date(2026, 11, 23),
    }
    return Report(answers=answers, **{**usual, "parts": resolve((), answers, Path()), **facts})


def quiet(rows: int) -> None:
    """Hears how far a drawing is, and says nothing."""
