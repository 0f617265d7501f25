"""Ends what a killed child has left running in a database that does not notice that its client is gone."""

from __future__ import annotations

import logging
from pathlib import Path

from sqlalchemy.engine import make_url

from services.generator.sources.source import Source

log = logging.getLogger(__name__)

_NAME = "session"


def note_session(folder: Path, source: Source) -> None:
    """The child writes down which session it has, if the database needs to be told of its end."""
    if source.session:
        (folder / _NAME).write_text(source.session)


def end_session(folder: Path, url: str) -> None:
    """The parent ends the session that a lost child has written down, if there is one."""
    try:
        kind, _, number = (folder / _NAME).read_text().partition(":")
    except FileNotFoundError:
        return
    try:
        _END[kind](url, int(number))
    except Exception as error:  # whatever a driver raises: the report has ended in any case
        log.warning("a session in a source could not be ended", extra={"kind": kind, "error": type(error).__name__})


def _end_postgresql(url: str, pid: int) -> None:
    from services.generator.sources.postgresql import terminate

    terminate(make_url(url), pid)


def _end_mysql(url: str, thread: int) -> None:
    from services.generator.sources.mysql import kill_session

    kill_session(make_url(url), thread)


_END = {"postgresql": _end_postgresql, "mysql": _end_mysql}
