"""The demo from curtain to curtain."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep

from demo.catalogue import read_templates
from demo.checks import Checked, check_all
from demo.flights import load_flights, shipped_data
from demo.house import House, undisturbed
from demo.show import Show
from demo.stage import Stage, create_definitions, place_orders
from demo.summary import near
from demo.wait import Finished, Waiting, wait_for_letters
from libs.client import Pressroom
from libs.common.clock import Clock

START_SECONDS = 120.0
CLIENT_PATIENCE_SECONDS = 60.0
"""How long a request is repeated while the API is away."""


class Play:
    """One run in `house`. Afterwards `seconds` tells how long each act took, and `stage` what was ordered."""

    stage: Stage

    def __init__(
        self, house: House, show: Show, deadline_seconds: float, *, now: Clock, monotonic: Callable[[], float]
    ) -> None:
        self.house = house
        self.seconds: dict[str, float] = {}
        self._show = show
        self._deadline_seconds = deadline_seconds
        self._now = now
        self._monotonic = monotonic
        self._templates = read_templates()

    def run(self) -> list[Checked]:
        """All acts; a PressroomError says why it ends before its end. Nothing is running afterwards in any case."""
        with self._timed("total"):
            self._set_up()
            with self._started():
                finished = self._play()
            return self._check(finished)

    def _set_up(self) -> None:
        with self._act("set-up", "Loading the flights of 2013") as note:
            if self.house.clear():
                note("(and stopping what an earlier demo had left running)")
            built = load_flights(self.house.flights, shipped_data())
            note(f"into {near(self.house.flights)}" if built else "(they are there already)")

    @contextmanager
    def _started(self) -> Iterator[None]:
        try:
            broker, rest = ("RabbitMQ, ", "") if self.house.has_own_broker else ("", " on your RabbitMQ")
            with self._act("start", f"Starting {broker}a mail server and the four services{rest}"):
                self.house.start()
                self.house.wait_ready(START_SECONDS)
            yield
        finally:
            with undisturbed(), self._act("stop", "Stopping everything"):
                self.house.stop()

    def _play(self) -> list[Finished]:
        house = self.house
        with Pressroom(house.api_url, house.admin_token, patience_seconds=CLIENT_PATIENCE_SECONDS) as pressroom:
            with self._act("orders", "Creating a source, templates and schedules, and ordering an urgent report"):
                create_definitions(pressroom, house.flights, self._templates)
                self.stage = place_orders(pressroom, self._now, sleep)
            with self._act("letters", "Waiting for the letters", moving=False):
                waiting = Waiting(pressroom, self.stage, lambda slug: self._templates[slug].title, self._log)
                with self._show.board() as board:
                    return wait_for_letters(waiting, board, self._deadline_seconds, self._monotonic, sleep)

    def _check(self, finished: list[Finished]) -> list[Checked]:
        with self._act("check", "Comparing every file with the database"):
            return check_all(finished, self._templates, self.house.flights, self.house.mail, self.house.files)

    @contextmanager
    def _act(self, name: str, doing: str, *, moving: bool = True) -> Iterator[Callable[[str], None]]:
        """An act that the audience sees and that is timed; what the yielded function gets is added to its name."""
        with self._timed(name), self._show.step(doing, moving=moving) as note:
            yield note

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        began = self._monotonic()
        try:
            yield
        finally:
            self.seconds[name] = self._monotonic() - began

    def _log(self, service: str) -> Path:
        return near(self.house.log(service))
