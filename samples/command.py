"""The command of every pack: build its database, and tell Pressroom about it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

from libs.client import Pressroom
from libs.common.clock import utc_now
from libs.common.errors import PermanentFailure, PressroomError
from libs.local.instance import Instance
from samples.applying import apply
from samples.pack import Pack

Build = Callable[[Path, date], None]
"""Writes the database of a pack, with data up to a day; the same day makes the same data."""


def run(folder: Path, build: Build) -> int:
    """Do what the command line asks for; 1 if it failed, with a sentence that says why."""
    pack = Pack.read(folder)
    arguments = _arguments(pack.name)
    try:
        url, token = _reachable(arguments)
        rebuild(arguments.database, arguments.today, build)
        with Pressroom(url, token) as pressroom:
            for sentence in apply(pack, pressroom, arguments.database):
                print(sentence, flush=True)
    except PressroomError as failure:
        print(failure)
        return 1
    return 0


def rebuild(database: Path, today: date, build: Build) -> None:
    """Write the database anew; a report that is reading the old one goes on with that."""
    database.parent.mkdir(parents=True, exist_ok=True)
    unfinished = database.with_name(f"{database.name}.{os.getpid()}.unfinished")
    try:
        build(unfinished, today)
        unfinished.replace(database)
    finally:
        unfinished.unlink(missing_ok=True)


def _reachable(arguments: argparse.Namespace) -> tuple[str, str]:
    """Where the API is, and a token: as given, or those of the Pressroom that `make up` has started."""
    if arguments.token:
        return arguments.url, arguments.token
    instance = Instance(Path("var"))
    if not instance.running():
        raise PermanentFailure(
            "No Pressroom runs here. Start one with `make up`, or name another one with --url and --token."
        )
    return arguments.url or instance.api_url, instance.admin_token


def _arguments(name: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m samples.{name}", description=__doc__)
    parser.add_argument(
        "--url", default=os.environ.get("PRESSROOM_URL", ""), help="the API; without it that of `make up`"
    )
    parser.add_argument("--token", default=os.environ.get("PRESSROOM_TOKEN", ""), help="a bearer token of the API")
    parser.add_argument(
        "--database",
        type=Path,
        default=Path("var/samples") / f"{name}.sqlite",
        help="where the data goes, which the generator must be able to read (default: %(default)s)",
    )
    parser.add_argument(
        "--today",
        type=date.fromisoformat,
        default=utc_now().date(),
        help="the last day of the data (default: %(default)s)",
    )
    return parser.parse_args()
