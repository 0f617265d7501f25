from __future__ import annotations

import io
from collections.abc import Callable

from rich.console import Console

from demo.show import Line, Show


def show_on(terminal: bool = False, encoding: str = "utf-8", seconds: Callable[[], float] = lambda: 0.0) -> Show:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    return Show(Console(file=file, force_terminal=terminal, width=80), seconds)


def said(show: Show) -> str:
    file = show.console.file
    file.flush()
    assert isinstance(file, io.TextIOWrapper)
    buffer = file.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode(file.encoding)


def line(words: str, letters: int = 0) -> Line:
    return Line(title="Delays", words=words, letters=letters, expected=3)


def test_a_step_says_how_long_it_took_and_what_was_noted() -> None:
    show = show_on(seconds=iter([10.0, 12.5]).__next__)

    with show.step("Loading the flights") as note:
        note("into a file")

    assert said(show) == "✓ Loading the flights into a file (2.5 s)\n"


def test_a_step_that_fails_is_not_called_done() -> None:
    show = show_on()

    try:
        with show.step("Starting"):
            raise ValueError
    except ValueError:
        pass

    assert said(show) == ""


def test_without_a_terminal_only_what_changed_is_said() -> None:
    show = show_on()

    with show.board() as board:
        for words in ("queued", "queued", "running", "running", "done"):
            board([line(words)])

    assert said(show) == "  Delays: queued\n  Delays: running\n  Delays: done\n"


def test_on_a_terminal_the_lines_are_drawn_and_taken_away_again() -> None:
    show = show_on(terminal=True)

    with show.board() as board:
        board([line("running the query", letters=1)])

    assert "running the query" in said(show)
    assert said(show).endswith("\x1b[2K")


def test_square_brackets_are_text_and_not_markup() -> None:
    show = show_on()

    show.fail("The log is [bold]here[/].")

    assert "The demo has failed. The log is [bold]here[/]." in said(show)


def test_a_terminal_that_knows_ascii_only_is_enough() -> None:
    show = show_on(encoding="ascii")

    with show.step("Starting"):
        pass

    assert said(show) == "* Starting (0.0 s)\n"
