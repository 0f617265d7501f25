"""What the user of the demo sees while it runs: on a terminal something moves, elsewhere plain lines appear."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from time import monotonic

import msgspec
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table

Board = Callable[[Sequence["Line"]], None]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """How far one report is: `words` say it, `letters` of `expected` have come."""

    title: str
    words: str
    letters: int
    expected: int


class Show:
    """Writes to `console`; `seconds` is a clock that only goes forward."""

    def __init__(self, console: Console, seconds: Callable[[], float] = monotonic) -> None:
        self.console = console
        self._seconds = seconds

    def say(self, sentence: str = "") -> None:
        """One sentence, as it is."""
        self.console.print(escape(sentence), highlight=False, soft_wrap=True)

    def fail(self, sentence: str) -> None:
        """Why the demo ends here."""
        self.console.print()
        self.console.print(f"[bold red]The demo has failed.[/] {escape(sentence)}", highlight=False, soft_wrap=True)

    def headline(self, sentence: str) -> None:
        """The beginning of a part."""
        self.console.print()
        self.console.print(f"[bold]{escape(sentence)}[/]", highlight=False, soft_wrap=True)

    def table(self, table: Table) -> None:
        """A table."""
        self.console.print(table)

    @contextmanager
    def step(self, doing: str, *, moving: bool = True) -> Iterator[Callable[[str], None]]:
        """Say what is being done, and in the end how long it took; what the yielded function gets is added.

        `moving=False` leaves the moving parts to others.
        """
        began, notes = self._seconds(), [doing]
        with self.console.status(escape(doing)) if moving else nullcontext():
            yield notes.append
        self._done(" ".join(notes), self._seconds() - began)

    @contextmanager
    def board(self) -> Iterator[Board]:
        """Show lines that change."""
        if self.console.is_terminal and not self.console.is_dumb_terminal:
            with Live(console=self.console, refresh_per_second=8, transient=True) as live:
                yield lambda lines: live.update(_drawn(lines))
        else:
            yield _Changes(self.say)

    def _done(self, sentence: str, seconds: float) -> None:
        mark = f"[green]{'✓' if _can_write('✓', self.console) else '*'}[/]"
        self.console.print(f"{mark} {escape(sentence)} [dim]({seconds:.1f} s)[/]", highlight=False, soft_wrap=True)


class _Changes:
    """Says only what has changed since the last time."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._said: dict[str, str] = {}

    def __call__(self, lines: Sequence[Line]) -> None:
        for line in lines:
            sentence = f"  {line.title}: {line.words}"
            if self._said.get(line.title) != sentence:
                self._said[line.title] = sentence
                self._say(sentence)


def new_console() -> Console:
    """The terminal, or whatever standard output is; nothing that it cannot write stops the demo."""
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    return Console()


def _drawn(lines: Sequence[Line]) -> Table:
    table = Table.grid(padding=(0, 2))
    for line in lines:
        bar = ProgressBar(total=line.expected, completed=line.letters, width=12)
        table.add_row("", escape(line.title), bar, escape(line.words))
    return table


def _can_write(character: str, console: Console) -> bool:
    try:
        character.encode(console.encoding)
    except UnicodeEncodeError:
        return False
    return True
