"""A letter as plain text: all that the page says, for clients that show none and for those who want none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import fill

from services.mailer.contents import Contents, ShownFigure, ShownFile, ShownTable

_LINE = 76
_WIDEST_TABLE = 100
"""A wider table would be broken by every reader: its rows are told one by one."""


def as_text(contents: Contents) -> str:
    """The contents as plain text."""
    words = contents.words
    blocks = [
        f"*** {contents.test} ***" if contents.test else "",
        contents.greeting,
        *contents.paragraphs,
        _titled(words.note, "\n".join(_note(note) for note in contents.notes)),
        _columns([_figure(figure) for figure in contents.figures]),
        _table(contents.table) if contents.table is not None else "",
        _titled(contents.files_title, _files(contents.files)),
        *(fill(remark, _LINE) for remark in contents.files_remarks),
        _columns(contents.facts),
        "\n".join(f"{label}: {url}" for label, url in contents.links),
        _signature(contents),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _signature(contents: Contents) -> str:
    lines = [fill(sentence, _LINE) for sentence in contents.origin]
    if contents.unsubscribe_url:
        lines.append(f"{contents.words.unsubscribe}: {contents.unsubscribe_url}")
    # "-- " begins the signature: clients fold it, and leave it out of replies.
    return "\n".join(["-- ", *lines]) if lines else ""


def _titled(title: str, block: str) -> str:
    return f"{title}\n{block}" if block else ""


def _note(note: str) -> str:
    return fill(note, _LINE, initial_indent="  * ", subsequent_indent="    ")


def _figure(figure: ShownFigure) -> tuple[str, str]:
    return figure.label, "   ".join(filter(None, (figure.value, figure.change, figure.before)))


def _files(files: Sequence[ShownFile]) -> str:
    if not any(file.url for file in files):
        return _columns([(file.filename, file.details) for file in files])
    # A link that is broken into lines is none.
    return "\n".join(f"  {file.filename}   {file.details}\n  {file.url}" for file in files)


def _columns(rows: Sequence[tuple[str, str]]) -> str:
    width = max((len(left) for left, _ in rows), default=0)
    return "\n".join(f"  {left:<{width}}   {right}" for left, right in rows)


def _table(table: ShownTable) -> str:
    widths = [max(map(len, column)) for column in zip(table.labels, *table.rows, strict=True)]
    fits = sum(widths) + 2 * len(widths) <= _WIDEST_TABLE
    return f"{table.title} ({table.caption})\n" + (_grid(table, widths) if fits else _records(table))


def _grid(table: ShownTable, widths: Sequence[int]) -> str:
    def line(cells: Iterable[str]) -> str:
        placed = zip(cells, widths, table.numeric, strict=True)
        return "  " + "  ".join(cell.rjust(width) if right else cell.ljust(width) for cell, width, right in placed)

    lines = [line(table.labels), line("-" * width for width in widths), *(line(row) for row in table.rows)]
    return "\n".join(one.rstrip() for one in lines)


def _records(table: ShownTable) -> str:
    return "\n\n".join(_columns(list(zip(table.labels, row, strict=True))) for row in table.rows)
