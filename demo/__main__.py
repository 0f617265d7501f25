"""`make demo`, or `python -m demo`: from a data set to letters that were checked, through everything that is real."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from time import monotonic

from demo.checks import Checked
from demo.house import House, only_demo, signals_as_interrupts
from demo.play import Play
from demo.show import Show, new_console
from demo.summary import near, show_checks, show_letters, show_next_steps, show_places, show_times
from libs.common.clock import utc_now
from libs.common.errors import PressroomError

INTERRUPTED = 130
"""What a shell makes of a program that Ctrl-C has ended."""


def main() -> int:
    """Run the demo; 0 only if every letter came exactly once and its files tell what the database does."""
    arguments = _arguments()
    show = Show(new_console())
    house = House(arguments.folder, os.environ)
    try:
        with signals_as_interrupts(), only_demo(house.root):
            play = Play(house, show, arguments.deadline_seconds, now=utc_now, monotonic=monotonic)
            checked = play.run()
            summarize(show, play, checked)
    except KeyboardInterrupt:
        show.say("Interrupted. Nothing is left running.")
        return INTERRUPTED
    except PressroomError as failure:
        logs = house.root / "log"
        show.fail(f"{failure}\nAll logs are in {near(logs)}." if logs.exists() else str(failure))
        return 1
    return 0


def summarize(show: Show, play: Play, checked: list[Checked]) -> None:
    """What came of it, and where to go from here."""
    show_letters(show, checked, play.stage.weekly)
    show_checks(show, checked)
    show_times(show, checked, play.seconds)
    show_places(show, play.house.mail, play.house.files)
    show_next_steps(show, play.house.root, play.house.api_url, play.house.token_file)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument(
        "--folder", type=Path, default=Path("var/demo"), help="where everything goes (default: %(default)s)"
    )
    parser.add_argument(
        "--deadline-seconds", type=float, default=180, help="how long the letters may take (default: %(default)g)"
    )
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
