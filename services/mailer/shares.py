"""How many lanes of this mailer one place may hold, so that a slow server does not hold up the letters to others.

A place is a mail server's profile or a destination. One that has proved quick may hold all lanes, and a letter waits
for it in its lane. Any other may hold half of them; a letter that finds this half taken is put back for a while,
by which the lane is free for somebody else's.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Hashable, Mapping
from contextlib import asynccontextmanager

from libs.common.commands import NotYet

QUICK_SECONDS = 2.0
"""A letter that takes longer makes its place a slow one; nobody waits in a lane for longer than this either."""

LONGEST_SECONDS = 300.0
"""No letter is put back for longer: the place may have become quick again."""

_WEIGHT = 0.3
"""Of the latest letter in the moving average."""


class Shares:
    """The lanes of one process, which all belong to one event loop. `lanes`: how many each tier has."""

    def __init__(self, lanes: Mapping[str, int], clock: Callable[[], float] = time.monotonic) -> None:
        self._lanes = lanes
        self._clock = clock
        self._places: dict[Hashable, _Place] = {}

    @asynccontextmanager
    async def lane(self, place: Hashable, tier: str, most: int = 0) -> AsyncIterator[None]:
        """Hold a lane of `tier` for `place`; NotYet if it holds its share. `most`: of all tiers together; 0: no limit.

        The place `None` is the mailer's own server. It may hold all lanes as long as there is no other place.
        """
        found = self._places.setdefault(place, _Place())
        await self._enter(found, place, tier, most)
        began = self._clock()
        found.held[tier] += 1
        found.under_way.append(began)
        try:
            yield
        finally:
            found.leave(tier, began, self._clock())

    async def _enter(self, found: _Place, place: Hashable, tier: str, most: int) -> None:
        until = self._clock() + QUICK_SECONDS
        while not self._has_room(found, place, tier, most):
            left = until - self._clock()
            if left <= 0 or found.is_slow(self._clock()):
                raise NotYet(self._pause(found, tier), "the lanes of its server are taken")
            await found.released(left)

    def _has_room(self, found: _Place, place: Hashable, tier: str, most: int) -> bool:
        if most and sum(found.held.values()) >= most:
            return False
        lanes = self._lanes.get(tier, 1)
        is_alone = place is None and len(self._places) == 1
        share = lanes if is_alone or found.is_quick(self._clock()) else max(1, lanes // 2)
        return found.held[tier] < share

    def _pause(self, found: _Place, tier: str) -> float:
        """How long to put a letter back: those that come together are spread over the time that the place needs."""
        now = self._clock()
        step = max(found.seconds(now), 0.5) / max(1, self._lanes.get(tier, 1) // 2)
        found.horizon = min(max(now + QUICK_SECONDS, found.horizon + step), now + LONGEST_SECONDS)
        return found.horizon - now


class _Place:
    """What is known of a place."""

    def __init__(self) -> None:
        self.held: Counter[str] = Counter()
        self.under_way: deque[float] = deque()
        self.horizon = 0.0
        self._average: float | None = None
        self._waiting: list[asyncio.Future[None]] = []

    def seconds(self, now: float) -> float:
        """What a letter takes: lately, or the one now under way if that is more."""
        oldest = now - self.under_way[0] if self.under_way else 0.0
        return max(self._average or 0.0, oldest)

    def is_quick(self, now: float) -> bool:
        return self._average is not None and self.seconds(now) < QUICK_SECONDS

    def is_slow(self, now: float) -> bool:
        return self.seconds(now) >= QUICK_SECONDS

    def leave(self, tier: str, began: float, now: float) -> None:
        self.held[tier] -= 1
        self.under_way.remove(began)
        took = now - began
        self._average = took if self._average is None else (1 - _WEIGHT) * self._average + _WEIGHT * took
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    async def released(self, seconds: float) -> None:
        """Wait until somebody leaves, at most `seconds`."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        await asyncio.wait({waiter}, timeout=seconds)
        waiter.cancel()
